"""What can be typed at the console: the commands of `python -m app`, and a few of its own."""

from collections.abc import Callable, Mapping

import click

from app.console.in_words import help_in_words
from app.core.sentences import N_
from app.operations.actor import Actor, Role, require_admin, require_role

NOT_OFFERED = frozenset({"run", "phone", "mail", "admin", "box", "board", "console"})
"""Services, which their supervisor starts, and what belongs to a terminal of its own."""

HELP = N_("`help COMMAND` tells more of each.")

SHORT = {
    "selftest": ("device", "selftest"),
    "repair": ("inbox", "repair"),
    "backup": ("device", "backup"),
    "restore": ("device", "restore"),
    "health": ("device", "health"),
}
"""Commands that are wanted in trouble, by one word."""

NEEDS = {
    "update": Role.NETWORK,
    "prompts": Role.PHONE,
    "packs": Role.SYSTEM,
    "selftest": Role.NETWORK,
    "lines": Role.PHONE,
} | dict.fromkeys(("device", "backup", "restore", "health"), Role.SYSTEM)
"""Commands whose rights nothing beneath them checks, and which role they are for."""


class Offered(click.Group):
    """The commands of one session."""

    def __init__(
        self,
        root: click.Group,
        own: Mapping[str, click.Command],
        actor: Actor,
        words: Callable[[str], str] = str,
    ) -> None:
        """`root` is `python -m app`; `own` are the console's own commands, by name.

        `words` gives what commands say of themselves in the language of the session.
        """
        super().__init__(
            name="",
            help=words(HELP),
            options_metavar="",
            subcommand_metavar="COMMAND [ARGS]...",
            add_help_option=False,
        )
        self._root, self._own, self._words = root, own, words
        self.actor = actor
        """Whose rights count."""
        self._short = click.Context(root)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Ours first, then those of `python -m app`, then the short ones."""
        there = [name for name in self._root.list_commands(self._short) if name not in NOT_OFFERED]
        return [*self._own, *there, *(name for name in SHORT if name not in there)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, or None; its help is in the language of the session."""
        found = self._found(cmd_name)
        if found is not None:
            help_in_words(found, self._words)
        return found

    def _found(self, cmd_name: str) -> click.Command | None:
        if cmd_name in self._own:
            return self._own[cmd_name]
        if cmd_name in NOT_OFFERED:
            return None
        found = self._root.get_command(self._short, cmd_name)
        if found is None and cmd_name in SHORT:
            folder, name = SHORT[cmd_name]
            group = self._root.get_command(self._short, folder)
            assert isinstance(group, click.Group)
            found = group.get_command(self._short, name)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that these words name. Raises UsageError and NotAllowed."""
        name, command, rest = super().resolve_command(ctx, args)
        if name in NEEDS and not ctx.resilient_parsing:
            require(self.actor, NEEDS[name], f"use {name}")
        return name, command, rest


def require(actor: Actor, role: Role, what: str) -> None:
    """Refuse who has not this role. Raises NotAllowed."""
    if role is Role.SYSTEM:
        require_admin(actor, what)
    else:
        require_role(actor, role, what)


def find(group: click.Group, words: list[str]) -> tuple[click.Context, list[str]]:
    """The innermost command that these words name, as a context, and the words after it.

    A word that names nothing ends the walk: it is the first of the words that are left.
    """
    context = click.Context(group, info_name="", resilient_parsing=True)
    while words and isinstance(context.command, click.Group):
        command = context.command.get_command(context, words[0])
        if command is None:
            break
        context = click.Context(command, parent=context, info_name=words[0], resilient_parsing=True)
        words = words[1:]
    return context, words
