"""`python -m app …`: the appliance's services and everything an administrator does by command."""

import importlib
import signal

import click

# Where each command lives; a file is loaded when its command is used, so that services stay small.
COMMANDS = {
    "run": ("app.commands.run", "run"),
    "phone": ("app.commands.service_phone", "phone"),
    "mail": ("app.commands.service_mail", "mail"),
    "admin": ("app.commands.service_admin", "admin"),
    "box": ("app.commands.service_box", "box"),
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
    "device": ("app.commands.device", "device"),
    "update": ("app.commands.update", "update"),
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
        module, name = COMMANDS[cmd_name]
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command


@click.command(cls=Lazy)
def main() -> None:
    """Switchhook: one inbox for voicemail and e-mail."""
    # A service that waits for these has them blocked, and so would what it starts: nobody could
    # end that.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGINT))


if __name__ == "__main__":
    main(prog_name="python -m app")
