"""The console's own commands, declared as all others are, so that they are completed as well."""

from collections.abc import Mapping
from typing import Protocol

import click

from app.console.lines import History
from app.console.offered import find
from app.console.terminal import Terminal
from app.core.sentences import Sentence, sentence
from app.core.text import visible, visible_lines


class Session(Protocol):
    """What they need of the shell."""

    commands: click.Group
    history: History
    terminal: Terminal
    pages: bool
    is_over: bool

    def show(self, text: str, /) -> None:
        """Show lines, each with its line end."""


def no_command(name: str) -> Sentence:
    """What is said of a word that no command has for its name."""
    return sentence("there is no command %(name)s; `help` lists them", name=name)


def help_command(shell: Session) -> click.Command:
    """`help`, which looks at all commands and so is carried out in a child as they are."""

    @click.command("help")
    @click.argument("words", nargs=-1, metavar="[COMMAND]...")
    def help_(words: tuple[str, ...]) -> None:
        """List the commands, or explain one: `help people add`."""
        context, rest = find(shell.commands, list(words))
        if rest:
            missing = no_command(visible(" ".join(words)))
            raise click.UsageError(shell.terminal.words(missing))
        shell.show(visible_lines(context.command.get_help(context)) + "\n")

    return help_


def own_commands(shell: Session) -> Mapping[str, click.Command]:
    """What concerns the session itself, by name."""

    @click.command("history")
    def history() -> None:
        """What was typed since the login; lines with secrets are left out."""
        for line in shell.history.lines:
            shell.terminal.write(f"  {line}\n")

    @click.command("paging")
    @click.argument("wanted", type=click.Choice(["on", "off"]))
    def paging(wanted: str) -> None:
        """Whether long output waits for a key at each screenful."""
        shell.pages = wanted == "on"

    def leave() -> None:
        shell.is_over = True

    logout = click.Command("logout", callback=leave, help="End this session; so does Ctrl-D.")
    others = [click.Command(name, callback=leave, hidden=True) for name in ("exit", "quit")]

    found = (history, paging, logout, *others)
    return {one.name: one for one in found if one.name}
