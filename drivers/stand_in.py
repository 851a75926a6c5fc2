"""A PCM port whose clock is a chip's: while that gives none, the processor's timer makes the beat.

A codec must be set up before it gives a clock, and the beat is what sets it up, so without this
neither would ever begin; and a codec that dies takes the beat with it. Periods made so are silent,
what is written meanwhile is dropped, and all of them count as lost.
"""

import logging
import select
from typing import Protocol

import numpy as np

from drivers.buses import PERIOD, PcmPort, Samples
from drivers.sampling import PERIOD_MS

WATCH_MS = 100
"""A port from which nothing has come for so long has no clock; its periods are 10 ms apart."""
BACKLOG_MOST = 4
"""Periods made up for after a late beat."""

log = logging.getLogger(__name__)


class IntervalTimer(Protocol):
    """A timer of the kernel that a loop can wait for."""

    def fileno(self) -> int:
        """Readable when an interval has passed that expired() has not told yet."""
        ...

    def start(self, milliseconds: int) -> None:
        """Intervals of this length (ms) begin now."""
        ...

    def expired(self) -> int:
        """How many intervals have passed since the last call; it never waits."""
        ...

    def close(self) -> None:
        """Let the timer go."""
        ...


class StandInPcm:
    """PcmPort over a card's port, with a timer for the time in which the card has no clock."""

    def __init__(self, card: PcmPort, timer: IntervalTimer) -> None:
        self.slots = card.slots
        self._card, self._timer = card, timer
        self._both: select.epoll | None = None
        self._standing_in = False
        self._heard = False
        """Something has come from the card in this interval of the watch."""
        self._due = 0
        self._made = 0

    @property
    def lost_periods(self) -> int:
        """Those of the card, and those that were made here."""
        return self._card.lost_periods + self._made

    @property
    def xruns(self) -> int:
        """How often a stream of the card has stopped since start."""
        return self._card.xruns

    def restart(self) -> None:
        """Stop the card's streams and start them anew."""
        self._card.restart()

    def start(self) -> None:
        """Start the card's streams, which stand still until there is a clock."""
        self._card.start()
        self._timer.start(WATCH_MS)

    def fileno(self) -> int:
        """Readable when the card has a period, or one must be made."""
        if self._both is None:
            self._both = select.epoll()
            for one in (self._card, self._timer):
                self._both.register(one.fileno(), select.EPOLLIN | select.EPOLLERR)
        return self._both.fileno()

    def read(self) -> Samples | None:
        """The card's next period; a silent one each 10 ms while the card has no clock."""
        heard = self._card.read()
        if heard is not None:
            self._heard = True
            if self._standing_in:
                self._change(False)
            return heard
        passed = self._timer.expired()
        if not self._standing_in:
            if passed and not self._heard:
                self._change(True)
            self._heard = self._heard and not passed
            return None
        self._due = min(self._due + passed, BACKLOG_MOST)
        if not self._due:
            return None
        self._due -= 1
        self._made += 1
        return np.zeros((self.slots, PERIOD), np.int16)

    def write(self, period: Samples) -> None:
        """To the card; without a clock it would only fill the buffer, and come late."""
        if not self._standing_in:
            self._card.write(period)

    def close(self) -> None:
        """Let card and timer go; calling it twice is harmless."""
        self._card.close()
        if self._both is not None:
            self._both.close()
            self._both = None
        self._timer.close()

    def _change(self, standing_in: bool) -> None:
        self._standing_in, self._due = standing_in, 0
        self._timer.start(PERIOD_MS if standing_in else WATCH_MS)
        told = "has no clock: its beat is made by a timer" if standing_in else "has its clock again"
        log.info("PCM: the port %s", told)
