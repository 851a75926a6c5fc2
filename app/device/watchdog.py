"""The hardware watchdog: fed only while the box is well, so that what hangs is started anew.

A question counts only once its answer has been good since the start: a board that never came up, or
a disk that was broken from the beginning, is not mended by starting again and again, and what still
works goes on. Nor is what a finding says a new start does not mend, such as a line with a broken
chip, or need not: a mail service that hangs ends itself. A service that dies is s6's business; this
is for what s6 does not see.
"""

import fcntl
import logging
import os
import struct
from collections.abc import Iterable
from pathlib import Path

from app.device.health import Finding

log = logging.getLogger(__name__)

DEVICE = Path("/dev/watchdog")
TIMEOUT_S = 60
"""The machine is reset when it was not fed for so long."""
ROUND_S = 10.0
"""Between two rounds of questions."""
PATIENCE_S = 60.0
"""How long a question may be answered badly before the watchdog is no longer fed."""

_SET_TIMEOUT = 0xC0045706  # _IOWR('W', 6, int) [linux/watchdog.h]


class Judge:
    """Decides, round by round, whether the box is to be fed."""

    def __init__(self) -> None:
        self._good_at: dict[str, float] = {}

    def feed(self, now: float, findings: Iterable[Finding]) -> bool:
        """Whether to feed after these findings at this moment (monotonic seconds)."""
        failing = []
        for finding in findings:
            if finding.ok or not finding.cured_by_start:
                self._good_at[finding.name] = now
            elif finding.name in self._good_at:
                bad_for = now - self._good_at[finding.name]
                log.warning("%s is not well for %.0f s: %s", finding.name, bad_for, finding.says)
                if bad_for > PATIENCE_S:
                    failing.append(finding.name)
        if failing:
            log.error("the watchdog is not fed any more: %s", ", ".join(failing))
        return not failing


class Watchdog:
    """The kernel's watchdog. From the moment it is opened it must be fed."""

    def __init__(self, path: Path = DEVICE, timeout_s: int = TIMEOUT_S) -> None:
        """Raises OSError if there is none, or somebody else has it."""
        self._fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        fcntl.ioctl(self._fd, _SET_TIMEOUT, bytearray(struct.pack("i", timeout_s)))

    def feed(self) -> None:
        """Another TIMEOUT_S of life."""
        os.write(self._fd, b"\0")

    def leave(self) -> None:
        """Feed once more and go. It stays armed: what comes next has TIMEOUT_S to end or begin."""
        self.feed()
        os.close(self._fd)
