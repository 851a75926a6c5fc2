"""The owner's menu on the virtual board: by push buttons, by a rotary dial, and how fast it is."""

from pathlib import Path

import numpy as np
import pytest

from app.inbox.entries import EntryState
from app.phone.calls.call_line import CallLine
from app.phone.sound.mixer import Mixer
from drivers.buses import Samples
from tests.kit.world import World

SOON = 6
"""Periods (60 ms) from the recognized key to the next sound."""


def second(sound: Samples, start: int) -> Samples:
    """A second of a sound, from this second on."""
    return sound[start * 8000 : (start + 1) * 8000]


def test_a_message_is_paused_moved_in_and_deleted_by_push_buttons(
    world: World, words: Path, words_at_8_khz: Samples
) -> None:
    world.leave_message(words)
    (entry,) = world.voicemails("anna")
    visit = world.dial_in("101", "anna")
    visit.hears("vm-youhave")
    world.board("dial 101 1")
    visit.hears("vm-first")
    visit.hears(second(words_at_8_khz, 0))
    world.board("dial 101 2", "time 5s")
    assert not visit.heard(second(words_at_8_khz, 2)), "it went on in the pause"
    world.board("dial 101 2")
    visit.hears(second(words_at_8_khz, 2), within_s=3)
    world.board("dial 101 1")
    visit.hears(second(words_at_8_khz, 1), within_s=3)
    assert [e.state for e in world.voicemails("anna")] == [EntryState.NEW]
    world.board("dial 101 7")
    visit.hears("vm-deleted")
    world.board("hangup 101")
    assert [e.id for e in world.entries("anna", EntryState.BIN)] == [entry.id]


def test_the_bin_is_reached_and_emptied_into_the_inbox_by_a_rotary_dial(
    world: World, words: Path
) -> None:
    world.leave_message(words)
    visit = world.dial_in("101", "anna")
    visit.hears("vm-youhave")
    world.board("pulse 101 1")
    visit.hears("vm-first")
    world.board("pulse 101 7")
    visit.hears("vm-deleted")
    assert world.voicemails("anna") == []
    world.board("hangup 101", "lift 101", "wait-for 101 dial-tone")
    later = world.listen("101")
    world.board("pulse 101 201")
    later.hears("vm-password")
    world.board("hangup 101")
    again = world.dial_in("101", "anna", tone="dial-tone")
    again.hears("vm-youhave")
    world.board("pulse 101 2", "pulse 101 3")
    again.hears("vm-first")
    world.board("pulse 101 7")
    again.hears("vm-undeleted")
    world.board("hangup 101")
    assert len(world.voicemails("anna")) == 1
    assert world.lamps() == {"101": "dark", "102": "dark"}, "she had listened to it"


def test_faster_takes_less_time_and_is_still_the_message(
    world: World, words: Path, words_at_8_khz: Samples
) -> None:
    world.leave_message(words)
    visit = world.dial_in("101", "anna")
    visit.hears("vm-youhave")
    world.board("dial 101 1")
    visit.hears("vm-first")
    world.board("dial 101 0606060606")
    length = len(words_at_8_khz) / 8000
    world.board(f"time {length / 2 + 4:.0f}s")
    visit.hears("vm-repeat", within_s=1 + length / 2)
    world.board("hangup 101")
    assert [e.state for e in world.voicemails("anna")] == [EntryState.HEARD]


@pytest.mark.parametrize("keys", ["5", "7", "8", "1", "22"])
def test_next_sound_begins_at_most_60_ms_after_the_key(
    world: World, words: Path, monkeypatch: pytest.MonkeyPatch, keys: str
) -> None:
    world.leave_message(words)
    visit = world.dial_in("101", "anna")
    visit.hears("vm-youhave")
    world.board("dial 101 1")
    visit.hears("vm-message")
    world.board("time 3s")
    keyed: list[int] = []
    digit = CallLine.digit

    def noted(line: CallLine, key: str) -> None:
        keyed.append(line.periods)
        digit(line, key)

    monkeypatch.setattr(CallLine, "digit", noted)
    played: list[int] = []
    play = Mixer.play

    def listened(mixer: Mixer) -> Samples:
        row = play(mixer)
        if keyed and np.abs(row).max(initial=0) > 30:
            played.append(world.phone.pbx.periods)
        return row

    monkeypatch.setattr(Mixer, "play", listened)
    world.board(f"dial 101 {keys}", "time 1s")
    first = next(period for period in played if period > keyed[-1])
    assert first - keyed[-1] <= SOON, f"{(first - keyed[-1]) * 10} ms"
