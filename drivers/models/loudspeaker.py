"""A loudspeaker at a sound output of its own, as a model: a short buffer, a clock, and an ear.

What it has played can be heard as of any other party of the board, under the name of
`drivers.panel_spec.LOUDSPEAKER`. Its faults are attributes.
"""

import numpy as np

from drivers.buses import PERIOD, Samples
from drivers.errors import HardwareError
from drivers.models.party import Party
from drivers.panel_spec import LOUDSPEAKER

BUFFER = 6 * PERIOD
"""Samples that it holds."""


class LoudspeakerModel(Party):
    """A SoundOutput, and who listens to it. It plays on when it has run empty and is fed again."""

    def __init__(self) -> None:
        super().__init__(LOUDSPEAKER)
        self.plugged = True
        self.rate = 1.0
        """How fast its clock is; 1.005 is 0.5 % faster than the lines'."""
        self.most: int | None = None
        """Samples that one write takes at the most; None: as many as there is room for."""
        self.underruns = 0
        """How often it has run empty."""
        self.opened = self.writes = 0
        """How often somebody has opened it, and written to it."""
        self._buffer: Samples = np.zeros(0, np.int16)
        self._played: Samples = np.zeros(0, np.int16)
        """Less than a period that has not been heard yet."""
        self._phase = 0.0

    def open(self) -> "LoudspeakerModel":
        """Somebody wants to play. Raises HardwareError when it is not there."""
        self._check()
        self.opened += 1
        return self

    def write(self, samples: Samples) -> int:
        """See SoundOutput."""
        self._check()
        self.writes += 1
        room = BUFFER - len(self._buffer)
        taken = samples[: room if self.most is None else min(room, self.most)]
        self._buffer = np.concatenate((self._buffer, taken))
        return len(taken)

    def close(self) -> None:
        """See SoundOutput."""
        self._buffer = self._buffer[:0]

    def plug(self, plugged: bool) -> None:
        """Put it in, or pull it out, and with it what it held."""
        self.plugged = plugged
        self.close()

    def period(self) -> None:
        """10 ms of the lines' clock pass."""
        if not len(self._buffer) and not len(self._played):
            self.listen(None)
            return
        self._phase += PERIOD * self.rate
        count = int(self._phase)
        self._phase -= count
        played, self._buffer = self._buffer[:count], self._buffer[count:]
        self.underruns += len(played) < count
        silence = np.zeros(count - len(played), np.int16)
        heard = np.concatenate((self._played, played, silence))
        for start in range(0, len(heard) - PERIOD + 1, PERIOD):
            self.listen(heard[start : start + PERIOD])
        whole = len(heard) // PERIOD * PERIOD
        self._played = heard[whole:] if len(self._buffer) else heard[:0]

    def _check(self) -> None:
        if not self.plugged:
            raise HardwareError("virtual board: the loudspeaker is unplugged; plug it in")
