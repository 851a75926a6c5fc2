"""Whether the front panel answers, as whoever serves it tells the rest of the box.

It keeps that in a file and a lock on it, which ends with the process: what a process that is gone
has told counts no more.
"""

import fcntl
import logging
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from app.core.sentences import sentence
from app.core.text import visible

log = logging.getLogger(__name__)

LONGEST = 1000
"""Octets of the file that are read."""
NOT_SERVED = sentence("nobody serves it: does the service admin run?")


@dataclass(frozen=True)
class PanelState:
    """The front panel that the board's file names."""

    kind: str
    """"gpio", by pins of the processor, or "uart", by a serial line."""
    problem: str
    """Why it does not answer; "" if it does."""


class PanelTold:
    """For who serves the panel: says how it is, from now until `close`."""

    def __init__(self, file: Path) -> None:
        self._told: str | None = None
        self._fd = -1
        try:
            self._fd = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:  # the panel works all the same
            log.warning("status cannot tell how the front panel is: %s", problem)
            self.close()

    def tell(self, problem: str) -> None:
        """How it is; "" if it answers."""
        if self._fd < 0 or problem == self._told:
            return
        try:
            octets = problem.encode()[:LONGEST]
            os.ftruncate(self._fd, os.pwrite(self._fd, octets, 0))
            self._told = problem
        except OSError as failure:
            log.warning("status cannot tell how the front panel is: %s", failure)
            self.close()

    def close(self) -> None:
        """Nobody serves it any more."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def told_problem(file: Path) -> str:
    """Why the panel does not answer, as whoever serves it has told; "" if it does.

    Root asks where services write: what lies there may be no file at all.
    """
    try:
        fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return NOT_SERVED
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return NOT_SERVED
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return visible(os.pread(fd, LONGEST, 0).decode("utf-8", "replace"))
    finally:
        os.close(fd)
    return NOT_SERVED
