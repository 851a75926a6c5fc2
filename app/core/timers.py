"""Timers: a time limit as a value, and the queue that runs what is due.

Time is handed in as periods of 10 ms, one call of `beat` a period; nothing here reads a clock.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass

PERIOD_MS = 10


@dataclass(frozen=True, slots=True)
class Timer:
    """One time limit: default, least and greatest in ms, and what it is for."""

    name: str
    ms: int
    least: int
    greatest: int
    meaning: str

    @property
    def periods(self) -> int:
        """The default in periods, rounded up."""
        return periods(self.ms)


def periods(ms: float) -> int:
    """Milliseconds as periods of 10 ms, rounded up."""
    return -int(-ms // PERIOD_MS)


class Due:
    """One running timer; cancel() is harmless at any time."""

    __slots__ = ("call",)

    def __init__(self, call: Callable[[], None]) -> None:
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """Never call it."""
        self.call = None


class TimerQueue:
    """Calls things when their period has come; `now` counts periods since the start."""

    def __init__(self) -> None:
        self.now = 0
        self._order = 0
        self._queue: list[tuple[int, int, Due]] = []

    def after(self, count: int, call: Callable[[], None]) -> Due:
        """Call this `count` periods from now, at least one."""
        due = Due(call)
        self._order += 1
        heapq.heappush(self._queue, (self.now + max(count, 1), self._order, due))
        return due

    def beat(self) -> None:
        """One period has passed: run what is due, in the order in which it was asked for."""
        self.now += 1
        while self._queue and self._queue[0][0] <= self.now:
            call = heapq.heappop(self._queue)[2].call
            if call is not None:
                call()
