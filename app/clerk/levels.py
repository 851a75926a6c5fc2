"""Prompts made alike: the same level of speech, no silence around it.

Packs differ by several dB, and within one pack as much; what the synthesizer says is louder than
any. Up to a second of silence after a word makes a sentence put together of recordings stumble.
"""

import math
import sys
from array import array
from collections.abc import Sequence
from operator import mul

from app.clerk.trim import LOUD, WINDOW
from drivers.sampling import amplitude

LEVEL_DBM0 = -18.0
"""Of speech while it is active, -24 dB below full scale as mean power: prompts and messages. What
a prompt leaves of itself in the line must be softer than a digit pressed meanwhile."""
ACTIVE_DB = 15.0
"""Sound by this much softer than its mean is a pause or noise [ITU-T P.56 is the idea]."""
PEAK_MOST = 30_000
"""No sample is made louder than this; whatever is so uneven stays softer."""
RAISED_MOST_DB = 20.0
BEFORE, AFTER = 2, 5  # windows of 20 ms kept before the first sound and after the last

_WANTED = (amplitude(LEVEL_DBM0) ** 2) / 2
"""The mean square of that level."""
_ROUNDS = 4


def levelled(sound: bytes) -> bytes:
    """S16LE at 8 kHz, cut to what is heard and brought to the level; b"" if nothing is heard."""
    values = _values(sound)
    powers, loud = [], []
    for at in range(0, len(values), WINDOW):
        window = values[at : at + WINDOW]
        powers.append(sum(map(mul, window, window)) / len(window))
        loud.append(max(max(window), -min(window)) >= LOUD)
    if not any(loud):
        return b""
    first = max(0, loud.index(True) - BEFORE)
    last = len(loud) - loud[::-1].index(True) + AFTER
    kept = values[first * WINDOW : last * WINDOW]
    return _octets(_scaled(kept, _gain(active_power(powers), max(max(kept), -min(kept)))))


def active_power(powers: Sequence[float]) -> float:
    """The mean square of the windows in which somebody speaks, of the mean squares of all."""
    level = max(powers)
    for _ in range(_ROUNDS):
        floor = level * 10 ** (-ACTIVE_DB / 10)
        active = [power for power in powers if power >= floor]
        level = sum(active) / len(active)
    return level


def _gain(power: float, peak: int) -> float:
    wanted = math.sqrt(_WANTED / power)
    return min(wanted, PEAK_MOST / peak, 10 ** (RAISED_MOST_DB / 20))


def _scaled(values: "array[int]", gain: float) -> "array[int]":
    return array("h", [round(value * gain) for value in values])


def _values(sound: bytes) -> "array[int]":
    values = array("h", sound[: len(sound) // 2 * 2])
    if sys.byteorder == "big":
        values.byteswap()
    return values


def _octets(values: "array[int]") -> bytes:
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()
