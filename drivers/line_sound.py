"""The sound of a line under test: what is sent round and round, what is kept, and its levels.

Levels are dBm0: a sine of full scale is +3.17 [G.711, mu-law].
"""

import math
from collections.abc import Iterable

import numpy as np

from drivers.buses import PERIOD, SAMPLE_RATE, Samples
from drivers.sampling import FULL_SCALE, FULL_SCALE_DBM0, amplitude

FLOOR_DBM0 = -90.0
"""What is softer is given as this: less than half a step of 16 bits."""
WINDOW = SAMPLE_RATE // 5
"""200 ms, in which tones that are 5 Hz apart do not disturb each other."""


class LineSound:
    """A line's sound both ways, 10 ms at a time."""

    def __init__(self) -> None:
        self._sent: Samples | None = None
        self._at = 0
        self._kept: list[Samples] | None = None

    def play(self, samples: Samples | None) -> None:
        """Send these whole periods again and again from now on; None: silence."""
        self._sent, self._at = samples, 0

    def listen(self) -> None:
        """Keep what comes from the line from now on."""
        self._kept = []

    def heard(self) -> Samples:
        """What has come since listen(); nothing more is kept."""
        kept, self._kept = self._kept or [], None
        return np.concatenate(kept) if kept else np.zeros(0, np.int16)

    def period(self, heard: Samples) -> Samples:
        """10 ms pass: what the line said, (80,); gives what is sent to it."""
        if self._kept is not None:
            self._kept.append(heard.copy())
        if self._sent is None:
            return np.zeros(PERIOD, np.int16)
        row: Samples = self._sent[self._at : self._at + PERIOD]
        self._at = (self._at + PERIOD) % len(self._sent)
        return row


def sines(hertz: Iterable[float], dbm0: float, periods: int) -> Samples:
    """Sines of this level each, so many periods (10 ms) of them."""
    time = np.arange(periods * PERIOD) / SAMPLE_RATE
    total = sum(np.sin(2 * np.pi * hz * time) for hz in hertz) * amplitude(dbm0)
    return np.clip(np.rint(total), -FULL_SCALE, FULL_SCALE).astype(np.int16)


def level_dbm0(samples: Samples) -> float:
    """The level of all that was heard, without the converter's direct voltage."""
    if not len(samples):
        return FLOOR_DBM0
    return _dbm0(float(np.std(samples.astype(np.float64))))


def tone_dbm0(samples: Samples, hz: float) -> float:
    """The level of one frequency; exact if the samples hold whole cycles of it."""
    if not len(samples):
        return FLOOR_DBM0
    time = np.arange(len(samples)) / SAMPLE_RATE
    part = np.abs(np.dot(samples, np.exp(-2j * np.pi * hz * time))) * math.sqrt(2) / len(samples)
    return _dbm0(float(part))


def loudest_tones_dbm0(samples: Samples, hertz: Iterable[float]) -> float:
    """The level of these frequencies together, in the 200 ms in which it is greatest."""
    wanted = tuple(hertz)
    windows = [samples[at : at + WINDOW] for at in range(0, len(samples) - WINDOW + 1, WINDOW)]
    return max(
        (power_sum_dbm0(tone_dbm0(window, hz) for hz in wanted) for window in windows),
        default=FLOOR_DBM0,
    )


def power_sum_dbm0(levels: Iterable[float]) -> float:
    """The level of several sounds together."""
    return max(10 * math.log10(sum(10 ** (level / 10) for level in levels) or 1e-9), FLOOR_DBM0)


def strongest_hz(samples: Samples) -> float:
    """The frequency with the most power, to 5 Hz; 0 if nothing was heard."""
    if len(samples) < WINDOW or not np.any(samples):
        return 0.0
    spectrum = np.abs(np.fft.rfft(samples[-WINDOW:] - np.mean(samples[-WINDOW:])))
    return float(np.argmax(spectrum) * SAMPLE_RATE / WINDOW)


def _dbm0(rms: float) -> float:
    if rms <= 0:
        return FLOOR_DBM0
    return max(FULL_SCALE_DBM0 + 20 * math.log10(rms * math.sqrt(2) / FULL_SCALE), FLOOR_DBM0)
