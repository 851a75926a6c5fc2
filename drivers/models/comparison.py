"""Whether a sound is contained in what was heard, whatever its level and its offset.

The measure is the normalized cross-correlation: 1 is the same sound, unrelated speech gives less
than about 0.3. Samples are 1/8000 s.
"""

import numpy as np

from drivers.buses import Samples

SAME = 0.95
"""From here on a sound counts as heard whole and clear; G.711 and line levels keep it above."""


def find(wanted: Samples, heard: Samples) -> tuple[float, int]:
    """(likeness, where): the best normalized cross-correlation, and at which sample of `heard`."""
    count = len(wanted)
    if not count or len(heard) < count:
        return 0.0, 0
    pattern = wanted - wanted.mean()
    size = _size(len(heard))
    product = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(pattern, size))
    scalar = np.fft.irfft(product, size)[: len(heard) - count + 1]
    sums = np.concatenate([[0.0], np.cumsum(heard, dtype=np.float64)])
    squares = np.concatenate([[0.0], np.cumsum(heard.astype(np.float64) ** 2)])
    total = sums[count:] - sums[:-count]
    energy = squares[count:] - squares[:-count] - total * total / count
    norm = np.sqrt(np.maximum(energy, 1.0) * max(float(pattern @ pattern), 1.0))
    likeness = scalar / norm
    best = int(np.argmax(likeness))
    return float(likeness[best]), best


def _size(count: int) -> int:
    """The least length of a transform that is quick and has room for so many samples.

    What a shift carries round its end belongs to places at which the sound would not lie whole.
    """
    octave = 1 << max(0, count.bit_length() - 4)
    return next(n * octave for n in (8, 9, 10, 12, 15, 16) if n * octave >= count)


def likeness(wanted: Samples, heard: Samples) -> float:
    """How much one sound is in another: 1 is whole and clear."""
    return find(wanted, heard)[0]
