"""How much of a recording is worth keeping: where the last sound is, against a quiet line."""

import sys
from array import array
from collections.abc import Iterable
from itertools import pairwise

WINDOW = 160  # samples: 20 ms
LOUD = 128  # peak; a tone of this peak has -45 dBm0, a quiet line's noise lies near -60 dBm0
TAIL = 2400  # samples kept after the last sound: 300 ms, so that no word is clipped


def measure(pieces: Iterable[bytes]) -> tuple[int, int]:
    """(samples up to the last sound, 0 if all is silence; samples worth keeping)."""
    total, last = 0, 0
    for piece in pieces:
        values = array("h", piece)
        if sys.byteorder == "big":
            values.byteswap()
        last = _last_loud(values, total) or last
        total += len(values)
    return last, min(total, last + TAIL)


def _last_loud(values: "array[int]", before: int) -> int:
    """Where the last loud window ends, counted from the recording's start; 0 if there is none."""
    edges = [*range(0, len(values), WINDOW), len(values)]
    for start, end in reversed(list(pairwise(edges))):
        window = values[start:end]
        if max(max(window), -min(window)) >= LOUD:
            return int(before + end)
    return 0


def shortened(pieces: Iterable[bytes], samples: int) -> Iterable[bytes]:
    """The first so many samples of a recording."""
    left = samples * 2
    for piece in pieces:
        if left <= 0:
            return
        yield piece[:left]
        left -= len(piece)
