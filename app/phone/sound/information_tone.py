"""Hearing the office's special information tone: the number that was dialled does not exist.

Three tones, each higher than the one before, of 330 ms [ITU-T E.180, 3.10: 950, 1400 and 1800 Hz,
± 50 Hz and ± 70 ms; North America: 914 to 985, 1371 to 1429 and 1777 Hz, 274 or 380 ms]. Speech
has each of them now and then, but not alone, for so long, and in this order.
"""

from dataclasses import dataclass

import numpy as np

from app.phone.sound.tone_bank import Floats, ToneBank, centred
from drivers.sampling import PERIOD, PERIOD_MS, SAMPLE_RATE, amplitude

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
_NOTHING = -1


@dataclass(slots=True)
class _Line:
    """How far one line has come."""

    place: int = 0
    """Which of the tones is heard, or comes next."""
    length: int = 0
    gap: int = 0
    """Both in periods."""

    def hear(self, heard: int) -> bool:
        """A period with this tone; True once the third one has been heard for long enough."""
        if heard == self.place:
            self.length, self.gap = self.length + 1, 0
            if self.length > MOST:
                self._begin_again(_NOTHING)
            return self.place == len(BANDS_HZ) - 1 and self.length == LEAST
        if self.length >= LEAST and heard == self.place + 1:
            self.place, self.length, self.gap = heard, 1, 0
        elif self.gap < GAP and self.length and heard != 0:
            self.gap += 1
        else:
            self._begin_again(heard)
        return False

    def _begin_again(self, heard: int) -> None:
        self.place, self.gap = 0, 0
        self.length = int(heard == 0)


class InformationToneDetector:
    """The tone on all places of a bank where somebody asks."""

    def __init__(self, bank: ToneBank) -> None:
        self._bank = bank
        self._tones = [bank.judge(_vectors(pair), PURE, FLOOR) for pair in BANDS_HZ]
        self._lines: dict[int, _Line] = {}

    def listen(self, place: int, on: bool) -> None:
        """Listen to this line from now on, or no longer."""
        self._bank.ask(self._tones, place, on)
        self._lines.pop(place, None)
        if on:
            self._lines[place] = _Line()

    def hear(self) -> list[int]:
        """Where the bank's latest period has completed the tone."""
        if not self._lines:
            return []
        found = [self._bank.found(tone) for tone in self._tones]
        return [
            place
            for place, line in self._lines.items()
            if line.hear(next((n for n, where in enumerate(found) if where >> place & 1), _NOTHING))
        ]


def _vectors(pair: tuple[float, float]) -> Floats:
    """Cosines and sines of two frequencies, made of length 1 and at right angles: (4, PERIOD)."""
    angles = 2 * np.pi * np.outer(centred(PERIOD) / SAMPLE_RATE, pair)
    waves = np.concatenate((np.cos(angles), np.sin(angles)), axis=1)
    return np.linalg.qr(waves)[0].T.astype(np.float32)
