"""G.711 as tables [ITU-T G.711]: A-law and mu-law codes, and the 16-bit samples they stand for.

Without numpy, which services that only read voice mail do not load; models take the tables over
into arrays (drivers/models/g711.py).
"""

from array import array
from itertools import pairwise

_MU_BIAS = 0x84


def _mu_law(code: int) -> int:
    """All bits complemented: sign, 3 bits of segment, 4 of step [table 2]; 14 bits made 16."""
    code = ~code & 0xFF
    size = (((code & 0x0F) << 3) + _MU_BIAS << (code >> 4 & 7)) - _MU_BIAS
    return -size if code & 0x80 else size


def _a_law(code: int) -> int:
    """Even bits inverted; the sign bit set is positive [table 1]; 13 bits made 16."""
    code ^= 0x55
    segment = code >> 4 & 7
    size = ((code & 0x0F) << 4) + 8
    if segment:
        size = size + 0x100 << segment - 1
    return size if code & 0x80 else -size


MU_LAW = tuple(_mu_law(code) for code in range(256))
"""The sample of each mu-law code."""
A_LAW = tuple(_a_law(code) for code in range(256))
"""The sample of each A-law code."""


def nearest_codes(law: tuple[int, ...]) -> bytes:
    """The code of every sample, in the order -32768 ... 32767: the one that decodes nearest to it.

    Of two that are equally near the one of the higher sample is taken; of mu-law's two zeros the
    positive one (code 0xFF).
    """
    order = sorted(range(256), key=lambda code: (law[code], code))
    middles = [(law[low] + law[high]) / 2 for low, high in pairwise(order)]
    codes = bytearray()
    start = -32768
    for place, middle in enumerate([*middles, 32768]):
        end = max(start, min(32768, -int(-middle // 1)))  # the first sample that is not below it
        codes += bytes([order[place]]) * (end - start)
        start = end
    return bytes(codes)


def decoded(codes: bytes, law: tuple[int, ...]) -> "array[int]":
    """Codes of a law as 16-bit samples in the machine's byte order."""
    return array("h", map(law.__getitem__, codes))
