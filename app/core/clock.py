"""Time as an object that is passed in, so that tests can set it."""

import time
from typing import Protocol


class Clock(Protocol):
    """Wall time for stamps, monotonic time for intervals; both in seconds."""

    def now(self) -> float:
        """Seconds since 1970 UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean anything."""
        ...


class SystemClock:
    """The clock of the operating system."""

    def now(self) -> float:
        """Seconds since 1970 UTC."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds since some moment before the program started."""
        return time.monotonic()


class ManualClock:
    """A clock that stands still until it is advanced; `now` is its first time, in s since 1970."""

    def __init__(self, now: float = 1_790_000_000.0) -> None:
        self._now = now
        self._monotonic = 0.0

    def now(self) -> float:
        """Seconds since 1970 UTC, as set."""
        return self._now

    def monotonic(self) -> float:
        """Seconds advanced since the clock was made."""
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Let this many seconds pass, on both times."""
        self._now += seconds
        self._monotonic += seconds
