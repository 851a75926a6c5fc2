"""G.711 as tables: 16-bit linear to A-law and mu-law octets and back [ITU-T G.711]."""

import numpy as np
from numpy.typing import NDArray

Octets = NDArray[np.uint8]

MU_BIAS = 132
MU_CLIP = 32_635


def _mu_decoder() -> NDArray[np.int16]:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    exponent, mantissa = (code >> 4) & 7, code & 0xF
    magnitude = (((mantissa << 3) + MU_BIAS) << exponent) - MU_BIAS
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _a_decoder() -> NDArray[np.int16]:
    code = np.arange(256, dtype=np.int32) ^ 0x55
    exponent, mantissa = (code >> 4) & 7, code & 0xF
    low = (mantissa << 4) + 8
    magnitude = np.where(exponent == 0, low, (low + 256) << np.maximum(exponent - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


def _encoder(decoder: NDArray[np.int16]) -> Octets:
    """For each 16-bit value (index: its bits as unsigned) the code that decodes nearest to it.

    Where two codes decode alike (mu-law's two zeros) the positive one is taken.
    """
    order = np.argsort(decoder, kind="stable")
    levels = decoder[order].astype(np.int32)
    values = np.arange(65_536, dtype=np.uint16).view(np.int16).astype(np.int32)
    middles = (levels[:-1] + levels[1:]) / 2
    return order[np.searchsorted(middles, values, side="right")].astype(np.uint8)


MU_DECODE = _mu_decoder()
A_DECODE = _a_decoder()
MU_ENCODE = _encoder(MU_DECODE)
A_ENCODE = _encoder(A_DECODE)
