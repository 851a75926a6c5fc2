"""Numbers as prompts: the names of the recordings that say them."""

import pytest

from app.phone.sound.languages.en import number
from app.phone.sound.prompts import digits


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0"),
        (7, "7"),
        (20, "20"),
        (21, "20 1"),
        (30, "30"),
        (99, "90 9"),
        (100, "1 hundred"),
        (212, "2 hundred 12"),
        (340, "3 hundred 40"),
        (1000, "1 thousand"),
        (12_345, "12 thousand 3 hundred 40 5"),
        (999_999, "9 hundred 90 9 thousand 9 hundred 90 9"),
    ],
)
def test_number_is_counted_in_words_that_a_pack_has(value: int, said: str) -> None:
    assert number(value) == tuple(f"digits/{word}" for word in said.split())


def test_telephone_number_is_said_sign_by_sign_without_what_cannot_be_dialled() -> None:
    assert digits("+1-2*#") == ("digits/1", "digits/2", "digits/star", "digits/pound")
