"""What click and the commands say of themselves, in the language of a session.

A console is one process for one session: what is put into another language stays so.
"""

import inspect
from collections.abc import Callable, Iterator
from types import ModuleType

import click
from click import core, decorators, exceptions, formatting, parser, termui, types

from app.core.sentences import N_

_SPEAK: tuple[ModuleType, ...] = (core, decorators, exceptions, formatting, parser, termui, types)
"""Modules of click with texts of its own, which they look up by gettext under the name `_`."""

OF_CLICK = (
    N_("Usage:"),
    N_("Options"),
    N_("Commands"),
    N_("Show this message and exit."),
    N_("Error: {message}"),
    N_("Try '{command} {option}' for help."),
    N_("Invalid value: {message}"),
    N_("Invalid value for {param_hint}: {message}"),
    N_("Missing argument"),
    N_("Missing option"),
    N_("Missing command."),
    N_("No such option {name!r}."),
    N_("No such option: {name}"),
    N_("No such command {name!r}."),
    N_("Option {name!r} does not take a value."),
    N_("{value!r} is not a valid {number_type}."),
    N_("{value} is not in the range {range}."),
    N_("default: {default}"),
    N_("Aborted!"),
)
"""Those that people see; two where versions of click differ."""


def in_words(words: Callable[[str], str]) -> None:
    """Have click say its own texts in other words, in this process."""
    for module in _SPEAK:
        vars(module)["_"] = words


def help_in_words(command: click.Command, words: Callable[[str], str]) -> None:
    """Put what a command, and what is beneath it, says of itself into other words."""
    for one in _with_help(command):
        one.help = words(inspect.cleandoc(one.help or ""))
    if isinstance(command, click.Group):
        for beneath in command.commands.values():
            help_in_words(beneath, words)


def helps(group: click.Group) -> Iterator[str]:
    """All texts that `help_in_words` looks up, of a group and of what is beneath it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield from (inspect.cleandoc(one.help or "") for one in _with_help(command))
        if isinstance(command, click.Group):
            yield from helps(command)


def _with_help(command: click.Command) -> Iterator[click.Command | click.Option]:
    """The command and its options, as far as they say anything of themselves."""
    if command.help:
        yield command
    yield from (one for one in command.params if isinstance(one, click.Option) and one.help)
