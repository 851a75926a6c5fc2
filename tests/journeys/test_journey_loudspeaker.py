"""Messages played on a loudspeaker, by the buttons of the front panel."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.inbox.entries import EntryState
from app.operations.panel import KEYS, PlayerAction, player_key
from app.voicemail.menu import Action
from drivers.buses import Samples
from drivers.panel_spec import LOUDSPEAKER
from tests.kit.world import World

SETTINGS = '\n[panel]\nmailbox = "201"\nloudspeaker = "plughw:CARD=Device"\n'


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path, more_settings=SETTINGS) as world:
        yield world


def play(world: World) -> str:
    return world.phone.pbx.calls.play(LOUDSPEAKER, "201")


def press(world: World, action: PlayerAction) -> str:
    return world.phone.pbx.calls.press(LOUDSPEAKER, player_key(KEYS[action]))


def test_play_next_and_delete_on_the_loudspeaker(
    world: World, words: Path, words_at_8_khz: Samples
) -> None:
    world.leave_message(words)
    world.leave_message(words, '5550000 "SECOND"')
    first, second = sorted(world.voicemails("anna"), key=lambda entry: entry.id)
    hearing = world.listen(LOUDSPEAKER)
    assert play(world) == ""
    hearing.hears("vm-youhave")
    hearing.hears(words_at_8_khz[:16000])
    assert press(world, "next") == ""
    hearing.hears(words_at_8_khz)
    assert press(world, "delete") == ""
    hearing.hears("vm-deleted")
    hearing.hears("vm-goodbye")
    world.board("time 1s")
    assert [one.id for one in world.entries("anna", EntryState.BIN)] == [second.id]
    (row,) = [row for row in world.history("anna") if row.verb == "removed"]
    assert (row.door, row.entry) == ("panel", second.id)
    assert press(world, "next") == "nothing is played on the loudspeaker"
    assert not world.phone.pbx.busy
    assert first.id in [one.id for one in world.voicemails("anna")]


def test_what_nobody_stops_goes_on_to_the_next_message(
    world: World, words: Path, words_at_8_khz: Samples
) -> None:
    world.leave_message(words)
    world.leave_message(words)
    hearing = world.listen(LOUDSPEAKER)
    assert play(world) == ""
    assert world.phone.pbx.calls.play(LOUDSPEAKER, "201") == "the loudspeaker is in use"
    hearing.hears(words_at_8_khz)
    hearing.hears(words_at_8_khz)
    hearing.hears("vm-goodbye")
    assert world.lamps()["101"] == "dark"


def test_play_again_stops_and_goes_on(world: World, words: Path, words_at_8_khz: Samples) -> None:
    world.leave_message(words)
    hearing = world.listen(LOUDSPEAKER)
    assert play(world) == ""
    hearing.hears(words_at_8_khz[:8000])
    assert press(world, "pause") == ""
    world.board(f"wait-for {LOUDSPEAKER} silence", "time 10s")
    assert world.phone.pbx.busy
    assert press(world, "pause") == ""
    hearing.hears(words_at_8_khz[-12000:])


def test_message_is_not_heard_that_a_loudspeaker_without_cable_played(
    world: World, words: Path, words_at_8_khz: Samples
) -> None:
    world.leave_message(words)
    hearing = world.listen(LOUDSPEAKER)
    assert play(world) == ""
    hearing.hears(words_at_8_khz[:8000])
    world.board("unplug loudspeaker", "time 1s")
    assert not world.phone.pbx.busy
    assert "unplugged" in world.phone.pbx.status()["loudspeaker"]["fault"]
    assert "cannot be used" in play(world)
    assert world.lamps()["101"] == "lit"
    world.board("plug loudspeaker")
    assert play(world) == ""
    hearing.hears(words_at_8_khz)


def test_keys_of_the_buttons_are_those_of_the_usual_map() -> None:
    assert player_key(Action.PAUSE) == "2"
