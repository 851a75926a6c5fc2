"""Conferences, sample by sample: who hears whom, how loud, and what a move of a leg changes."""

from collections.abc import Sequence

import numpy as np
import pytest

from app.phone.calls.line import Recorded
from app.phone.sound.dsp import dtmf
from app.phone.sound.mixer import Bus, Channel, Leg, Mixer
from app.phone.sound.player import PcmSource, ToneSource
from app.phone.sound.recorder import Recorder
from app.phone.sound.sounds import Tone
from drivers.buses import PERIOD, Samples

HOLD_MUSIC = Tone((600.0,), dbm0=-20.0)


class Room:
    """A mixer with some lines; line n says the constant n-th power of ten, so sums can be read."""

    def __init__(self, lines: int = 4) -> None:
        self.mixer = Mixer(lines)
        self.lines = [self.mixer.channel(slot) for slot in range(lines)]
        self.legs = [Leg(line) for line in self.lines]
        self.says = [10**n for n in range(lines)]

    def together(self, *lines: int) -> Bus:
        bus = self.mixer.bus()
        for line in lines:
            self.legs[line].join(bus)
        return bus

    def period(self) -> Samples:
        heard = np.repeat(np.array(self.says, np.int16), PERIOD).reshape(-1, PERIOD)
        self.mixer.hear(heard)
        return self.mixer.play()

    def hears(self) -> list[int]:
        """What each line hears in one period, which must be constant."""
        played = self.period()
        assert (played == played[:, :1]).all()
        return [int(row[0]) for row in played]


def test_two_lines_on_a_bus_hear_each_other_and_no_one_else_does() -> None:
    room = Room()
    room.together(0, 2)
    assert room.hears() == [100, 0, 1, 0]


def test_three_lines_on_a_bus_hear_the_others_without_themselves() -> None:
    room = Room()
    room.together(0, 1, 2)
    assert room.hears() == [110, 101, 11, 0]


def test_two_buses_do_not_hear_each_other() -> None:
    room = Room()
    room.together(0, 1)
    room.together(2, 3)
    assert room.hears() == [10, 1, 1000, 100]


def test_third_line_that_joins_and_leaves_again_leaves_the_two_as_they_were() -> None:
    room = Room()
    bus = room.together(0, 1)
    room.legs[2].join(bus)
    assert room.hears() == [110, 101, 11, 0]
    room.legs[2].leave()
    assert room.hears() == [10, 1, 0, 0]


def test_line_alone_on_a_bus_hears_nothing() -> None:
    room = Room()
    room.together(0)
    assert room.hears() == [0, 0, 0, 0]


def test_leg_that_moves_hears_the_other_bus_only() -> None:
    room = Room()
    room.together(0, 1)
    other = room.together(2, 3)
    room.legs[1].join(other)
    assert room.hears() == [0, 1100, 1010, 110]


@pytest.mark.parametrize(("gain_db", "factor"), [(6.0, 1.995), (-20.0, 0.1), (20.0, 10.0)])
def test_gain_of_a_leg_is_heard_by_the_others_only(gain_db: float, factor: float) -> None:
    room = Room(3)
    room.says = [1000, 200, 30]
    room.legs[0] = Leg(room.lines[0], gain_db)
    room.together(0, 1, 2)
    loud = round(1000 * factor)
    assert room.hears() == [230, pytest.approx(loud + 30, abs=1), pytest.approx(loud + 200, abs=1)]


@pytest.mark.parametrize(
    ("gains_db", "heard"), [((0.0, -20.0), [20, 1000]), ((-1.0, -1.0), [178, 891])]
)
def test_gains_are_applied_between_two_lines_too(
    gains_db: tuple[float, float], heard: list[int]
) -> None:
    room = Room(2)
    room.says = [1000, 200]
    room.legs = [Leg(line, gain_db) for line, gain_db in zip(room.lines, gains_db, strict=True)]
    room.together(0, 1)
    assert room.hears() == heard


@pytest.mark.parametrize("gain_db", [-50.1, 20.1])
def test_gain_out_of_range_is_refused(gain_db: float) -> None:
    with pytest.raises(ValueError, match="is not within"):
        Leg(Room().lines[0], gain_db)


@pytest.mark.parametrize(("level", "sum_"), [(30000, 32767), (-30000, -32768)])
def test_sum_that_is_too_loud_is_saturated_not_wrapped(level: int, sum_: int) -> None:
    room = Room(3)
    room.says = [level, level, level]
    room.together(0, 1, 2)
    assert room.hears() == [sum_] * 3


def test_monitor_hears_all_and_is_heard_by_nobody() -> None:
    room = Room()
    bus = room.together(0, 1)
    Leg(room.lines[2], heard=False).join(bus)
    assert room.hears() == [10, 1, 11, 0]


def test_held_party_hears_nothing_and_is_not_heard() -> None:
    room = Room()
    room.together(0, 1, 2)
    room.legs[1].leave()
    assert room.hears() == [100, 0, 1, 0]


def test_held_party_on_the_bus_of_the_music_hears_it_and_no_other_held_party() -> None:
    room = Room()
    music_bus, music = room.mixer.bus(), room.mixer.script_channel()
    Leg(music).join(music_bus)
    music.tone(HOLD_MUSIC)
    for line in (0, 1):
        Leg(room.lines[line], heard=False).join(music_bus)
    played = room.period()
    expected = np.zeros(PERIOD, np.int16)
    ToneSource(HOLD_MUSIC).fill(expected, 0)
    assert expected.any()
    assert np.array_equal(played[0], expected) and np.array_equal(played[1], expected)


def test_party_on_two_buses_at_once_is_refused() -> None:
    room = Room()
    bus = room.together(0, 1)
    with pytest.raises(ValueError, match="one bus at a time"):
        Leg(room.lines[0]).join(bus)


def test_quiet_line_has_left_its_bus() -> None:
    room = Room()
    room.together(0, 1, 2)
    room.lines[1].quiet()
    assert room.hears() == [100, 0, 1, 0]
    assert room.legs[1].bus is None


def test_sound_played_to_one_line_is_added_for_that_line_only() -> None:
    room = Room()
    room.together(0, 1, 2)
    room.lines[1].play([PcmSource(np.full(PERIOD, 5, np.int16))], lambda _: None)
    assert room.hears() == [110, 106, 11, 0]


def test_sound_that_is_over_is_reported_once_and_costs_nothing_more() -> None:
    room, ends = Room(), list[object]()
    room.lines[0].play([PcmSource(np.full(PERIOD, 5, np.int16))], ends.append)
    assert [room.hears()[0] for _ in range(4)] == [5, 0, 0, 0]
    assert ends == [None] and not room.lines[0].sounding


def listen(channels: Sequence[Channel]) -> list[list[str]]:
    found: list[list[str]] = [[] for _ in channels]
    for channel, digits in zip(channels, found, strict=True):
        channel.listen(digits.append)
    return found


def dial(room: Room, line: int, digit: str) -> None:
    """One party dials while the others are silent."""
    samples = dtmf(digit, on_ms=80, off_ms=80)
    for row in np.resize(samples, (len(samples) // PERIOD, PERIOD)):
        heard = np.zeros((room.mixer.slots, PERIOD), np.int16)
        heard[line] = row
        room.mixer.hear(heard)
        room.mixer.play()


def test_digit_of_a_party_is_detected_on_its_own_leg_only() -> None:
    room = Room()
    room.together(0, 1, 2)
    found = listen(room.lines)
    dial(room, 1, "5")
    dial(room, 2, "9")
    assert found == [[], ["5"], ["9"], []]


def test_detector_of_a_script_hears_the_digits_of_every_party() -> None:
    room = Room()
    script = room.mixer.script_channel()
    Leg(script).join(room.together(0, 1))
    found = listen([script])
    dial(room, 0, "4")
    dial(room, 1, "2")
    assert found == [["4", "2"]]


def recorded(room: Room, script: Channel, periods: int) -> set[int]:
    """The values that a recorder of this script hears."""
    pieces: list[bytes] = []
    ends: list[Recorded] = []
    script.record(recorder := Recorder(pieces.append, 1000, 1000, ends.append))
    for _ in range(periods):
        room.period()
    recorder.end("limit")
    script.record(None)
    return set(np.frombuffer(b"".join(pieces), np.int16).tolist())


def test_script_in_a_conference_records_all_parties_and_is_heard_by_all() -> None:
    room = Room()
    script = room.mixer.script_channel()
    Leg(script).join(room.together(0, 1))
    room.period()
    assert recorded(room, script, 5) == {11}
    script.play([PcmSource(np.full(PERIOD, 500, np.int16))], lambda _: None)
    assert room.hears() == [510, 501, 0, 0]


def test_script_that_has_left_or_is_alone_hears_and_says_nothing() -> None:
    room = Room()
    script = room.mixer.script_channel()
    leg = Leg(script)
    leg.join(room.together(0, 1))
    script.tone(HOLD_MUSIC)
    room.period()
    room.legs[0].leave()
    room.period()
    room.legs[1].leave()
    assert recorded(room, script, 3) == {0}
    room.legs[1].join(bus := room.mixer.bus())
    leg.join(bus)
    room.period()
    room.mixer.close(script)
    assert recorded(room, script, 3) == {0}
    assert room.hears() == [0, 0, 0, 0]
