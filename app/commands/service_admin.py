"""`python -m app admin`: housekeeping, in the foreground."""

import logging
import signal
from collections.abc import Callable

import click

from app.commands.errors import reports_errors
from app.commands.services import ENDING, begin, ready_option, ready_teller
from app.config.paths import Paths
from app.config.services import plan
from app.core.clock import SystemClock
from app.inbox.retention import Retention, clean_up
from app.inbox.store import Store
from app.store.database import Database

log = logging.getLogger(__name__)

HOUSEKEEPING_S = 3600
"""Time between two rounds of housekeeping, in seconds."""


@click.command()
@ready_option
@reports_errors
def admin(ready_fd: int | None) -> None:
    """Housekeeping: the bin, what never arrived, old history."""
    paths = begin("admin")
    _serve_admin(paths, plan(paths, "admin"), ready_teller(ready_fd))


def _serve_admin(paths: Paths, keeping: Retention, ready: Callable[[], None]) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)  # housekeeping is finished before it ends
    clock = SystemClock()
    db = Database(paths.database, clock)
    store = Store(db, clock)
    ready()
    while True:
        done = clean_up(db, store, clock.now(), keeping)
        log.info("housekeeping: %s", done)
        if signal.sigtimedwait(ENDING, HOUSEKEEPING_S) is not None:
            break
    db.close()
