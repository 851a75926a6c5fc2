"""What is sound, against a quiet line."""

import sys
from array import array

WINDOW = 160  # samples: 20 ms
LOUD = 128  # peak; a tone of this peak has -45 dBm0, a quiet line's noise lies near -60 dBm0
TAIL = 2400  # samples kept after the last sound: 300 ms, so that no word is clipped


def loud_samples(sound: bytes) -> int:
    """How many samples of S16LE are in windows with a sound in them."""
    values = array("h", sound)
    if sys.byteorder == "big":
        values.byteswap()
    windows = (values[at : at + WINDOW] for at in range(0, len(values), WINDOW))
    return sum(len(window) for window in windows if max(max(window), -min(window)) >= LOUD)
