"""What the commands that are services share: logging, readiness, and how they end.

Each service is a file of its own here (service_*.py), so that it loads what it uses and no more.
"""

import logging
import os
import signal
import sys
from collections.abc import Callable

import click

from app.config.paths import Paths, here

log = logging.getLogger(__name__)

ENDING = (signal.SIGTERM, signal.SIGINT)
"""Signals that end a service."""

ready_option = click.option(
    "--ready-fd", type=int, help="Descriptor to tell a supervisor on that the service is ready."
)


def begin(name: str) -> Paths:
    """What every service does first: log to standard error, make its folders."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format=f"{name}: %(levelname)s %(name)s: %(message)s"
    )
    paths = here()
    paths.make()
    return paths


def ready_teller(fd: int | None) -> Callable[[], None]:
    """What to call once when the service is ready [s6: notification-fd]."""

    def tell() -> None:
        log.info("ready")
        if fd is not None:
            os.write(fd, b"\n")
            os.close(fd)

    return tell
