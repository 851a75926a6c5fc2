"""Sound as arrays: levels, tone loops, saturating mixing.

Samples are int16 at 8 kHz. A sine of full scale is +3.17 dBm0 [G.711, mu-law reference].
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.phone.sound.sounds import Tone
from drivers.buses import PERIOD, SAMPLE_RATE, Samples
from drivers.sampling import FULL_SCALE, FULL_SCALE_DBM0, amplitude

PER_MS = SAMPLE_RATE // 1000


def level(samples: Samples) -> float:
    """The power of samples in dBm0; -inf for silence."""
    power = float(np.mean(np.square(samples, dtype=np.float64))) if len(samples) else 0.0
    full = FULL_SCALE**2 / 2.0
    return FULL_SCALE_DBM0 + 10.0 * float(np.log10(power / full)) if power else float("-inf")


def mean_square(dbm0: float) -> float:
    """The mean square of samples of this level, to compare with."""
    return amplitude(dbm0) ** 2 / 2.0


def sine(hz: tuple[float, ...], dbm0: float | tuple[float, ...], count: int) -> Samples:
    """`count` samples of frequencies sounding together from phase 0.

    `dbm0` is the level of each, or one level for each of them.
    """
    levels = dbm0 if isinstance(dbm0, tuple) else (dbm0,) * len(hz)
    time = np.arange(count) / SAMPLE_RATE
    wave = np.zeros(count)
    for frequency, level_dbm0 in zip(hz, levels, strict=True):
        wave += amplitude(level_dbm0) * np.sin(2 * np.pi * frequency * time)
    return saturated(np.rint(wave))


def loop(tone: Tone) -> Samples:
    """One turn of a tone, to be repeated without a click; `repeat` and `then` are the player's.

    A steady tone of whole hertz closes after one second. With a cadence one turn is one cadence,
    and every burst begins at phase 0. PERIOD samples of the next turn follow the turn, so that one
    period can be cut out anywhere: len(loop(tone)) = turn + PERIOD.
    """
    return _loop(tone.hz, tone.cadence_ms, tone.levels_dbm0)


@lru_cache(maxsize=64)
def _loop(hz: tuple[float, ...], cadence_ms: tuple[int, ...], dbm0: tuple[float, ...]) -> Samples:
    if not cadence_ms:
        turn = sine(hz, dbm0, SAMPLE_RATE)
    else:
        counts = [ms * PER_MS for ms in cadence_ms]
        turn = np.concatenate(
            [
                np.zeros(count, np.int16) if index % 2 else sine(hz, dbm0, count)
                for index, count in enumerate(counts)
            ]
        )
    ready: Samples = np.resize(turn, len(turn) + PERIOD)
    ready.flags.writeable = False
    return ready


def saturated(wide: NDArray[Any]) -> Samples:
    """Wider values as int16, clipped instead of wrapped round."""
    clipped: Samples = np.clip(wide, -32768, 32767).astype(np.int16)
    return clipped


def mixed(one: Samples, other: Samples) -> Samples:
    """The saturating sum of two blocks."""
    return saturated(one.astype(np.int32) + other)


def from_bytes(octets: bytes) -> Samples:
    """Signed 16-bit little-endian octets as samples; an odd last octet is dropped."""
    return np.frombuffer(octets, "<i2", len(octets) // 2).astype(np.int16, copy=False)


def to_bytes(samples: Samples) -> bytes:
    """Samples as signed 16-bit little-endian octets."""
    return samples.astype("<i2", copy=False).tobytes()
