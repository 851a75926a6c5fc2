"""G.711 against the standard's numbers, and the arrays that the chip models use."""

import numpy as np
import pytest

from drivers.buses import Samples
from drivers.g711 import A_LAW, MU_LAW, decoded, nearest_codes
from drivers.models.g711 import A_DECODE, A_ENCODE, MU_DECODE, MU_ENCODE


@pytest.mark.parametrize(
    ("code", "sample"),  # [G.711, tables 2a and 2b], 14 bits made 16
    [(0xFF, 0), (0x7F, 0), (0x80, 32124), (0x00, -32124), (0xF0, 120), (0x8F, 16764)],
)
def test_mu_law_codes_decode_to_the_standards_samples(code: int, sample: int) -> None:
    assert MU_LAW[code] == sample


@pytest.mark.parametrize(
    ("code", "sample"),  # [G.711, tables 1a and 1b], 13 bits made 16
    [(0xD5, 8), (0x55, -8), (0xAA, 32256), (0x2A, -32256)],
)
def test_a_law_codes_decode_to_the_standards_samples(code: int, sample: int) -> None:
    assert A_LAW[code] == sample


@pytest.mark.parametrize("law", [MU_LAW, A_LAW])
def test_nearest_code_of_every_sample_is_no_farther_than_any_other(law: tuple[int, ...]) -> None:
    codes = np.frombuffer(nearest_codes(law), np.uint8)
    samples, levels = np.arange(-32768, 32768), np.array(law)
    nearest = np.abs(levels[:, None] - samples[None, ::97]).min(axis=0)
    assert np.array_equal(np.abs(levels[codes] - samples)[::97], nearest)


def test_codes_decode_in_order() -> None:
    assert decoded(bytes((0xFF, 0x80)), MU_LAW).tolist() == [0, 32124]


@pytest.mark.parametrize(("encode", "decode"), [(MU_ENCODE, MU_DECODE), (A_ENCODE, A_DECODE)])
def test_each_code_survives_the_way_round(encode: Samples, decode: Samples) -> None:
    again = decode[encode[decode.view(np.uint16)]]
    assert np.array_equal(again, decode)


def test_silence_is_coded_as_positive_zero() -> None:
    assert MU_ENCODE[0] == 0xFF and A_ENCODE[0] == 0xD5
