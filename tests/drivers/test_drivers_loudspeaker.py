"""A loudspeaker whose clock is not the lines', that is pulled out, or takes little."""

from collections.abc import Callable

import numpy as np
import pytest

from drivers.buses import PERIOD, Samples
from drivers.loudspeaker import Loudspeaker
from drivers.models.loudspeaker import LoudspeakerModel

SECONDS = 30


def speech(periods: int) -> Samples:
    """Bursts of a tone of half a second, with pauses of 0.3 s."""
    time = np.arange(periods * PERIOD)
    on = time % 6400 < 4000
    said: Samples = (8000 * np.sin(2 * np.pi * 440 / 8000 * time) * on).astype(np.int16)
    return said


class Room:
    """A loudspeaker and its model, beat by beat."""

    def __init__(self, change: Callable[[LoudspeakerModel], None] = lambda _: None) -> None:
        self.model = LoudspeakerModel()
        change(self.model)
        self.speaker = Loudspeaker(self.model.open)

    def play(self, samples: Samples) -> bool:
        """Give it a period a beat; False if it gave up."""
        return all([self.beat(row) for row in samples.reshape(-1, PERIOD)])

    def beat(self, row: Samples) -> bool:
        there = self.speaker.play(row)
        self.model.period()
        return there

    def idle(self, beats: int) -> None:
        for _ in range(beats):
            self.speaker.idle()
            self.model.period()


def test_what_is_played_is_heard_whole_with_the_same_clock() -> None:
    room = Room()
    words = speech(200)
    heard = room.model.hear()
    assert room.speaker.begin()
    assert room.play(words)
    room.idle(10)
    whole = heard.samples
    start = int(np.flatnonzero(whole)[0]) - int(np.flatnonzero(words)[0])
    assert (whole[start : start + len(words)] == words).all()
    assert start <= 7 * PERIOD, "it begins late"
    assert (room.speaker.dropped, room.speaker.repeated) == (0, 0)


@pytest.mark.parametrize(("rate", "dropped", "repeated"), [(0.995, 15, 0), (1.005, 0, 15)])
def test_other_clock_costs_periods_but_never_the_flow(
    rate: float, dropped: int, repeated: int
) -> None:
    room = Room(lambda model: setattr(model, "rate", rate))
    heard = room.model.hear()
    assert room.speaker.begin()
    assert room.play(speech(SECONDS * 100))
    assert room.model.underruns == 0
    assert abs(room.speaker.dropped - dropped) <= 3
    assert abs(room.speaker.repeated - repeated) <= 3
    cuts = np.abs(np.diff(heard.samples.astype(np.int32))).max()
    assert cuts < 3000, "a period was left out or played twice in the middle of a word"


def test_loudspeaker_that_is_pulled_out_is_told_and_found_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    room = Room()
    assert room.speaker.begin()
    room.model.plug(False)
    assert not room.beat(speech(1)[:PERIOD])
    assert "unplugged" in room.speaker.fault
    room.idle(1000)
    assert len([r for r in caplog.records if "cannot be used" in r.getMessage()]) == 1
    opened = room.model.opened
    room.model.plug(True)
    room.idle(6500)
    assert room.model.opened == opened + 1
    assert room.speaker.fault == ""


def test_loudspeaker_that_was_pulled_out_and_put_back_plays_at_once() -> None:
    room = Room()
    room.model.plug(False)
    assert not room.speaker.begin()
    room.model.plug(True)
    assert room.speaker.begin()
    assert room.play(speech(10))


def test_loudspeaker_that_takes_nothing_is_given_up() -> None:
    room = Room()
    assert room.speaker.begin()
    room.model.most = 0
    assert not room.play(speech(120))
    assert "no sound for 1 s" in room.speaker.fault


def test_short_writes_are_made_up_for() -> None:
    room = Room(lambda model: setattr(model, "most", 79))
    heard = room.model.hear()
    assert room.speaker.begin()
    assert room.play(speech(300))
    assert np.abs(heard.samples).max() == 8000
    assert (room.speaker.fault, room.model.underruns) == ("", 0)


def test_loudspeaker_that_takes_too_little_is_given_up() -> None:
    room = Room()
    assert room.speaker.begin()
    room.model.most = 10
    assert not room.play(speech(300))
    assert "does not keep pace" in room.speaker.fault


def test_output_that_takes_much_ahead_is_refused() -> None:
    class Greedy(LoudspeakerModel):
        def write(self, samples: Samples) -> int:
            return len(samples)

    speaker = Loudspeaker(Greedy().open)
    assert not speaker.begin()
    assert "too much" in speaker.fault


def test_nothing_is_written_while_nothing_is_played() -> None:
    room = Room()
    room.idle(100)
    assert room.model.writes == 0
    assert room.speaker.begin()
    assert room.play(speech(3))
    room.idle(20)
    written = room.model.writes
    room.idle(100)
    assert room.model.writes == written
