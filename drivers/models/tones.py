"""Tones of the telephone office as loops of whole periods, so that a period costs one look-up.

What they are comes from the country's tables [ITU-T E.180 Supplement 2].
"""

from collections.abc import Sequence
from math import gcd

import numpy as np
from numpy.typing import NDArray

from drivers.buses import PERIOD, PERIODS_PER_SECOND, SAMPLE_RATE, Samples
from drivers.countries.base import Tones
from drivers.sampling import FULL_SCALE, amplitude
from drivers.tones import Tone

RAMP = 16
"""A burst is faded in and out over 2 ms (16 samples), so that it does not click."""


def sines(hertz: Sequence[float], dbm0: float | Sequence[float], length: int) -> Samples:
    """Sines of these frequencies in Hz sounding together, `length` samples from phase 0.

    `dbm0` is the level of each, or a level for each of them.
    """
    levels = [dbm0] * len(hertz) if isinstance(dbm0, int | float) else list(dbm0)
    t = np.arange(length) / SAMPLE_RATE
    total = np.zeros(length)
    for f, level in zip(hertz, levels, strict=True):
        total += amplitude(level) * np.sin(2 * np.pi * f * t)
    return np.clip(np.rint(total), -FULL_SCALE, FULL_SCALE).astype(np.int16)


def tone_periods(tone: Tone) -> NDArray[np.int16]:
    """The tone as rows to be repeated for ever: shape (periods, PERIOD), int16.

    Of a tone that is followed by others all are in it, so the first comes again after the last.
    A steady tone lasts one second, in which whole hertz close without a click.
    """
    samples = np.concatenate([_turns(part) for part in tone.chain])
    whole = np.tile(samples, PERIOD // gcd(len(samples), PERIOD))
    return whole.reshape(-1, PERIOD)


REORDER_PERIODS = 6 * PERIODS_PER_SECOND
"""Of reorder tone behind the information tone, at least; then that comes again."""


def no_number_periods(tones: Tones) -> NDArray[np.int16]:
    """What the office sounds for a number that is nobody's, to be repeated for ever."""
    reorder = tone_periods(tones.reorder)
    times = -(-REORDER_PERIODS // len(reorder))
    return np.concatenate((tone_periods(tones.information), np.tile(reorder, (times, 1))))


def _turns(tone: Tone) -> Samples:
    if not tone.cadence_ms:
        return sines(tone.hz, tone.levels_dbm0, SAMPLE_RATE)
    pieces = [
        np.zeros(ms * SAMPLE_RATE // 1000, np.int16) if index % 2 else _burst(tone, ms)
        for index, ms in enumerate(tone.cadence_ms)
    ]
    return np.tile(np.concatenate(pieces), max(tone.repeat, 1))


def _burst(tone: Tone, ms: int) -> Samples:
    samples = sines(tone.hz, tone.levels_dbm0, ms * SAMPLE_RATE // 1000)
    ramp = np.arange(RAMP) / RAMP
    samples[:RAMP] = samples[:RAMP] * ramp
    samples[-RAMP:] = samples[-RAMP:] * ramp[::-1]
    return samples
