"""`python -m app run`: the whole appliance in the foreground.

This process stays as small as it can for as long as the box runs, so what needs much code
(settings, store) is done in short-lived children of it.
"""

import signal
import time
from typing import Any

import click

from app.commands.child import in_child
from app.commands.supervision import StartError, Supervised
from app.place import Place, here


@click.command()
def run() -> None:
    """Start everything; Ctrl-C ends it."""
    place = here()
    started = time.monotonic()
    prepared = in_child(lambda: _prepare(place))
    try:
        with Supervised(place, prepared["services"]) as services:
            took = time.monotonic() - started
            in_child(lambda: _show(place, prepared["fresh"], took))
            _until_told(services)
    except StartError as problem:
        raise click.ClickException(str(problem)) from problem


def _prepare(place: Place) -> dict[str, Any]:
    from app.commands.first_start import prepare

    return prepare(place)


def _show(place: Place, fresh: dict[str, list[str]], took: float) -> None:
    from app.commands.first_start import show

    show(place, fresh, took)


def _until_told(services: Supervised) -> None:
    """Wait for Ctrl-C, SIGTERM, or the end of the supervisor."""

    def told(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, told)
    try:
        services.wait()
    except KeyboardInterrupt:
        click.echo("\nending the services …")
