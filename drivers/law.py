"""G.711 for whole periods at once: one table look-up a sample [ITU-T G.711]."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from drivers.buses import Samples
from drivers.g711 import A_LAW, MU_LAW, nearest_codes
from drivers.slot_map import Coding

Octets = NDArray[np.uint8]


class Law:
    """One of the two laws, both directions."""

    def __init__(self, law: tuple[int, ...]) -> None:
        self._samples = np.array(law, np.int16)
        codes = np.frombuffer(nearest_codes(law), np.uint8)
        self._codes = np.concatenate((codes[32768:], codes[:32768]))
        """By the sample's bits taken as an unsigned number."""

    def encode(self, samples: Samples) -> Octets:
        """The nearest code of each 16-bit sample, in the same shape."""
        codes: Octets = self._codes[samples.view(np.uint16)]
        return codes

    def decode(self, codes: Octets) -> Samples:
        """The sample of each code, in the same shape."""
        samples: Samples = self._samples[codes]
        return samples


@cache
def law_of(coding: Coding) -> Law:
    """The law of a coding other than linear."""
    return Law(MU_LAW if coding is Coding.MU_LAW else A_LAW)
