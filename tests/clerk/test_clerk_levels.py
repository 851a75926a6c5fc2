"""Prompts are made alike: level, and silence around them."""

import math
from array import array

import pytest

from app.clerk.levels import AFTER, BEFORE, LEVEL_DBM0, active_power, levelled
from app.clerk.trim import WINDOW
from drivers.sampling import amplitude
from tests.kit.voicemail import silence, tone


def power_dbm0(sound: bytes) -> float:
    """The mean power of sound, in dBm0."""
    values = array("h", sound)
    mean = sum(value * value for value in values) / len(values)
    return 10 * math.log10(2 * mean / amplitude(0) ** 2)


@pytest.mark.parametrize("dbm0", [-30.0, -25.0, -18.0, -12.8, -3.0])
def test_loud_and_soft_recordings_get_one_level(dbm0: float) -> None:
    said = levelled(tone(1, peak=round(amplitude(dbm0))))
    assert power_dbm0(said) == pytest.approx(LEVEL_DBM0, abs=0.2)


def test_pauses_do_not_count_for_the_level() -> None:
    word = tone(0.5, peak=round(amplitude(-10)))
    said = levelled(word + silence(2) + word)
    assert power_dbm0(said[: len(word) // 2]) == pytest.approx(LEVEL_DBM0, abs=0.2)
    assert len(said) >= 2 * len(word) + len(silence(2)), "a pause in the middle is meant"


def test_silence_around_is_cut_off() -> None:
    word = tone(0.5)
    said = levelled(silence(0.8) + word + silence(1.2))
    assert len(said) // 2 <= len(word) // 2 + (BEFORE + AFTER + 2) * WINDOW
    assert len(said) >= len(word)


def test_what_is_silent_is_nothing() -> None:
    assert levelled(b"") == b""
    assert levelled(silence(1)) == b""


def test_one_loud_click_is_not_made_louder_than_samples_go() -> None:
    click = array("h", [32_000]).tobytes()
    said = array("h", levelled(click + tone(1, peak=600)))
    assert max(said) <= 30_000


def test_what_is_very_soft_is_not_raised_without_end() -> None:
    said = array("h", levelled(tone(1, peak=150)))
    assert max(said) == pytest.approx(1500, rel=0.02)


def test_speech_is_measured_while_somebody_speaks() -> None:
    assert active_power([100.0, 100.0, 1.0, 0.0]) == 100.0
