"""A recording played from a playhead: moved, slowed down, made louder, while it sounds."""

import time

import numpy as np
import pytest

from app.phone.sound import audio
from app.phone.sound.dsp import TimeScale
from app.phone.sound.player import PIECE, Sounds
from app.phone.sound.sounds import MessageAudio, Played, Playhead
from drivers.buses import PERIOD, SAMPLE_RATE, Samples
from drivers.countries import country
from tests.kit.hearing import prompt
from tests.phone.test_phone_player import Played as Run
from tests.phone.test_phone_player import Shelf, ramp

US = country("us").tones


def play(shelf: Shelf, head: Playhead) -> Run:
    return Run([Sounds(shelf.clerk, US).source(Played(MessageAudio(1), head))])


def hz(sound: Samples) -> float:
    """The strongest frequency."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    return float(np.argmax(spectrum)) * SAMPLE_RATE / len(sound)


@pytest.mark.parametrize("count", [1, PERIOD, 5 * PIECE, 5 * PIECE + 33])
def test_whole_recording_is_played_sample_by_sample(count: int) -> None:
    sound, head = ramp(count), Playhead()
    run = play(Shelf(**{"1": sound}), head)
    assert np.array_equal(run.run()[:count], sound)
    assert head.position == count and run.ends == [None]


def test_moving_the_head_is_heard_in_the_next_period_and_asks_for_nothing_twice() -> None:
    sound, head = ramp(4 * PIECE), Playhead(position=5000)
    shelf = Shelf(**{"1": sound})
    run = play(shelf, head)
    assert np.array_equal(run.run(10)[-PERIOD:], sound[5720:5800])
    head.position = 1003
    assert np.array_equal(run.run(1)[-PERIOD:], sound[1003:1083])
    head.position = PIECE - 40
    assert np.array_equal(run.run(1)[-PERIOD:], sound[PIECE - 40 : PIECE + 40])
    again = play(shelf, head)
    assert np.array_equal(again.run(1)[-PERIOD:], sound[PIECE + 40 : PIECE + 120])
    asked = [arguments["start"] for _, arguments in shelf.clerk.asked]
    assert len(asked) == len(set(asked))


def test_head_beyond_the_end_ends_it() -> None:
    run = play(Shelf(**{"1": ramp(3000)}), Playhead(position=PIECE * 3))
    run.run(2)
    assert run.ends == [None]


@pytest.mark.parametrize("speed", [0.5, 0.75, 1.33, 2.0])
def test_speed_changes_how_long_it_takes_and_not_its_pitch(speed: float) -> None:
    sound = audio.sine((300.0,), -10.0, 5 * SAMPLE_RATE)
    run = play(Shelf(**{"1": sound}), Playhead(speed=speed))
    heard = run.run()
    assert len(heard) == pytest.approx(len(sound) / speed, rel=0.02)
    assert hz(heard[: SAMPLE_RATE * 2]) == pytest.approx(300.0, abs=3)


def test_speed_can_change_while_it_plays() -> None:
    sound, head = audio.sine((300.0,), -10.0, 4 * SAMPLE_RATE), Playhead()
    run = play(Shelf(**{"1": sound}), head)
    run.run(100)
    head.speed = 2.0
    run.run(100)
    assert head.position == pytest.approx(3 * SAMPLE_RATE, abs=600)


def test_volume_is_in_decibels_and_saturates() -> None:
    sound = np.array([1000, -1000, 20000, -20000] * PERIOD, np.int16)
    heard = play(Shelf(**{"1": sound}), Playhead(gain_db=6.0)).run(1)[:4]
    assert list(heard) == [1995, -1995, 32767, -32768]


def test_speed_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="a speed of 3"):
        TimeScale(3.0)


def test_every_period_costs_about_the_same_at_any_speed() -> None:
    """Against a mistake of kind: work that grows with the recording."""
    speech, most = np.tile(prompt("demo-congrats"), 4), 0.0
    for speed in (0.5, 1.0, 2.0):
        run = play(Shelf(**{"1": speech}), Playhead(speed=speed))
        begun = time.process_time()
        run.run(2000)
        most = max(most, (time.process_time() - begun) / 2000)
    assert most < 0.001, f"{most * 1e6:.0f} us a period"
