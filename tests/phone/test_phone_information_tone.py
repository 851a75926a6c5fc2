"""Special information tone: sent for numbers that are nobody's, and understood from an office."""

import numpy as np
import pytest

from app.phone.config import PhoneConfig
from drivers.buses import PERIOD, Samples
from drivers.countries import codes, country
from tests.kit import caller_sound as kit
from tests.kit.detecting import information_tones_in
from tests.kit.phone import Bench, power_at
from tests.phone.test_phone_lines import OneTrunk

SIT = ((950, 330), (1400, 330), (1800, 330))
VARIANTS = {
    "E.180": SIT,
    "lowest and shortest": ((905, 260), (1355, 260), (1755, 260)),
    "highest and longest": ((995, 400), (1445, 400), (1820, 400)),
    "vacant code": ((985.2, 380), (1370.6, 274), (1776.7, 380)),
    "intercept": ((913.8, 274), (1370.6, 274), (1776.7, 380)),
    "no circuit": ((985.2, 380), (1428.5, 380), (1776.7, 380)),
}
Steps = tuple[tuple[float, int], ...]


def sounded(steps: Steps, dbm0: float = -20.0, gap_ms: int = 0) -> Samples:
    pieces = [kit.silence(300)]
    for hz, ms in steps:
        time = np.arange(ms * 8) / 8000
        tone = kit.peak(dbm0) * np.sin(2 * np.pi * hz * time)
        pieces += [np.rint(tone).astype(np.int16), kit.silence(gap_ms)]
    return np.concatenate([*pieces, kit.silence(300)])


def found(sound: Samples) -> int:
    return len(information_tones_in(sound))


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("dbm0", [-5.0, -20.0, -33.0])
@pytest.mark.parametrize("gap_ms", [0, 30])
@pytest.mark.parametrize("shift", [0, 37])
def test_information_tone_is_heard_once(name: str, dbm0: float, gap_ms: int, shift: int) -> None:
    assert found(sounded(VARIANTS[name], dbm0, gap_ms)[shift:]) == 1


def test_information_tone_is_heard_in_noise_of_15_db() -> None:
    sound = sounded(SIT, -20.0).astype(np.float64)
    sound += np.random.default_rng(3).normal(0, kit.peak(-35) / 2**0.5, len(sound))
    assert found(np.rint(sound).astype(np.int16)) == 1


@pytest.mark.parametrize(
    "steps",
    [
        SIT[::-1],
        SIT[:2],
        ((950, 100), (1400, 100), (1800, 100)),
        ((950, 600), (1400, 330), (1800, 330)),
        ((1100, 500), (2100, 3000)),
        ((950, 330), (1800, 330), (1400, 330)),
    ],
)
def test_other_tones_are_no_information_tone(steps: Steps) -> None:
    assert found(sounded(steps)) == 0


@pytest.mark.parametrize("code", codes())
def test_other_tones_of_a_country_are_no_information_tone(code: str) -> None:
    tones = country(code).tones
    bench = tones.dial, tones.busy, tones.reorder, tones.ringback, tones.call_waiting
    for tone in bench:
        wave = sum(
            kit.peak(level) * np.sin(2 * np.pi * hz * np.arange(24_000) / 8000)
            for hz, level in zip(tone.hz, tone.levels_dbm0, strict=True)
        )
        assert found(np.rint(wave).astype(np.int16)) == 0


@pytest.mark.parametrize("code", codes())
def test_information_tone_of_every_country_is_understood(code: str) -> None:
    steps = [(tone.hz[0], tone.cadence_ms[0]) for tone in country(code).tones.information.chain]
    assert len(steps) == 6 and steps[:3] == steps[3:]
    assert found(sounded(tuple(steps[:3]))) == 1
    for (hz, ms), (wanted, _) in zip(steps, SIT, strict=False):
        assert abs(hz - wanted) <= 50 and abs(ms - 330) <= 70  # ITU-T E.180


@pytest.mark.parametrize(
    ("code", "hz", "ms", "dbm0"),
    [
        ("us", (985.2, 1370.6, 1776.7), (380, 274, 380), -24),
        ("de", (950, 1400, 1800), (330, 330, 330), -18),
        ("jp", (950, 1400, 1800), (330, 330, 330), -18),
        ("generic", (950, 1400, 1800), (330, 330, 330), -18),
    ],
)
def test_handset_that_dials_nobodys_number_hears_information_tone_and_then_reorder(
    code: str, hz: tuple[float, ...], ms: tuple[int, ...], dbm0: float
) -> None:
    bench = Bench(PhoneConfig(country=code))
    bench.station("101").lift()
    bench.run(10)
    handset = bench.station("101")
    handset.heard.clear()
    bench.dial("101", "888")
    bench.seconds(14)
    heard = np.concatenate(handset.heard)
    times = information_tones_in(heard)
    assert len(times) == 2 and (times[1] - times[0]) * 10 == pytest.approx(2000, abs=10)
    last = (times[0] - 21) * PERIOD  # where the third tone began
    begins = (last - (ms[0] + ms[1]) * 8, last - ms[1] * 8, last)
    for begin, each in zip(begins, hz, strict=True):
        assert power_at(heard[begin + 240 :][:1600], each) == pytest.approx(dbm0, abs=1)
    reorder = country(code).tones.reorder
    sound = heard[(times[1] + 160) * PERIOD :][: 8 * sum(reorder.cadence_ms)]
    share = sum(reorder.cadence_ms[::2]) / sum(reorder.cadence_ms)
    wanted = reorder.levels_dbm0[0] + 20 * np.log10(share)
    assert power_at(sound, reorder.hz[0]) == pytest.approx(wanted, abs=2)


def test_line_that_has_dialled_knows_that_the_number_does_not_exist() -> None:
    office = OneTrunk("de")
    office.line.call("5551234", False, lambda: None)
    office.run(700)
    assert not office.line.number_unknown
    office.say(sounded(SIT))
    office.run(200)
    assert office.line.number_unknown
    office.line.release()
    office.run(100)
    assert office.line.call("5559876", False, lambda: None)
    assert not office.line.number_unknown, "the next call is another"
