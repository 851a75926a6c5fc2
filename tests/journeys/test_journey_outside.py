"""People at handsets call outside, through the chips of the virtual board and its office."""

from pathlib import Path

import pytest

from app.inbox.entries import EntryState
from drivers.buses import Samples
from tests.kit.hearing import prompt_file
from tests.kit.world import World

ANSWER = "demo-thanks"
PULSES = '[numbers]\npulse_lines = ["line1"]\n'


@pytest.mark.parametrize("dial", ["dial", "pulse"])
def test_handset_calls_an_outside_number_and_both_hear_each_other(
    world: World, words: Path, words_at_8_khz: Samples, dial: str
) -> None:
    world.board("number 5551234 answers after 3s reversal", "lift 101", "wait-for 101 dial-tone")
    world.board(f"{dial} 101 95551234")
    world.board("wait-for line1 ringing within 20s", "wait-for 101 ringback within 10s")
    assert world.board("dialled line1") == ["on line1 was dialled: 5551234"]
    world.board("wait-for line1 answered within 10s")
    far, anna = world.listen("line1"), world.listen("101")
    world.board(f"say 101 {words}")
    far.hears(words_at_8_khz, within_s=1)
    world.board(f"say line1 {prompt_file(ANSWER)}")
    anna.hears(ANSWER, within_s=1)
    world.board("hangup line1", "wait-for 101 busy within 8s", "hangup 101", "settle")
    (call,) = world.store.calls.newest(2)
    assert (call.line, call.to, call.trunk, call.outcome) == ("101", "5551234", "line1", "answered")
    assert world.box.violations() == []


def test_line_that_is_dialled_on_by_pulses(tmp_path: Path) -> None:
    with World(tmp_path, more_settings=PULSES) as world:
        world.board("number 30 answers", "lift 102", "wait-for 102 dial-tone", "dial 102 930#")
        world.board("wait-for line1 answered within 20s")
        assert world.board("dialled line1") == ["on line1 was dialled: 30"]
        assert world.box.violations() == []
        world.board("hangup 102", "hangup line1")


def test_busy_number_is_heard_and_noted(world: World) -> None:
    world.board("number 5559999 busy", "lift 101", "wait-for 101 dial-tone", "dial 101 95559999#")
    world.board("wait-for 101 busy within 20s", "time 8s")
    world.board("hangup 101", "settle")
    (call,) = world.store.calls.newest(1)
    assert (call.to, call.outcome) == ("5559999", "busy")
    assert world.phone.pbx.status()["lines"]["line1"]["state"] == "idle"


@pytest.mark.parametrize("country", ["us", "de", "jp"])
def test_number_that_does_not_exist_is_told_by_the_office_and_noted(
    tmp_path: Path, country: str
) -> None:
    with World(tmp_path, country=country) as world:
        world.board("number 5550000 nobody", "lift 101", "wait-for 101 dial-tone within 3s")
        world.board("dial 101 95550000#", "time 14s", "hangup 101", "settle")
        (call,) = world.store.calls.newest(1)
        assert (call.to, call.outcome) == ("5550000", "nobody's number")


def test_emergency_call_gets_the_line_of_another_call(tmp_path: Path) -> None:
    with World(tmp_path, lines=(2, 1)) as world:
        world.board(
            "number 5551234 answers", "lift 101", "wait-for 101 dial-tone", "dial 101 95551234#"
        )
        world.board(
            "wait-for line1 answered within 20s",
            "number 911 answers",
            "lift 102",
            "wait-for 102 dial-tone",
        )
        world.board("dial 102 911", "wait-for 101 busy within 2s", "hangup line1")
        world.board("wait-for line1 answered within 20s")
        assert world.board("dialled line1") == ["on line1 was dialled: 911"]
        world.board("hangup 102", "hangup 101", "hangup line1", "settle")
        outcomes = [call.outcome for call in world.store.calls.newest(5)]
        assert outcomes == ["not answered", "cleared"]


def test_owner_calls_back_who_left_a_message(
    world: World, words: Path, words_at_8_khz: Samples
) -> None:
    world.leave_message(words)
    world.board("number 5551234 answers after 3s reversal")
    visit = world.dial_in("101", "anna")
    visit.hears("vm-youhave")
    world.board("dial 101 1")
    visit.hears(words_at_8_khz)
    world.board("dial 101 32")
    visit.hears("digits/4", within_s=15)
    world.board("wait-for line1 ringing within 20s", "wait-for line1 answered within 10s")
    assert world.board("dialled line1") == ["on line1 was dialled: 5551234"]
    far = world.listen("line1")
    world.board(f"say 101 {words}")
    far.hears(words_at_8_khz, within_s=1)
    world.board("hangup 101", "hangup line1", "settle")
    call = world.store.calls.newest(1)[0]
    assert (call.line, call.to, call.trunk, call.outcome) == ("101", "5551234", "line1", "answered")
    assert [entry.state for entry in world.voicemails("anna")] == [EntryState.HEARD]
    assert world.box.violations() == []


def test_premium_number_as_the_callers_is_not_called_back(world: World, words: Path) -> None:
    world.leave_message(words, caller='9005551212 "PRIZE OFFICE"')
    visit = world.dial_in("101", "anna")
    visit.hears("vm-youhave")
    world.board("dial 101 1")
    visit.hears("vm-first")
    world.board("time 12s", "dial 101 32")
    visit.hears("digits/9", within_s=15)
    visit.hears("vm-repeat", within_s=15)
    assert world.board("dialled line1") == ["on line1 was dialled: nothing"]
    world.board("hangup 101", "settle")
    assert world.phone.pbx.status()["lines"]["line1"]["state"] == "idle"
