"""`python -m app run`: the whole appliance in the foreground.

This process stays as small as it can for as long as the box runs, so what needs much code
(settings, store) is done in short-lived children of it.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

import click

from app.commands.supervision import StartError, Supervised
from app.place import Place, here


@click.command()
def run() -> None:
    """Start everything; Ctrl-C ends it."""
    place = here()
    started = time.monotonic()
    prepared = _in_child(lambda: _prepare(place))
    try:
        with Supervised(place, prepared["services"]) as services:
            took = time.monotonic() - started
            _in_child(lambda: _show(place, prepared["fresh"], took))
            _until_told(services)
    except StartError as problem:
        raise click.ClickException(str(problem)) from problem


def _prepare(place: Place) -> dict[str, Any]:
    from app.commands.first_start import prepare

    return prepare(place)


def _show(place: Place, fresh: dict[str, list[str]], took: float) -> None:
    from app.commands.first_start import show

    show(place, fresh, took)


def _in_child(work: Callable[[], Any]) -> Any:
    """The result of `work` (JSON values), done in a child process; exits as the child does."""
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(readable)
        os._exit(_answer(work, writable))
    os.close(writable)
    with open(readable, "rb") as answer:
        told = answer.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code != 0:
        sys.exit(code)
    return json.loads(told)


def _answer(work: Callable[[], Any], writable: int) -> int:
    """In the child: do the work, send its result, flush what was printed; the exit code."""
    from app.commands.plainly import OURS

    try:
        result = work()
    except (*OURS, StartError) as problem:
        click.echo(f"switchhook: {problem}", err=True)
        return 1
    with open(writable, "wb") as answer:
        answer.write(json.dumps(result).encode())
    sys.stdout.flush()
    return 0


def _until_told(services: Supervised) -> None:
    """Wait for Ctrl-C, SIGTERM, or the end of the supervisor."""

    def told(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, told)
    try:
        services.wait()
    except KeyboardInterrupt:
        click.echo("\nending the services …")
