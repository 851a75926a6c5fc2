"""`python -m app admin`: housekeeping, in the foreground."""

import logging
import signal
from collections.abc import Callable

import click

from app.appliance import open_inbox, retention
from app.commands.plainly import plainly
from app.commands.services import ENDING, begin, ready_option, ready_teller
from app.core.clock import SystemClock
from app.inbox.retention import tidy
from app.place import Place

log = logging.getLogger(__name__)

HOUSEKEEPING_S = 3600
"""Time between two rounds of housekeeping, in seconds."""


@click.command()
@ready_option
@plainly
def admin(ready_fd: int | None) -> None:
    """Housekeeping: the bin, what never arrived, old history."""
    _serve_admin(begin("admin"), ready_teller(ready_fd))


def _serve_admin(place: Place, ready: Callable[[], None]) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)  # housekeeping is finished before it ends
    settings = place.settings()
    inbox = open_inbox(place, settings)
    clock = SystemClock()
    ready()
    while True:
        done = tidy(inbox.db, inbox.store, clock.now(), retention(settings))
        log.info("housekeeping: %s", done)
        if signal.sigtimedwait(ENDING, HOUSEKEEPING_S) is not None:
            break
    inbox.db.close()
