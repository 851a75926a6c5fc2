"""Tones of the telephone office as loops of whole periods, so that a period costs one look-up."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivers.buses import PERIOD, SAMPLE_RATE, Samples
from drivers.models.sound import FULL_SCALE, amplitude

RAMP = 16
"""A tone is faded in and out over 2 ms, so that it does not click."""


def sines(hertz: Sequence[float], dbm0: float | Sequence[float], length: int) -> Samples:
    """Sines sounding together, each of its level in dBm0, starting at phase 0."""
    levels = [dbm0] * len(hertz) if isinstance(dbm0, int | float) else list(dbm0)
    t = np.arange(length) / SAMPLE_RATE
    total = np.zeros(length)
    for f, level in zip(hertz, levels, strict=True):
        total += amplitude(level) * np.sin(2 * np.pi * f * t)
    return np.clip(np.rint(total), -FULL_SCALE, FULL_SCALE).astype(np.int16)


@dataclass(frozen=True, slots=True)
class OfficeTone:
    """A tone of a telephone office."""

    hertz: tuple[float, ...]
    dbm0: float
    on_ms: int
    """A whole number of the sines' common period, so that the loop closes without a click."""
    off_ms: int = 0

    def rows(self) -> NDArray[np.int16]:
        """One cadence, cut in periods: shape (periods, PERIOD)."""
        on = sines(self.hertz, self.dbm0, self.on_ms * SAMPLE_RATE // 1000)
        if self.off_ms:
            ramp = np.arange(RAMP) / RAMP
            on[:RAMP] = on[:RAMP] * ramp
            on[-RAMP:] = on[-RAMP:] * ramp[::-1]
        off = np.zeros(self.off_ms * SAMPLE_RATE // 1000, np.int16)
        return np.concatenate((on, off)).reshape(-1, PERIOD)


@dataclass(frozen=True, slots=True)
class TonePlan:
    """What a country's office sounds like, and how it rings."""

    dial: OfficeTone
    ringback: OfficeTone
    reorder: OfficeTone
    ring_on_ms: int
    ring_off_ms: int
    ring_hertz: float
    ring_vrms: float


# Levels are those of North American tone plans: dial −13, ringback −19, reorder −24 dBm a tone.
PLANS = {
    "us": TonePlan(
        dial=OfficeTone((350, 440), -13, 100),
        ringback=OfficeTone((440, 480), -19, 2000, 4000),
        reorder=OfficeTone((480, 620), -24, 250, 250),
        ring_on_ms=2000,
        ring_off_ms=4000,
        ring_hertz=20.0,
        ring_vrms=90.0,
    ),
}
