"""DTMF digits on all lines at once: the limits of ITU-T Q.24, on tones that we did not make."""

from collections.abc import Callable

import numpy as np
import pytest

from app.phone.sound import dsp
from app.phone.sound.dtmf import DtmfDetector
from app.phone.sound.recorder import DIGIT_CUT
from app.phone.sound.tone_bank import Floats, ToneBank
from drivers.buses import PERIOD, Samples
from drivers.countries import codes, country
from tests.kit.detecting import DigitEar, digits_in, digits_of_each, periods
from tests.kit.foreign_tones import KEYS, Wave, as_samples, key, noise, silence, tones
from tests.kit.hearing import PACK
from tests.soak import talk_off

STARTS = range(0, PERIOD, 8)
"""Each digit begins at several places of a period, with its tones at several phases."""
DIAL_TONES = sorted({country(code).tones.dial.hz for code in codes()})

Made = Callable[[str, int], Wave]


def share(wanted: Callable[[str], str], made: Made, *, dbm0: float = -70.0, dial: bool = False,
          over: Callable[[int], Wave] | None = None) -> float:  # fmt: skip
    """Part of all keys and starts that give exactly what is wanted, with noise of this level."""
    sounds: list[Samples] = []
    keys: list[str] = []
    for name in KEYS:
        for start in STARTS:
            lead = np.zeros(5 * PERIOD + start)
            wave = np.concatenate([lead, made(name, 13 * start), silence(60)])
            wave += noise(len(wave), dbm0, len(sounds))
            if over is not None:
                wave = wave + over(len(wave))
            sounds.append(as_samples(wave))
            keys.append(name)
    found = ["".join(digit for _, digit in one) for one in digits_of_each(sounds, dial)]
    assert len(found) == 16 * len(STARTS)
    return sum(one == wanted(name) for one, name in zip(found, keys, strict=True)) / len(found)


def same(name: str) -> str:
    return name


def nothing(_: str) -> str:
    return ""


def twice(name: str) -> str:
    return name * 2


@pytest.mark.parametrize("low", [-0.015, 0.0, 0.015])
@pytest.mark.parametrize("high", [-0.015, 0.0, 0.015])
def test_key_of_40_ms_that_is_off_by_1_5_per_cent_in_noise_of_15_db_is_a_digit(
    low: float, high: float
) -> None:
    def made(name: str, start: int) -> Wave:
        return key(name, 40, off=(low, high), start=start)

    assert share(same, made, dbm0=-22.0) >= 0.995  # two tones of -10 dBm0 are -7


@pytest.mark.parametrize("off", [(-0.035, 0), (0.035, 0), (0, -0.035), (0, 0.035), (0.035, 0.035)])
@pytest.mark.parametrize("dbm0", [-70.0, -22.0])
def test_tone_that_is_off_by_3_5_per_cent_is_no_digit(
    off: tuple[float, float], dbm0: float
) -> None:
    assert share(nothing, lambda name, at: key(name, 100, off=off, start=at), dbm0=dbm0) == 1.0


@pytest.mark.parametrize(
    ("low", "high"), [(-8.0, -4.0), (-14.0, -10.0), (-25.0, -21.0),
                      (-4.0, -12.0), (-10.0, -18.0), (-21.0, -29.0)]
)  # fmt: skip
@pytest.mark.parametrize("off", [-0.015, 0.015])
def test_twist_from_low_8_db_louder_to_high_4_db_louder_is_taken(
    low: float, high: float, off: float
) -> None:
    quieter = max(low, high) - 15.0
    made = lambda name, at: key(name, 40, (low, high), (off, -off), at)  # noqa: E731
    assert share(same, made, dbm0=quieter) >= 0.995


@pytest.mark.parametrize("dbm0", [-3.0, 0.0, -20.0, -29.0, -36.0, -40.0])
def test_level_from_0_to_40_dbm0_is_taken(dbm0: float) -> None:
    assert share(same, lambda name, at: key(name, 40, (dbm0, dbm0), start=at)) == 1.0


def test_level_of_45_dbm0_is_no_digit() -> None:
    assert share(nothing, lambda name, at: key(name, 200, (-45.0, -45.0), start=at)) == 1.0


@pytest.mark.parametrize("ms", [5, 10, 15, 20])
@pytest.mark.parametrize("dbm0", [-70.0, -22.0])
def test_tone_of_20_ms_or_less_is_no_digit(ms: int, dbm0: float) -> None:
    assert share(nothing, lambda name, at: key(name, ms, start=at), dbm0=dbm0) == 1.0


@pytest.mark.parametrize("at_ms", [5, 10, 20, 25, 30, 35, 40, 45, 50, 60, 75, 85])
@pytest.mark.parametrize("gap_ms", [2, 10])
def test_interruption_of_10_ms_makes_no_second_digit(at_ms: int, gap_ms: int) -> None:
    def made(name: str, start: int) -> Wave:
        wave = key(name, 100, start=start)
        wave[at_ms * 8 : (at_ms + gap_ms) * 8] = 0
        return wave

    assert share(same, made) == 1.0


@pytest.mark.parametrize("dbm0", [-70.0, -22.0])
def test_pause_of_40_ms_makes_a_second_digit(dbm0: float) -> None:
    def made(name: str, start: int) -> Wave:
        return np.concatenate([key(name, 40, start=start), silence(40), key(name, 40)])

    assert share(twice, made, dbm0=dbm0) >= 0.995


def test_key_held_in_noise_is_one_digit() -> None:
    assert share(same, lambda name, at: key(name, 1500, start=at), dbm0=-15.0) == 1.0


@pytest.mark.parametrize("hertz", DIAL_TONES, ids=str)
def test_digits_are_heard_through_the_dial_tone_of_every_country(hertz: tuple[float, ...]) -> None:
    def dial_tone(samples: int) -> Wave:
        return np.resize(tones(hertz, 1000, -13.0), samples)

    for off in (-0.015, 0.015):
        made = lambda name, at, off=off: key(name, 40, (-20.0, -20.0), (off, off), at)  # noqa: E731
        assert share(same, made, dial=True, over=dial_tone) >= 0.995
    quiet = lambda name, at: key(name, 50, (-29.0, -29.0), start=at)  # noqa: E731
    assert share(same, quiet, dial=True, over=dial_tone) >= 0.995
    assert share(nothing, lambda *_: silence(300), dial=True, over=dial_tone) == 1.0


@pytest.mark.parametrize("level", [-6, -10, -20, -26])
def test_digits_that_spandsp_sends_are_detected(level: int) -> None:
    assert digits_in(dsp.dtmf("1234567890*#ABCD", level, on_ms=50, off_ms=50)) == "1234567890*#ABCD"
    assert digits_in(dsp.dtmf("1100##", level, on_ms=50, off_ms=50)) == "1100##"
    assert digits_in(dsp.dtmf("5", level, on_ms=20)) == ""


@pytest.mark.parametrize("level", [-8, -26])
def test_digit_is_reported_while_the_recorder_can_still_cut_its_tone(level: int) -> None:
    latest = 0
    for digit in "147*2580369#":
        for offset in range(0, 10 * PERIOD, 23):
            said = np.concatenate([np.zeros(offset, np.int16), dsp.dtmf(digit, level)])
            ear = DigitEar()
            reports = [ear.hear(period) for period in periods(said)]
            recorded = reports.index(digit) - offset // PERIOD  # periods with its tone
            latest = max(latest, recorded)
    assert latest == DIGIT_CUT - 2  # two to spare


def test_lines_are_told_apart_and_one_that_is_asked_no_longer_is_silent() -> None:
    bank = ToneBank(4)
    detector = DtmfDetector(bank)
    for line in range(4):
        detector.listen(line, True)
    detector.listen(1, False)
    frames = np.stack([np.concatenate([*periods(dsp.dtmf(digit))]) for digit in "1234"], axis=1)
    found = []
    for frame in frames:
        bank.hear(frame)
        found += detector.hear()
    assert found == [(0, "1"), (2, "3"), (3, "4")]


def test_line_that_is_listened_to_from_the_midst_of_a_key_hears_it_once() -> None:
    bank = ToneBank(1)
    detector = DtmfDetector(bank)
    found = []
    for number, period in enumerate(periods(dsp.dtmf("5", on_ms=200))):
        bank.hear(period)
        found += [*map(str, detector.hear())]
        if number in (3, 9):
            detector.listen(0, number == 3)
    assert found == ["(0, '5')"]


@pytest.fixture(scope="module")
def english() -> Floats:
    """All prompts of the English pack, at the level of 0 dBm0."""
    return np.concatenate([*talk_off.prompts([PACK])])


@pytest.mark.parametrize(("level", "noise_db"), [(-20.0, None), (-10.0, 25.0), (-5.0, None)])
def test_no_speech_of_the_sound_pack_is_a_digit(
    english: Floats, level: float, noise_db: float | None
) -> None:
    judged = talk_off.judge(english, level, noise_db)
    assert judged.hours > 0.2
    assert judged.digits == []


def test_judge_of_speech_finds_a_key_that_is_pressed_in_it(english: Floats) -> None:
    said = english[: 192 * 100 * PERIOD].copy()
    said[8000:8800] = key("5", 100, (-3.0, -3.0))
    ((digit, level, _, at),) = talk_off.judge(said, -10.0, None).digits
    assert (digit, level) == ("5", -10.0)
    assert at == pytest.approx(1.03, abs=0.02)
