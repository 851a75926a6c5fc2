"""`python -m app run`: the whole appliance in the foreground.

What needs much code (settings, store) is done in short-lived children, and when all is ready this
process becomes a smaller one, app/commands/attend.py.
"""

import signal
import time
from functools import partial
from typing import Any

import click

from app.commands import attend
from app.commands.errors import OURS
from app.commands.output import say
from app.commands.supervision import FolderLock, StartError, Supervised
from app.config.paths import Paths, PathsError, here
from app.core.subprocess_call import in_child, in_two_steps


@click.command()
def run() -> None:
    """Start everything; Ctrl-C ends it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # from the first service on
    paths = here()
    started = time.monotonic()
    try:
        if not paths.var.exists():  # a new, empty one would be in the way of one that is put back
            in_child(lambda: _must_not_have_been(paths), OURS)
        lock = FolderLock(paths)
        prepared, show = in_two_steps(lambda: _prepare(paths), partial(_show, paths), OURS)
        with Supervised(paths, prepared["services"], lock) as services:
            try:
                show(time.monotonic() - started)
                attend.become(str(paths.var), str(paths.console), services.scan, lock.fd)
            except KeyboardInterrupt:
                say("", "ending the services …")
    except (StartError, PathsError) as problem:
        raise click.ClickException(str(problem)) from problem


def _must_not_have_been(paths: Paths) -> None:
    from app.appliance import must_not_be_gone

    must_not_be_gone(paths, paths.memory)


def _prepare(paths: Paths) -> dict[str, Any]:
    from app.commands.first_start import prepare

    return prepare(paths, paths.memory)


def _show(paths: Paths, prepared: dict[str, Any], took: float) -> None:
    from app.commands.first_start import show

    show(paths, prepared, took)
