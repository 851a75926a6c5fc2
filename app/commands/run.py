"""`python -m app run`: the whole appliance in the foreground.

This process stays as small as it can for as long as the box runs, so what needs much code
(settings, store) is done in short-lived children of it.
"""

import signal
import time
from typing import Any

import click

from app.commands.errors import OURS
from app.commands.supervision import StartError, Supervised
from app.config.paths import Paths, here
from app.core.subprocess_call import in_child


@click.command()
def run() -> None:
    """Start everything; Ctrl-C ends it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # from the first service on
    paths = here()
    started = time.monotonic()
    prepared = in_child(lambda: _prepare(paths), OURS)
    try:
        with Supervised(paths, prepared["services"]) as services:
            took = time.monotonic() - started
            try:
                in_child(lambda: _show(paths, prepared["fresh"], took), OURS)
                services.wait()
            except KeyboardInterrupt:
                click.echo("\nending the services …")
    except StartError as problem:
        raise click.ClickException(str(problem)) from problem


def _prepare(paths: Paths) -> dict[str, Any]:
    from app.commands.first_start import prepare

    return prepare(paths)


def _show(paths: Paths, fresh: dict[str, list[str]], took: float) -> None:
    from app.commands.first_start import show

    show(paths, fresh, took)
