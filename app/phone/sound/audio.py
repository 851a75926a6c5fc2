"""Sound as arrays: levels, tone loops, saturating mixing, and G.711.

Samples are int16 at 8 kHz. A sine of full scale is +3.17 dBm0 [G.711, mu-law reference].
"""

from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.phone.sound.sounds import Tone
from drivers.buses import PERIOD, SAMPLE_RATE, Samples

FULL_SCALE_DBM0 = 3.17
PER_MS = SAMPLE_RATE // 1000


def amplitude(dbm0: float) -> float:
    """The peak of a sine of this level: amplitude(-13) = 32767 * 10^(-16.17/20) = 5093."""
    return float(32767.0 * 10.0 ** ((dbm0 - FULL_SCALE_DBM0) / 20.0))


def level(samples: Samples) -> float:
    """The power of samples in dBm0; -inf for silence."""
    power = float(np.mean(np.square(samples, dtype=np.float64))) if len(samples) else 0.0
    full = 32767.0**2 / 2.0
    return FULL_SCALE_DBM0 + 10.0 * float(np.log10(power / full)) if power else float("-inf")


def mean_square(dbm0: float) -> float:
    """The mean square of samples of this level, to compare with."""
    return amplitude(dbm0) ** 2 / 2.0


def sine(hz: tuple[float, ...], dbm0: float, count: int) -> Samples:
    """Frequencies sounding together from phase 0, each of this level."""
    time = np.arange(count) / SAMPLE_RATE
    wave = sum((np.sin(2 * np.pi * f * time) for f in hz), np.zeros(count))
    return saturated(np.rint(wave * amplitude(dbm0)))


def loop(tone: Tone) -> Samples:
    """One turn of a tone, to be repeated without a click; `repeat` and `then` are the player's.

    A steady tone of whole hertz closes after one second. With a cadence one turn is one cadence,
    and every burst begins at phase 0. PERIOD samples of the next turn follow the turn, so that one
    period can be cut out anywhere: len(loop(tone)) = turn + PERIOD.
    """
    return _loop(tone.hz, tone.cadence_ms, tone.dbm0)


@lru_cache(maxsize=64)
def _loop(hz: tuple[float, ...], cadence_ms: tuple[int, ...], dbm0: float) -> Samples:
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


@cache
def _ulaw_table() -> Samples:
    """All 256 codes [G.711 table 2a]: complemented, sign, 3 bits segment, 4 bits step."""
    code = ~np.arange(256) & 0xFF
    segment, step = (code >> 4) & 7, code & 15
    value = (((step << 3) + 0x84) << segment) - 0x84
    return np.where(code & 0x80, -value, value).astype(np.int16)


@cache
def _ulaw_codes() -> NDArray[np.uint8]:
    """The code of every int16 value, index value + 32768."""
    table = _ulaw_table().astype(np.int32)
    order = np.argsort(table, kind="stable")
    edges = (table[order][1:] + table[order][:-1]) / 2
    return order[np.searchsorted(edges, np.arange(-32768, 32768))].astype(np.uint8)


def ulaw_decode(codes: NDArray[np.uint8]) -> Samples:
    """mu-law codes as samples [G.711]."""
    return _ulaw_table()[codes]


def ulaw_encode(samples: Samples) -> NDArray[np.uint8]:
    """Samples as the nearest mu-law codes [G.711]."""
    return _ulaw_codes()[samples.astype(np.int32) + 32768]
