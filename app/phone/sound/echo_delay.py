"""Finding how long a board takes from playing a sound to hearing its echo.

The way through the PCM port is the same for all lines of a board, and nobody states it: buffers of
the sound card that lie ahead of what is heard, frames of its DMA. So it is measured, on one line at
a time, from whatever is played anyway, and measured again for as long as lines are played to.
"""

import numpy as np
from numpy.typing import NDArray

from drivers.buses import PERIOD

LONGEST = 6 * PERIOD
"""Longest delay that is looked for, in samples: 60 ms. Two periods are played ahead, and a sound
card may keep two more in either direction."""
WINDOW = 6 * PERIOD
"""Samples heard that are looked at at once."""
KEPT = LONGEST + WINDOW
"""Samples of what was sent that a look needs."""
_SPECTRUM = 1024
_LOOKS = 8
"""Windows with sound of which one answer is made: a second."""
_LOUD = WINDOW * 2000.0
"""Sum of squares of a window that counts as sound: -55 dBm0."""
_FLATTEN = 0.1
"""Frequencies that have less than this part of the mean power count less."""
_RESPONSE = (16, 48)
"""Samples before and after the peak that a response has its power in."""
_CERTAIN = 0.6
"""That much of the power must lie there: noise would have 0.13."""
_ALIKE = 8
"""Two answers after one another are the same when they differ by this many samples at most."""
_LEAD = 24
"""Samples kept before the peak: other lines' responses may begin earlier."""
_ROOM = (2, 56)
"""Peaks that are so far behind the delay, at least and at most, leave it as it is."""


class DelayFinder:
    """Measures the delay of one board; `delay` is 0 until something else has been seen twice."""

    def __init__(self) -> None:
        self.delay = 0
        """Samples from the playing of a sound to the begin of its echo, less a little."""
        self._slot = -1
        self._looks = 0
        self._cross: NDArray[np.complex128] = np.zeros(_SPECTRUM // 2 + 1, np.complex128)
        self._power: NDArray[np.float64] = np.zeros(_SPECTRUM // 2 + 1, np.float64)
        self._before: int | None = None

    def choose(self, who: NDArray[np.intp]) -> int:
        """The slot to look at: one of these, the same as long as it is among them."""
        if self._looks == _LOOKS or self._slot not in who:
            self._next(who)
        return self._slot

    def look(self, sent: NDArray[np.float32], heard: NDArray[np.float32]) -> bool:
        """Look at the chosen slot; True when the delay has changed.

        `sent` are the last KEPT samples that were sent to it, `heard` the last WINDOW samples that
        came back.
        """
        if float(sent @ sent) < _LOUD:
            return False
        spectrum = np.fft.rfft(sent, _SPECTRUM)
        returned = np.concatenate((np.zeros(LONGEST, np.float32), heard))
        self._cross += np.fft.rfft(returned, _SPECTRUM) * np.conj(spectrum)
        self._power += np.abs(spectrum) ** 2
        self._looks += 1
        peak = self._peak() if self._looks == _LOOKS else None
        return peak is not None and self._seen(peak)

    def _next(self, who: NDArray[np.intp]) -> None:
        """Go on with the slot that follows."""
        behind = who[who > self._slot]
        self._slot = int(behind[0] if len(behind) else who[0])
        self._looks = 0
        self._cross[:] = self._power[:] = 0

    def _peak(self) -> int | None:
        """The sample at which the response has its peak; None if it has none that is certain."""
        flat = self._cross / (self._power + _FLATTEN * self._power.mean())
        squares = np.square(np.fft.irfft(flat, _SPECTRUM)[: LONGEST + 1])
        peak = int(np.argmax(squares))
        before, after = _RESPONSE
        around = squares[max(0, peak - before) : peak + after].sum()
        return peak if around > _CERTAIN * squares.sum() else None

    def _seen(self, peak: int) -> bool:
        before, self._before = self._before, peak
        least, most = _ROOM
        near = self.delay + least <= peak or not self.delay
        if near and peak <= self.delay + most:
            return False
        if before is None or abs(before - peak) > _ALIKE:
            return False
        self.delay = max(0, peak - _LEAD)
        return True
