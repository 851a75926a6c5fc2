"""Which buttons of the panel are held at this moment, for programs beside the one that serves it.

Whoever serves a panel keeps their names in a file and a lock on it, which ends with the process.
"""

import fcntl
import os
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from drivers.panel import ButtonChange, Light, Panel

LONGEST = 4096
"""Octets of the file that are read."""


class HeldPanel:
    """A panel that is served; its file tells which buttons are held."""

    def __init__(self, panel: Panel, file: Path) -> None:
        """Raises OSError if the file cannot be made; nobody but this process writes it then."""
        self._panel = panel
        self._held: frozenset[str] = frozenset()
        self._fd = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        self._write()

    @property
    def present(self) -> bool:
        """Whether it answers."""
        return self._panel.present

    @property
    def problem(self) -> str:
        """Why it does not, in words; "" while it does."""
        return self._panel.problem

    def show(self, lights: Mapping[str, Light]) -> None:
        """What the LEDs do from now on."""
        self._panel.show(lights)

    def look(self, now: float) -> list[ButtonChange]:
        """Do what is due, and give what happened to the buttons (monotonic seconds)."""
        changes = self._panel.look(now)
        if changes:
            self._held = held_after(self._held, changes)
            self._write()
        return changes

    def fileno(self) -> int:
        """Readable when `look` has something to do."""
        return self._panel.fileno()

    def wait_s(self, now: float) -> float:
        """Seconds until `look` must be called at the latest; `now` in monotonic seconds."""
        return self._panel.wait_s(now)

    def close(self) -> None:
        """Let the panel go; nobody serves it then."""
        self._panel.close()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _write(self) -> None:
        octets = " ".join(sorted(self._held)).encode()
        with suppress(OSError):  # a full disk: LEDs and buttons go on all the same
            os.ftruncate(self._fd, os.pwrite(self._fd, octets, 0))


def held_after(held: frozenset[str], changes: list[ButtonChange]) -> frozenset[str]:
    """Which buttons are held after these changes."""
    for change in changes:
        held = held | {change.name} if change.pressed else held - {change.name}
    return held


def held_as_served(file: Path) -> Callable[[], frozenset[str]] | None:
    """What gives the buttons that are held, as whoever serves the panel tells; None: nobody does.

    Root asks where services write: what lies there may be no file at all.
    """
    try:
        fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return lambda: frozenset(os.pread(fd, LONGEST, 0).decode("ascii", "replace").split())
    os.close(fd)
    return None
