"""Tones measured in samples: frequencies, levels, cadences, no clicks."""

from dataclasses import fields

import numpy as np
import pytest

from app.phone.sound import audio
from app.phone.sound.player import Sounds, ToneSource
from app.phone.sound.sounds import Tone
from app.voicemail.common import TROUBLE
from drivers.buses import PERIOD, Samples
from drivers.countries import codes, country
from drivers.sampling import amplitude
from drivers.tones import modulated
from tests.kit.phone import StubClerk, power_at


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


def shape(tone: Tone) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Frequencies in Hz, and on and off in turn in ms."""
    return tone.hz, tone.cadence_ms


# (Hz, on and off in ms) of dial, ringback, busy and reorder tone: T1.401 for us, BT SIN 350 for gb,
# Deutsche Telekom 1 TR 110-1 for de, else ITU-T E.180 Supplement 2.
STANDARD = {
    "us": (
        ((350, 440), ()),
        ((440, 480), (2000, 4000)),
        ((480, 620), (500, 500)),
        ((480, 620), (250, 250)),
    ),
    "gb": (
        ((350, 440), ()),
        ((400, 450), (400, 200, 400, 2000)),
        ((400,), (375, 375)),
        ((400,), (400, 350, 225, 525)),
    ),
    "de": (((425,), ()), ((425,), (1000, 4000)), ((425,), (480, 480)), ((425,), (240, 240))),
    "fr": (((440,), ()), ((440,), (1500, 3500)), ((440,), (500, 500)), ((440,), (250, 250))),
    "au": (
        ((400, 425, 450), ()),
        ((400, 425, 450), (400, 200, 400, 2000)),
        ((425,), (375, 375)),
        ((425,), (375, 375)),
    ),
    "jp": (
        ((400,), ()),
        ((385, 400, 415), (1000, 2000)),
        ((400,), (500, 500)),
        ((400,), (500, 500)),
    ),
}


@pytest.mark.parametrize("code", STANDARD)
def test_tones_of_a_country_are_those_of_its_standard(code: str) -> None:
    tones = country(code).tones
    found = tuple(shape(tone) for tone in (tones.dial, tones.ringback, tones.busy, tones.reorder))
    assert found == STANDARD[code]


@pytest.mark.parametrize(
    ("code", "levels_dbm0"),
    [("us", {350: -13, 440: -13}), ("gb", {350: -22, 440: -18}), ("de", {425: -18})],
)
def test_dial_tone_played_has_the_levels_of_the_country(
    code: str, levels_dbm0: dict[float, float]
) -> None:
    sound = played(country(code).tones.dial, 100)
    for hz, level_dbm0 in levels_dbm0.items():
        assert power_at(sound, hz) == pytest.approx(level_dbm0, abs=0.1)
    assert power_at(sound, 1000) < -70


@pytest.mark.parametrize("code", codes())
def test_every_tone_of_a_country_can_be_played(code: str) -> None:
    tones = country(code).tones
    for tone in (getattr(tones, field.name) for field in fields(tones)):
        sound = played(tone, 600)
        assert audio.level(sound) > -45, tone
        assert np.abs(sound).max() < 32767, tone


@pytest.mark.parametrize(
    ("tone", "ms"),
    [
        (country("us").tones.busy, [500, 500, 500, 500]),
        (country("us").tones.ringback, [2000, 4000, 2000]),
        (country("gb").tones.ringback, [400, 200, 400, 2000, 400]),
        (country("gb").tones.reorder, [400, 350, 225, 525, 400]),
        (country("us").tones.stutter, [*(100, 100) * 6, 800]),
        (country("de").tones.reorder, [240, 240, 240, 240]),
    ],
)
def test_tone_played_has_its_cadence(tone: Tone, ms: list[int]) -> None:
    assert on_off_ms(played(tone, sum(ms) // 10 + 1))[: len(ms)][:-1] == ms[:-1]


def test_modulated_tone_has_side_bands_of_its_depth() -> None:
    sound = played(modulated(400, 25, depth=0.9, dbm0=-18.0), 100)
    assert power_at(sound, 400) == pytest.approx(-18, abs=0.1)
    for side_hz in (375, 425):
        assert power_at(sound, side_hz) == pytest.approx(-24.9, abs=0.1)  # 20 lg 0.45 = -6.9 dB


def test_error_tone_is_four_bursts_of_the_countrys_reorder_tone() -> None:
    source = Sounds(StubClerk(), country("de").tones).source(TROUBLE)
    rows = np.zeros((300, PERIOD), np.int16)
    filled = [source.fill(row, 0) for row in rows]
    sound = rows.reshape(-1)[: sum(filled)]
    assert on_off_ms(sound) == [240, 240] * 4
    assert power_at(sound[: 240 * 8], 425) == pytest.approx(-18, abs=0.2)


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
    assert amplitude(3.17) == pytest.approx(32767)
    assert audio.level(audio.sine((1000.0,), -20.0, 8000)) == pytest.approx(-20.0, abs=0.02)
    assert audio.level(np.zeros(80, np.int16)) == float("-inf")


def test_mixing_saturates() -> None:
    one = np.array([30000, -30000, 100], np.int16)
    assert audio.mixed(one, one).tolist() == [32767, -32768, 200]


def test_octets_and_samples() -> None:
    assert audio.from_bytes(b"\x01\x00\xff\xff\x07").tolist() == [1, -1]
    assert audio.to_bytes(np.array([1, -1], np.int16)) == b"\x01\x00\xff\xff"
