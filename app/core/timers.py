"""Timers: a time limit as a value, and the queue that runs what is due.

Time is handed in as periods of 10 ms, one call of `beat` a period; nothing here reads a clock.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, replace

from drivers.sampling import PERIOD_MS


@dataclass(frozen=True, slots=True)
class Timer:
    """One time limit: its length in ms, the least and greatest that make sense, what it is for.

    Raises ValueError for a length outside least..greatest, whoever makes it.
    """

    name: str
    ms: int
    least: int
    greatest: int
    meaning: str

    def __post_init__(self) -> None:
        if not self.least <= self.ms <= self.greatest:
            raise ValueError(
                f"timer {self.name}: {self.ms} ms is not within {self.least} to {self.greatest} ms"
            )

    def lasting(self, ms: float) -> "Timer":
        """The same timer with another length. Raises ValueError outside least..greatest."""
        return replace(self, ms=round(ms))

    @property
    def periods(self) -> int:
        """The length in periods of 10 ms, rounded up."""
        return periods(self.ms)


def periods(ms: float) -> int:
    """Milliseconds as periods of 10 ms, rounded up."""
    return -int(-ms // PERIOD_MS)


class RunningTimer:
    """One call that a TimerQueue has yet to make; cancel() is harmless at any time."""

    __slots__ = ("call",)

    def __init__(self, call: Callable[[], None]) -> None:
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """Never make the call."""
        self.call = None


class TimerQueue:
    """Makes calls when their period has come; `now` counts periods of 10 ms since the start."""

    def __init__(self) -> None:
        self.now = 0
        self.changes = 0
        """Counts the moves of the machines on this queue, for whoever wants to know of some."""
        self._order = 0
        self._queue: list[tuple[int, int, RunningTimer]] = []

    def after(self, count: int, call: Callable[[], None]) -> RunningTimer:
        """Make this call `count` periods from now, at least one."""
        running = RunningTimer(call)
        self._order += 1
        heapq.heappush(self._queue, (self.now + max(count, 1), self._order, running))
        return running

    def beat(self) -> None:
        """Let one period pass: make the calls that are due, in the order they were asked for."""
        self.now += 1
        while self._queue and self._queue[0][0] <= self.now:
            call = heapq.heappop(self._queue)[2].call
            if call is not None:
                call()
