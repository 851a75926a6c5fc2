"""The tone bank, which is in C, beside numpy."""

import numpy as np
import pytest

from app.phone.sound.end_tones import tone_basis
from app.phone.sound.tone_bank import KEPT, ToneBank, Vectors, band_vectors, places_in
from drivers.buses import PERIOD, Samples
from drivers.sampling import amplitude

PLACES = 13
GROUPS: dict[str, tuple[Vectors, float, float]] = {
    "dial": (tone_basis((350.0, 440.0)), 0.7, 1e5),
    "band": (band_vectors(1000.0, 2450.0), 0.6, 1e4),
    "one of both": (tone_basis((440.0,)), 0.2, 0.0),
}


def periods(count: int) -> Samples:
    """Sounds of all kinds: (periods, places, 80)."""
    random, time = np.random.default_rng(3), np.arange(PERIOD) / 8000
    hertz = random.choice([350.0, 440.0, 1300.0, 1500.0, 2300.0], (count, PLACES, 1))
    tones = np.sin(2 * np.pi * hertz * time + random.random((count, PLACES, 1)))
    level = 10 ** random.uniform(0.0, 4.3, (count, PLACES, 1))
    noise = random.standard_normal((count, PLACES, PERIOD)) * random.choice([0.0, 0.3, 3.0])
    sound: Samples = np.clip((tones + noise * 0.5) * level, -32768, 32767).astype(np.int16)
    return sound


def expected(name: str, period: Samples) -> list[tuple[float, float]]:
    """Of each place: energy of a group, and what it must be more than."""
    vectors, pure, floor = GROUPS[name]
    sound = period.astype(np.float64)
    energy = ((sound @ np.array(vectors, np.float64).T) ** 2).sum(1) / pure
    return [*zip(energy, np.maximum((sound**2).sum(1), floor), strict=True)]


@pytest.mark.parametrize("asked", [range(PLACES), (0, 5, 12), (7,), ()])
def test_what_is_found_is_what_numpy_finds(asked: range | tuple[int, ...]) -> None:
    bank = ToneBank(PLACES)
    numbers = {name: bank.judge(*group) for name, group in GROUPS.items()}
    for place in asked:
        bank.ask([*numbers.values()], place, True)
    for period in periods(300):
        bank.hear(period)
        for name, number in numbers.items():
            found = places_in(bank.found(number))
            assert bool(found) == bool(bank.sounding >> number & 1)
            for place, (energy, least) in enumerate(expected(name, period)):
                if abs(energy - least) > 1e-4 * least:  # else rounding decides
                    assert (place in found) == (place in asked and energy > least)


def test_a_group_within_another_is_found_only_where_that_is() -> None:
    bank = ToneBank(PLACES)
    both = bank.judge(*GROUPS["dial"])
    one = bank.judge(*GROUPS["one of both"], within=both)
    alone = bank.judge(*GROUPS["one of both"])
    for place in range(PLACES):
        bank.ask([both, one, alone], place, True)
    seen = 0
    for period in periods(300):
        bank.hear(period)
        assert bank.found(one) == bank.found(both) & bank.found(alone)
        seen += bank.found(one) != bank.found(alone)
    assert seen


def test_energy_power_and_sound_of_a_place_are_those_of_its_samples() -> None:
    bank, vectors = ToneBank(2), tone_basis((697.0, 1209.0))
    columns = bank.measure(vectors)
    bank.ask([bank.judge(tone_basis((440.0,)), 0.9, 0.0)], 1, True)
    heard = periods(KEPT + 3)[:, :2]
    for period in heard:
        bank.hear(period)
    along = (heard[-1, 1] @ np.array(vectors).T) ** 2
    assert np.allclose(bank.squares(1, columns), along, rtol=1e-4, atol=1.0)
    for ago in range(KEPT):
        assert bank.power(0, ago) == pytest.approx((heard[-1 - ago, 0].astype(float) ** 2).sum())
    assert np.array_equal(
        bank.latest([1, 0], 3).reshape(2, 3, PERIOD), heard[-3:, ::-1].swapaxes(0, 1)
    )


def test_silence_of_a_place_is_counted_from_its_last_sound() -> None:
    bank, random = ToneBank(3), np.random.default_rng(5)
    loud = random.random((400, 3)) < 0.02
    last = np.zeros(3, int)
    for number, places in enumerate(loud, 1):
        level = np.where(places, amplitude(-40.0), amplitude(-50.0))[:, None]
        tone = np.sin(2 * np.pi * 500 * np.arange(PERIOD) / 8000)
        bank.hear(np.rint(level * tone).astype(np.int16))
        last[places] = number
        assert [bank.quiet(place) for place in range(3)] == (number - last).tolist()


def test_a_period_of_more_places_and_a_vector_of_no_kind_are_refused() -> None:
    bank = ToneBank(2)
    with pytest.raises(ValueError, match="samples"):
        bank.hear(np.zeros((3, PERIOD), np.int16))
    with pytest.raises(ValueError, match="neither even nor odd"):
        bank.measure([np.eye(PERIOD, dtype=np.float32)[3]])
    with pytest.raises(ValueError, match="not of length 1"):
        bank.measure(2 * np.array(tone_basis((440.0,)), np.float32))


def test_each_period_is_taken_as_it_is_when_the_same_array_brings_all() -> None:
    """As a mixer's does; and one whose rows do not lie in one piece."""
    bank, row = ToneBank(2), np.zeros((2, PERIOD), np.int16)
    for level in (100, 200, 0):
        row[1] = level
        bank.hear(row)
        assert bank.power(1) == PERIOD * level**2
    for level in (100, 200, 0):
        wide = np.full((4, PERIOD), level, np.int16)[::2]
        bank.hear(wide)
        assert bank.power(1) == PERIOD * level**2
