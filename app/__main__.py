"""`python -m app …`: the appliance's services and everything an administrator does by command."""

import importlib
from functools import partial

import click

from app import service

BY_HAND = ("phone", "mail", "admin", "box")
"""Services that are commands, too, for trials."""
# Where each other command lives; a file is loaded when its command is used.
COMMANDS = {
    "run": ("app.commands.run", "run"),
    "console": ("app.commands.console", "console"),
    "board": ("app.commands.board", "board"),
    "people": ("app.commands.people", "people"),
    "template": ("app.commands.template", "template"),
    "alias": ("app.commands.alias", "alias"),
    "greeting": ("app.commands.greeting", "greeting"),
    "inbox": ("app.commands.inbox", "inbox_"),
    "clients": ("app.commands.clients", "clients"),
    "queue": ("app.commands.queue", "queue"),
    "signing": ("app.commands.signing", "signing"),
    "status": ("app.commands.status", "status"),
    "lines": ("app.commands.lines", "lines"),
    "logs": ("app.commands.logs", "logs"),
    "restart": ("app.commands.restart", "restart"),
    "settings": ("app.commands.settings", "settings_"),
    "prompts": ("app.commands.prompts", "prompts"),
    "packs": ("app.commands.packs", "packs"),
    "store": ("app.commands.store", "store"),
    "device": ("app.commands.device", "device"),
    "update": ("app.commands.update", "update"),
}


class Lazy(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order above."""
        run, *others = COMMANDS
        return [run, *BY_HAND, *others]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, or None."""
        if cmd_name in BY_HAND:
            return _service(cmd_name)
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command


def _service(name: str) -> click.Command:
    told = "Descriptor to tell a supervisor on that the service is ready."
    return click.Command(
        name,
        params=[click.Option(["--ready-fd"], type=int, help=told)],
        callback=partial(service.serve, name),
        help=importlib.import_module(service.SERVICES[name]).serve.__doc__.splitlines()[0],
    )


@click.command(cls=Lazy)
def main() -> None:
    """Switchhook: one inbox for voicemail and e-mail."""
    service.unblock()


if __name__ == "__main__":
    main(prog_name="python -m app")
