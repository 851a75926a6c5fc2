"""Free pace: line time advances as fast as the machine can, and only on demand.

Before each period all that works for the phone outside its beat (clerk, store, mail) gets the time
it needs, so that line time never passes while a job is under way, and the same test always runs the
same way.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from app.phone.pbx import Pbx
from drivers.buses import PERIOD, PERIODS_PER_SECOND, Samples


class LineTime(Protocol):
    """The other side of the PCM highway: drivers.models.box.VirtualBox."""

    def period(self, played: Samples) -> Samples:
        """Let 10 ms pass: played and heard are (slots, 80)."""
        ...


class NotWithin(AssertionError):
    """What was waited for did not happen within its line time."""


class FreePace:
    """Drives a box of `slots` PCM slots and a PBX.

    `await_idle` returns when no job is unanswered any more; it is called before every period.
    """

    def __init__(self, box: LineTime, pbx: Pbx, slots: int, await_idle: Callable[[], None]) -> None:
        self._box, self._pbx, self._await_idle = box, pbx, await_idle
        self._played: Samples = np.zeros((slots, PERIOD), np.int16)

    def period(self) -> None:
        """Let 10 ms of line time pass."""
        self._await_idle()
        self._played = self._pbx.beat(self._box.period(self._played))

    def run(self, periods: int) -> None:
        """Let this many periods pass."""
        for _ in range(periods):
            self.period()
        self._await_idle()

    def seconds(self, seconds: float) -> None:
        """Let this much line time pass."""
        self.run(round(seconds * PERIODS_PER_SECOND))

    def until(self, happened: Callable[[], bool], within_s: float, what: str) -> None:
        """Let time pass until it happened; `what` is for the error. Raises NotWithin."""
        for _ in range(round(within_s * PERIODS_PER_SECOND)):
            if happened():
                return
            self.period()
        if not happened():
            raise NotWithin(f"{what}: not within {within_s} s of line time")

    def power_up(self, within_s: float = 10.0) -> None:
        """Bring the lines up."""
        self._pbx.power_up()
        self.until(lambda: self._pbx.ready, within_s, "lines up")
