"""What the commands that are services share: logging, readiness, and how they end.

Each service is a file of its own here (service_*.py), so that it loads what it uses and no more.
"""

import logging
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from app.config.paths import Paths, PathsError, here
from app.core import logs
from app.core.errors import SwitchhookError

if TYPE_CHECKING:
    from app.store.database import Database

log = logging.getLogger(__name__)

ENDING = (signal.SIGTERM, signal.SIGINT)
"""Signals that end a service."""

ROOM_S = 2
"""Seconds between two tries to open a store on a full disk."""


class CannotServe(SwitchhookError):
    """What a service needs is not there; the text says what, and what to do."""


def begin(name: str, needs_folders: bool = True) -> Paths:
    """What every service does first: log to standard error, make its folders.

    The box's folder itself is made at the first start only: one that was moved could not be moved
    back over another. A service that needs no folders goes on without. Raises PathsError.
    """
    logs.begin(name)
    paths = here()
    try:
        if paths.var.exists():
            paths.make()
    except PathsError as problem:
        if needs_folders:
            raise
        log.error("%s", problem)
    return paths


def open_store(path: Path, on_waiting: Callable[[], None] | None = None) -> "Database":
    """Open the store of a service, as soon as there is room to open it.

    SQLite needs some for its index of the WAL. A service that ended for want of it would be started
    again every second, for nothing. With `on_waiting` a store that is damaged or missing is waited
    for, too, after this was called. Raises StoreMissing and StoreDamaged without it, and what
    Database raises but StoreFull.
    """
    from app.store.database import Database
    from app.store.errors import StoreDamaged, StoreFull
    from app.store.presence import StoreMissing, must_exist

    waits_for: tuple[type[Exception], ...] = (StoreFull,)
    if on_waiting is not None:
        waits_for = (StoreFull, StoreDamaged, StoreMissing)
    told = ""
    while True:
        try:
            must_exist(path)
            return Database(path)
        except waits_for as problem:
            if str(problem) != told:  # a repair may be days away
                told = str(problem)
                log.error("waiting: %s", told)
                if on_waiting is not None and not isinstance(problem, StoreFull):
                    on_waiting()  # whoever starts the services need not wait as well
            time.sleep(ROOM_S)


def ready_teller(fd: int | None) -> Callable[[], None]:
    """What to call when the service is ready [s6: notification-fd]; it is told once."""
    told = False

    def tell() -> None:
        nonlocal told
        if told:
            return
        told = True
        log.info("ready")
        if fd is not None:
            os.write(fd, b"\n")
            os.close(fd)

    return tell
