"""Time as an object that is passed in, so that tests can set it."""

import itertools
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

_BOOT = Path("/proc/sys/kernel/random/boot_id")
"""Another text after each start of the machine [Linux, random(4)]."""


CLOCK_SET = 2024
"""Year before which no box can be: a board without a battery starts in 1970 or a little later."""
_SET_FROM = datetime(CLOCK_SET, 1, 1, tzinfo=UTC).timestamp()


def is_set(now: float) -> bool:
    """Whether this wall time (seconds since 1970 UTC) is of a clock that somebody has set."""
    return now >= _SET_FROM


class Clock(Protocol):
    """Wall time for people, monotonic time for intervals, the machine's uptime for ages; seconds.

    Wall time may jump, by years and both ways: a board without a battery starts in the past, and
    the first answer of a time server puts it right. So it is only for what people read. What a
    process waits for is monotonic; what outlives the process is the store's box time
    (app/store/box_time.py), which is counted by `uptime`.
    """

    def now(self) -> float:
        """Seconds since 1970 UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean anything."""
        ...

    def uptime(self) -> float:
        """Seconds since the machine was started, sleep included; the same in all processes."""
        ...

    def boot(self) -> str:
        """A name of this start of the machine, which no other start has."""
        ...


class SystemClock:
    """The clock of the operating system."""

    def now(self) -> float:
        """Seconds since 1970 UTC."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds since some moment before the program started."""
        return time.monotonic()

    def uptime(self) -> float:
        """Seconds since the machine was started [Linux, clock_gettime(2), CLOCK_BOOTTIME]."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def boot(self) -> str:
        """The kernel's boot id. Raises OSError where /proc is not mounted."""
        return _BOOT.read_text().strip()


class ManualClock:
    """A clock that stands still until it is advanced; `now` is its first time, in s since 1970."""

    _boots = itertools.count(1)

    def __init__(self, now: float = 1_790_000_000.0) -> None:
        self._now = now
        self._monotonic = 0.0
        self._started = 0.0
        self._boot = next(self._boots)

    def now(self) -> float:
        """Seconds since 1970 UTC, as set."""
        return self._now

    def monotonic(self) -> float:
        """Seconds advanced since the clock was made."""
        return self._monotonic

    def uptime(self) -> float:
        """Seconds advanced since the clock was made, or since `restart`."""
        return self._monotonic - self._started

    def boot(self) -> str:
        """Its number among the clocks and restarts of this process."""
        return str(self._boot)

    def advance(self, seconds: float) -> None:
        """Let this many seconds pass, on all times."""
        self._now += seconds
        self._monotonic += seconds

    def step(self, seconds: float) -> None:
        """Set the wall clock on (or back, below 0) as a time server does; no time passes."""
        self._now += seconds

    def restart(self) -> None:
        """The machine starts anew: uptime begins at 0 again."""
        self._started = self._monotonic
        self._boot = next(self._boots)
