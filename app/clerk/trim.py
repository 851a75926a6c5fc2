"""How much of a recording is worth keeping: where the last sound is, against a quiet line."""

import sys
from array import array
from collections.abc import Iterable
from itertools import pairwise

WINDOW = 160  # samples: 20 ms
LOUD = 128  # peak; a tone of this peak has -45 dBm0, a quiet line's noise lies near -60 dBm0
TAIL = 2400  # samples kept after the last sound: 300 ms, so that no word is clipped


class Measure:
    """How long a recording is, piece by piece."""

    def __init__(self) -> None:
        self._total = 0
        self.spoken = 0
        """Samples up to the last sound; 0 if all is silence."""

    @property
    def kept(self) -> int:
        """Samples that are worth keeping."""
        return min(self._total, self.spoken + TAIL)

    def add(self, piece: bytes) -> None:
        """Look at the next piece: S16LE, any length."""
        values = array("h", piece)
        if sys.byteorder == "big":
            values.byteswap()
        self.spoken = _last_loud(values, self._total) or self.spoken
        self._total += len(values)


def loud_samples(sound: bytes) -> int:
    """How many samples of S16LE are in windows with a sound in them."""
    values = array("h", sound)
    if sys.byteorder == "big":
        values.byteswap()
    windows = (values[at : at + WINDOW] for at in range(0, len(values), WINDOW))
    return sum(len(window) for window in windows if max(max(window), -min(window)) >= LOUD)


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
