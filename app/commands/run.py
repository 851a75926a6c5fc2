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
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # from the first service on
    place = here()
    started = time.monotonic()
    prepared = in_child(lambda: _prepare(place))
    try:
        with Supervised(place, prepared["services"]) as services:
            took = time.monotonic() - started
            try:
                in_child(lambda: _show(place, prepared["fresh"], took))
                services.wait()
            except KeyboardInterrupt:
                click.echo("\nending the services …")
    except StartError as problem:
        raise click.ClickException(str(problem)) from problem


def _prepare(place: Place) -> dict[str, Any]:
    from app.commands.first_start import prepare

    return prepare(place)


def _show(place: Place, fresh: dict[str, list[str]], took: float) -> None:
    from app.commands.first_start import show

    show(place, fresh, took)
