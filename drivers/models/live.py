"""Live sound: what somebody says into a party's mouthpiece, as it comes over a network."""

import numpy as np

from drivers.buses import PERIOD, Samples

PREFILL = 2
"""Periods that are gathered before the first is spoken: so late may a later one be."""
MOST = 6
"""Periods that wait at most; of more, the oldest are dropped."""
MARGIN = PERIOD
"""Samples that may wait for ever when the next ones come."""
LOOK = 50
"""Periods after which is dropped what has waited all the time: no hitch delays for ever."""


class LiveVoice:
    """A buffer between whoever delivers sound and the line, which takes a period every 10 ms."""

    def __init__(self) -> None:
        self._waiting: Samples = np.zeros(0, np.int16)
        self._speaking = False
        self._least = self._periods = 0
        """The least that waited in so many periods."""

    def put(self, samples: Samples) -> None:
        """Samples have come, any number of them."""
        self._waiting = np.concatenate((self._waiting, samples))
        if len(self._waiting) > MOST * PERIOD:
            self._waiting = self._waiting[-PREFILL * PERIOD :]
        if len(self._waiting) >= PREFILL * PERIOD and not self._speaking:
            self._speaking, self._periods = True, 0

    def next_period(self) -> Samples | None:
        """The next PERIOD samples, or None for silence."""
        if not self._speaking:
            return None
        row, self._waiting = self._waiting[:PERIOD], self._waiting[PERIOD:]
        if len(row) < PERIOD:  # it came too late, or it is over: gather anew
            self._speaking = False
            return np.concatenate((row, np.zeros(PERIOD - len(row), np.int16)))
        self._catch_up()
        return row

    def _catch_up(self) -> None:
        waits = len(self._waiting)
        self._least = min(self._least, waits) if self._periods else waits
        self._periods += 1
        if self._periods == LOOK:
            self._waiting = self._waiting[max(0, self._least - MARGIN) :]
            self._periods = 0

    def stop(self) -> None:
        """Drop what waits."""
        self._waiting, self._speaking = self._waiting[:0], False
