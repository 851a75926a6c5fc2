"""Sample-rate conversion without numpy: the clerk stays small, and what it converts is short.

Band-limited interpolation [Smith, Digital Audio Resampling, CCRMA 2002]: a windowed-sinc low-pass
of the output's band, evaluated at the output's instants. For a ratio of up/down in lowest terms
there are only `up` different sets of taps; they are made once per ratio. Odd rates would have up to
8,000: the nearest of PHASES_MOST is taken then, which is off by so little that it is 50 dB down.
Worked once: 22,050 Hz to 8,000 Hz is 160/441, so 160 sets of 2 x 8 x 22050/8000 = 46 taps.
"""

from array import array
from collections.abc import Iterable, Iterator
from functools import lru_cache
from math import ceil, cos, gcd, pi, sin
from operator import mul
from typing import TypeAlias

Values: TypeAlias = "array[int]"  # of type "h"

ZERO_CROSSINGS = 8  # of the sinc on each side; 8 keep images and aliases some 50 dB down
PHASES_MOST = 1000
PASS_BAND = 0.92  # of the narrower Nyquist frequency: 3680 Hz of the telephone's 3400


def resampled(pieces: Iterable[Values], rate: int, to_rate: int) -> Iterator[Values]:
    """16-bit samples at `rate` Hz, piece by piece, as pieces at `to_rate` Hz."""
    divisor = gcd(rate, to_rate)
    up, down = to_rate // divisor, rate // divisor
    phases = _phases(up, down)
    width = len(phases[0])
    kept = array("h", bytes(width))  # width//2 zeros: a window at `at` is centred on sample `at`
    first, index, total = 0, 0, 0  # the sample that kept[0] belongs to; next output; input so far
    for piece in pieces:
        total += len(piece)
        kept += piece
        count = max(0, -((-(first + len(kept) - width) * up) // down) - index)
        yield _filtered(kept, first, index, count, (up, down), phases)
        index += count
        drop = min(index * down // up - first, len(kept))
        del kept[:drop]
        first += drop
    kept += array("h", bytes(width * 2))
    yield _filtered(kept, first, index, total * up // down - index, (up, down), phases)


def _filtered(
    kept: Values,
    first: int,
    index: int,
    count: int,
    ratio: tuple[int, int],
    phases: list[list[float]],
) -> Values:
    up, down = ratio
    width, many = len(phases[0]), len(phases)
    out = array("h")
    for place in range(index * down, (index + count) * down, down):
        start = place // up - first + 1
        value = sum(map(mul, kept[start : start + width], phases[place % up * many // up]))
        out.append(max(-32768, min(32767, round(value))))
    return out


@lru_cache(maxsize=4)
def _phases(up: int, down: int) -> list[list[float]]:
    cut = PASS_BAND * min(1.0, up / down)  # of the input's Nyquist frequency
    half = ceil(ZERO_CROSSINGS / cut)
    many = min(up, PHASES_MOST)
    return [_taps(phase / many, half, cut) for phase in range(many)]


def _taps(offset: float, half: int, cut: float) -> list[float]:
    taps = []
    for step in range(1 - half, half + 1):
        distance = step - offset
        angle = pi * distance * cut
        sinc = 1.0 if angle == 0 else sin(angle) / angle
        taps.append(sinc * (0.5 + 0.5 * cos(pi * distance / half)) if abs(distance) < half else 0.0)
    total = sum(taps)
    return [tap / total for tap in taps]
