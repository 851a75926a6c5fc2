"""An outside caller reaches a person by the attendant or a group, or finds them not to be rung."""

from pathlib import Path

import pytest

from drivers.buses import Samples
from tests.kit.hearing import prompt_file
from tests.kit.world import World

ATTENDANT = """
[phone.incoming.line1]
to = "attendant"
[phone.groups.620]
handsets = ["101", "102"]
order = "in turn"
seconds = 5
then = "202"
"""


def answered_by_the_attendant(world: World) -> None:
    world.board('ring line1 from 5551234 "CARL CALLER"', "wait-for line1 answered within 15s")


def test_caller_dials_a_handset_during_the_welcome_and_both_talk(
    tmp_path: Path, words: Path, words_at_8_khz: Samples
) -> None:
    with World(tmp_path, more_settings=ATTENDANT) as world:
        answered_by_the_attendant(world)
        caller = world.listen("line1")
        world.board("time 2s", "dial line1 102")
        caller.hears("one-moment-please", within_s=8)
        world.board("wait-for 102 ringing within 5s", "lift 102", "time 500ms")
        ben = world.listen("102")
        world.board(f"say line1 {words}")
        ben.hears(words_at_8_khz, within_s=3)
        world.board(f"say 102 {prompt_file('demo-thanks')}")
        caller.hears("demo-thanks", within_s=3)
        world.board("hangup line1", "wait-for 102 busy within 5s", "hangup 102")
        row = world.inbox.store.calls.newest(1)[0]
        assert (row.line, row.to, row.outcome) == ("line1", "102", "answered")
        assert row.way == "attendant"


def test_caller_finds_a_name_is_not_rung_through_and_leaves_a_message(
    tmp_path: Path, words: Path
) -> None:
    with World(tmp_path, more_settings=ATTENDANT) as world:
        world.command("people", "presence", "set", "ben", "meeting")
        answered_by_the_attendant(world)
        caller = world.listen("line1")
        world.board("time 2s", "dial line1 9", "time 1s", "dial line1 236#")  # BEN
        world.board("time 5s", "dial line1 1")
        caller.hears("one-moment-please", within_s=8)
        caller.hears("vm-intro", within_s=30)
        world.board("wait-for line1 beep", f"say line1 {words}", "time 5s", "hangup line1")
        world.board("settle")
        (message,) = world.voicemails("ben")
        assert message.caller_number == "5551234"
        assert not world.box.telephones["102"].bells


def test_group_rings_in_turn_and_a_caller_who_gives_up_is_missed(tmp_path: Path) -> None:
    settings = ATTENDANT.replace('"attendant"', '"620"')
    with World(tmp_path, more_settings=settings) as world:
        world.board('ring line1 from 5551234 "CARL CALLER"', "wait-for 101 ringing")
        world.board("wait-for 102 ringing within 8s", "time 1s")
        world.board("hangup line1", "time 12s", "settle")
        ben = world.person("ben").id
        (missed,) = world.store.missed_calls(ben)
        assert missed.caller_number == "5551234"


def test_person_is_followed_to_an_outside_number_and_joined_after_a_1(
    tmp_path: Path, words: Path, words_at_8_khz: Samples
) -> None:
    settings = ATTENDANT.replace('"attendant"', '"102"')
    with World(tmp_path, more_settings=settings) as world:
        world.command("people", "follow-me", "ben", "--number", "5559876", "--after", "4")
        world.board("number 5559876 answers after 1s")
        world.board('ring line1 from 5551234 "CARL CALLER"', "wait-for 102 ringing")
        world.board("wait-for line2 ringing within 20s", "wait-for line2 answered within 10s")
        assert world.board("dialled line2") == ["on line2 was dialled: 5559876"]
        ben = world.listen("line2")
        world.board("time 4s", "dial line2 1", "wait-for line1 answered within 5s", "time 500ms")
        world.board(f"say line1 {words}")
        ben.hears(words_at_8_khz, within_s=3)
        world.board("hangup line1", "time 15s", "hangup line2", "settle")
        row = world.inbox.store.calls.newest(1)[0]
        assert (row.line, row.to, row.trunk, row.outcome) == ("line1", "202", "line2", "answered")


@pytest.mark.soak
def test_caller_without_tones_is_given_to_the_operator(tmp_path: Path) -> None:
    settings = f"{ATTENDANT}[attendant]\ntries = 1\n"
    with World(tmp_path, more_settings=settings) as world:
        answered_by_the_attendant(world)
        caller = world.listen("line1")
        caller.hears("one-moment-please", within_s=40)
        world.board("wait-for 101 ringing within 5s", "lift 101", "time 500ms")
        world.board(f"say 101 {prompt_file('demo-thanks')}")
        caller.hears("demo-thanks", within_s=3)
        world.board("hangup line1", "hangup 101")


@pytest.mark.soak
def test_rotary_dial_reaches_who_is_followed_on_a_line_that_takes_pulses_alone(
    tmp_path: Path, words: Path, words_at_8_khz: Samples
) -> None:
    with World(tmp_path, more_settings='[numbers]\npulse_lines = ["line1"]\n') as world:
        world.command("people", "follow-me", "ben", "--number", "5559876", "--after", "4")
        world.board("number 5559876 answers after 1s", "lift 101", "wait-for 101 dial-tone")
        world.board("pulse 101 202", "wait-for 102 ringing")
        world.board("wait-for line1 ringing within 40s", "wait-for line1 answered within 10s")
        assert world.board("dialled line1") == ["on line1 was dialled: 5559876"]
        ben = world.listen("line1")
        world.board("time 4s", "dial line1 1", "time 1s", f"say 101 {words}")
        ben.hears(words_at_8_khz, within_s=3)
        world.board("hangup line1", "wait-for 101 busy within 15s", "hangup 101", "settle")
        row = world.inbox.store.calls.newest(1)[0]
        assert (row.line, row.to, row.trunk, row.outcome) == ("101", "202", "line1", "answered")
