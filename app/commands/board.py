"""`python -m app board`: the operator of the running virtual board, by prompt or script."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from app.commands.errors import reports_errors
from app.commands.output import say, say_text
from app.config.paths import here
from app.core.control import NotRunning, ask
from drivers.models.operator_verbs import VERBS, OperatorError, with_absolute_file
from drivers.models.remote_operator import RemoteOperator

ANSWER_WITHIN_S = 30.0


@click.command()
@click.argument("command", nargs=-1)
@reports_errors
def board(command: tuple[str, ...]) -> None:
    """Lift, dial, ring, say, hear: one COMMAND, or lines from standard input, or a prompt.

    Ends with exit code 1 at the first command that fails. `help` lists the verbs.
    """
    operator = RemoteOperator(here().operator)
    try:
        for line in _lines(command):
            if not perform(operator, line) and (command or not sys.stdin.isatty()):
                sys.exit(1)
    finally:
        operator.close()


def perform(operator: RemoteOperator, line: str) -> bool:
    """Carry out one line and print what happened; False if it failed."""
    try:
        if line == "settle":
            done, text = settle()
        else:
            done, text = operator.run(with_absolute_file(line, Path.cwd()))
    except OperatorError as problem:
        done, text = False, str(problem)
    if text:
        say_text(text if done else f"failed: {text}")
    return done


def settle() -> tuple[bool, str]:
    """Wait until what was done by phone is in the store, and the phone knows the store's state."""
    from app.commands.common import inbox  # loads the settings, which takes longer than all else

    try:
        ask(here().phone_control, {"ask": "quiet"}, ANSWER_WITHIN_S)
        change = inbox().store.last_change()
        question = {"ask": "shown", "change": change}
        answer = ask(here().phone_control, question, ANSWER_WITHIN_S)
    except NotRunning as problem:
        return False, str(problem)
    return "shown" in answer, f"the phone has handled change {change}"


def _lines(command: tuple[str, ...]) -> Iterator[str]:
    if command:
        yield " ".join(f'"{word}"' if " " in word else word for word in command)
        return
    source: Iterable[str] = _prompted() if sys.stdin.isatty() else sys.stdin
    for line in source:
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            yield stripped


def _prompted() -> Iterator[str]:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import WordCompleter

    session: PromptSession[str] = PromptSession(completer=WordCompleter(sorted(VERBS)))
    say("`help` lists what you can do; Ctrl-D ends.")
    while True:
        try:
            yield session.prompt("board> ")
        except EOFError:
            return
        except KeyboardInterrupt:
            continue
