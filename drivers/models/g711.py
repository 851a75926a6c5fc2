"""G.711 as arrays, for chips that code whole periods at once [ITU-T G.711]."""

import numpy as np
from numpy.typing import NDArray

from drivers.g711 import A_LAW, MU_LAW, nearest_codes

Octets = NDArray[np.uint8]

MU_DECODE = np.array(MU_LAW, np.int16)
A_DECODE = np.array(A_LAW, np.int16)


def _encoder(law: tuple[int, ...]) -> Octets:
    """The code of each 16-bit value, by its bits as an unsigned index."""
    codes = np.frombuffer(nearest_codes(law), np.uint8)
    return np.concatenate((codes[32768:], codes[:32768]))


MU_ENCODE = _encoder(MU_LAW)
A_ENCODE = _encoder(A_LAW)
