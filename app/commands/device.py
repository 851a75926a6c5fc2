"""`python -m app device …`: the machine itself; what the boot scripts call and what owners type."""

import importlib

import click

# Where each command lives; a file is loaded when its command is used: a boot cannot wait.
COMMANDS = {
    "health": "app.commands.device_care",
    "factory-reset": "app.commands.device_care",
    "reset-button": "app.commands.device_care",
    "backup": "app.commands.device_backup",
    "verify": "app.commands.device_backup",
    "restore": "app.commands.device_backup",
    "rescue": "app.commands.device_backup",
    "change-over": "app.commands.device_backup",
    "first-boot": "app.commands.device_setup",
    "apply": "app.commands.device_setup",
    "certificates": "app.commands.device_setup",
    "certificate": "app.commands.certificate",
    "claim": "app.commands.device_setup",
    "password": "app.commands.device_setup",
    "selftest": "app.commands.selftest",
    "task": "app.commands.task",
}


class Lazy(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order above."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, or None."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name])
        command = getattr(module, cmd_name.replace("-", "_"))
        assert isinstance(command, click.Command)
        return command


@click.command(cls=Lazy)
def device() -> None:
    """The machine itself: health, backup, reset, first boot."""
