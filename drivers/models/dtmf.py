"""Push-button digits: the handset's generator and the office's receiver [Q.23, Q.24]."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from drivers.buses import PERIOD, SAMPLE_RATE, Samples
from drivers.models.tones import sines
from drivers.sampling import amplitude

ROWS, COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
KEYS = ("123A", "456B", "789C", "*0#D")
DIGITS = "".join(KEYS)

TONE_MS, PAUSE_MS = 100, 100
LOW_DBM0, HIGH_DBM0 = -10.0, -8.0
"""The high group is sent 2 dB louder: long lines weaken it more."""

WINDOW = 2 * PERIOD
"""20 ms: 50 Hz resolution for tones that are 73 Hz apart or more."""
FLOOR_DBM0 = -35.0
TWIST_DB, REVERSE_TWIST_DB = 8.0, 4.0
PURITY = 0.7
"""Least share of the two tones in the whole power."""
HITS, MISSES = 2, 2
"""Windows that agree before a digit counts (≥ 30 ms of tone); misses before the next may begin."""


def tones_of(digit: str) -> tuple[int, int]:
    """Row and column frequency of a key. Raises ValueError for anything else."""
    for row, keys in zip(ROWS, KEYS, strict=True):
        if len(digit) == 1 and digit in keys:
            return row, COLUMNS[keys.index(digit)]
    raise ValueError(f"{digit!r} is not on a telephone's keys ({DIGITS})")


@cache
def digit_samples(digit: str) -> Samples:
    """One key press and the pause after it."""
    tone = sines(tones_of(digit), (LOW_DBM0, HIGH_DBM0), TONE_MS * SAMPLE_RATE // 1000)
    press = np.concatenate((tone, np.zeros(PAUSE_MS * SAMPLE_RATE // 1000, np.int16)))
    press.flags.writeable = False
    return press


def _probes() -> NDArray[np.complex128]:
    """One row per frequency: a window's product with it is the tone's complex amplitude."""
    t = np.arange(WINDOW) / SAMPLE_RATE
    frequencies = np.array(ROWS + COLUMNS)[:, None]
    angles = (2 * np.pi) * frequencies * t
    probes: NDArray[np.complex128] = (np.cos(angles) - 1j * np.sin(angles)) * (2 / WINDOW)
    return probes


PROBES = _probes()
FLOOR = amplitude(FLOOR_DBM0)


class DtmfReceiver:
    """Hears digits in a stream of periods."""

    def __init__(self) -> None:
        self._window = np.zeros(WINDOW)
        self._last = ""
        self._hits = 0
        self._misses = MISSES
        self._counted = False

    def hear(self, row: Samples | None) -> str:
        """Take a period; the digit that has just been recognized, or nothing."""
        self._window[:PERIOD] = self._window[PERIOD:]
        self._window[PERIOD:] = 0 if row is None else row
        digit = self._look()
        if digit and digit == self._last:
            self._hits += 1
            self._misses = 0
            if self._hits == HITS and not self._counted:
                self._counted = True
                return digit
        elif digit:
            self._last, self._hits, self._counted = digit, 1, False
        else:
            self._misses += 1
            if self._misses >= MISSES:
                self._last, self._hits, self._counted = "", 0, False
        return ""

    def _look(self) -> str:
        peaks = np.abs(PROBES @ self._window)
        low, high = int(np.argmax(peaks[:4])), int(np.argmax(peaks[4:]))
        a, b = float(peaks[low]), float(peaks[4 + high])
        if a < FLOOR or b < FLOOR:
            return ""
        twist = 20 * np.log10(b / a)
        power = float(np.mean(self._window**2))
        if not -TWIST_DB <= twist <= REVERSE_TWIST_DB or (a * a + b * b) / 2 < PURITY * power:
            return ""
        return KEYS[low][high]
