"""Hearing the office's special information tone: the number that was dialled does not exist.

Three tones, each higher than the one before, of 330 ms [ITU-T E.180, 3.10: 950, 1400 and 1800 Hz,
± 50 Hz and ± 70 ms; North America: 914 to 985, 1371 to 1429 and 1777 Hz, 274 or 380 ms]. Speech
has each of them now and then, but not alone, for so long, and in this order.
"""

import numpy as np

from drivers.buses import PERIOD, SAMPLE_RATE, Samples
from drivers.sampling import PERIOD_MS, amplitude

BANDS_HZ = ((920.0, 980.0), (1370.0, 1430.0), (1765.0, 1825.0))
"""Two sines each span what a tone may be: in 10 ms nearly all of its power is theirs."""
PURE = 0.8
"""Part of a period's power that lies in one of the bands: 15 dB of noise leave more."""
FLOOR = PERIOD * amplitude(-36.0) ** 2 / 2
"""Sum of squares of a period at -36 dBm0: softer is an echo of what we play, or nothing."""
LEAST, MOST = 220 // PERIOD_MS, 450 // PERIOD_MS
"""Periods of each tone."""
GAP = 50 // PERIOD_MS
"""Periods between two tones, at most."""


class InformationToneDetector:
    """Listens to one line for the tone."""

    def __init__(self) -> None:
        time = np.arange(PERIOD) / SAMPLE_RATE
        angles = [2 * np.pi * np.outer(time, pair) for pair in BANDS_HZ]
        waves = [np.concatenate((np.cos(a), np.sin(a)), axis=1) for a in angles]
        self._bases = np.stack([np.linalg.qr(wave)[0].T for wave in waves])  # (bands, 4, PERIOD)
        self._place = 0  # which of the tones is heard, or comes next
        self._length = self._gap = 0  # in periods

    def hear(self, row: Samples) -> bool:
        """Take a period; True once the third tone has been heard for long enough."""
        heard = self._nearest(row)
        if heard == self._place:
            self._length, self._gap = self._length + 1, 0
            if self._length > MOST:
                self._begin_again(-1)
            return self._place == len(BANDS_HZ) - 1 and self._length == LEAST
        if self._length >= LEAST and heard == self._place + 1:
            self._place, self._length, self._gap = heard, 1, 0
        elif self._gap < GAP and self._length and heard != 0:
            self._gap += 1
        else:
            self._begin_again(heard)
        return False

    def _begin_again(self, heard: int) -> None:
        self._place, self._gap = 0, 0
        self._length = int(heard == 0)

    def _nearest(self, row: Samples) -> int:
        """Which of the tones this period is, or -1."""
        sound = row.astype(np.float64)
        power = float(sound @ sound)
        if power < FLOOR:
            return -1
        parts = np.sum((self._bases @ sound) ** 2, axis=1)
        best = int(np.argmax(parts))
        return best if parts[best] > PURE * power else -1
