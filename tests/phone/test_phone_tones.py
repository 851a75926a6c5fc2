"""Tones measured in samples: frequencies, levels, cadences, no clicks."""

import numpy as np
import pytest

from app.phone.sound import audio, tones
from app.phone.sound.player import ToneSource
from app.phone.sound.sounds import Tone
from drivers.buses import PERIOD, Samples
from tests.kit.phone import power_at


def played(tone: Tone, periods: int) -> Samples:
    source = ToneSource(tone)
    rows = np.zeros((periods, PERIOD), np.int16)
    for row in rows:
        if source.fill(row, 0) < PERIOD:
            break
    return rows.reshape(-1)


def on_off_ms(samples: Samples) -> list[int]:
    """Lengths of sound and silence in turn, in ms, judged in pieces of 5 ms."""
    loud = np.abs(samples.reshape(-1, 40)).max(axis=1) > 300
    edges = np.flatnonzero(np.diff(loud)) + 1
    return [int(n) * 5 for n in np.diff([0, *edges, len(loud)])]


@pytest.mark.parametrize("country", sorted(tones.PLANS))
def test_dial_tone_has_its_frequencies_and_level(country: str) -> None:
    tone = tones.plan(country).dial
    sound = played(tone, 100)
    for hz in tone.hz:
        assert power_at(sound, hz) == pytest.approx(tone.dbm0, abs=0.1)
    assert power_at(sound, 1000) < -70


@pytest.mark.parametrize("country", sorted(tones.PLANS))
def test_every_tone_of_a_plan_can_be_played(country: str) -> None:
    plan = tones.plan(country)
    for name in ("dial", "stutter", "ringback", "busy", "reorder", "call_waiting"):
        sound = played(getattr(plan, name), 600)
        assert audio.level(sound) > -45, name
        assert np.abs(sound).max() < 32767, name
    assert len(plan.ring_ms) % 2 == 0


@pytest.mark.parametrize(
    ("tone", "ms"),
    [
        (tones.plan("us").busy, [500, 500, 500, 500]),
        (tones.plan("us").ringback, [2000, 4000, 2000]),
        (tones.plan("uk").ringback, [400, 200, 400, 2000, 400]),
        (tones.plan("uk").reorder, [400, 350, 225, 525, 400]),
        (tones.plan("us").stutter, [*(100, 100) * 6, 800]),
    ],
)
def test_cadence(tone: Tone, ms: list[int]) -> None:
    assert on_off_ms(played(tone, sum(ms) // 10 + 1))[: len(ms)][:-1] == ms[:-1]


def test_an_unknown_country_is_refused_with_the_allowed_ones() -> None:
    with pytest.raises(ValueError, match=r"'xx'.*au, de, fr, jp, uk, us"):
        tones.plan("xx")


def test_a_steady_tone_has_no_click_where_its_loop_closes() -> None:
    sound = played(Tone((413.0, 438.0)), 250).astype(np.int32)
    one_piece = audio.sine((413.0, 438.0), -13.0, len(sound))
    assert np.abs(sound - one_piece).max() <= 1


def test_a_tone_that_ends_in_the_middle_of_a_period() -> None:
    source = ToneSource(Tone((1000.0,), (12, 3), repeat=2))  # 240 samples
    row = np.zeros(PERIOD, np.int16)
    assert [source.fill(row, 0) for _ in range(4)] == [80, 80, 80, 0]
    source = ToneSource(Tone((1000.0,), (11, 2), repeat=1, then=Tone((500.0,), (4, 1), repeat=1)))
    assert [source.fill(row, 0), source.fill(row, 0)] == [80, 64]


def test_levels_are_relative_to_the_full_scale_sine() -> None:
    assert audio.amplitude(3.17) == pytest.approx(32767)
    assert audio.level(audio.sine((1000.0,), -20.0, 8000)) == pytest.approx(-20.0, abs=0.02)
    assert audio.level(np.zeros(80, np.int16)) == float("-inf")


def test_mixing_saturates() -> None:
    one = np.array([30000, -30000, 100], np.int16)
    assert audio.mixed(one, one).tolist() == [32767, -32768, 200]


def test_mu_law_is_the_standards() -> None:
    codes = np.array([0xFF, 0x7F, 0x80, 0x00, 0xF0, 0x8F], np.uint8)
    assert audio.ulaw_decode(codes).tolist() == [0, 0, 32124, -32124, 120, 16764]
    every = np.arange(256, dtype=np.uint8)
    again = audio.ulaw_encode(audio.ulaw_decode(every))
    assert audio.ulaw_decode(again).tolist() == audio.ulaw_decode(every).tolist()


def test_octets_and_samples() -> None:
    assert audio.from_bytes(b"\x01\x00\xff\xff\x07").tolist() == [1, -1]
    assert audio.to_bytes(np.array([1, -1], np.int16)) == b"\x01\x00\xff\xff"
