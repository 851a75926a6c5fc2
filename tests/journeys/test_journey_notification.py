"""A message that nobody hears: a text at once, a call after ten minutes, and what ends it."""

from pathlib import Path

from drivers.buses import Samples
from tests.kit.world import PINS, World


def told(world: World) -> list[str]:
    return [row.detail for row in world.history("anna") if row.verb == "notified"]


def wants_to_be_called(world: World) -> None:
    world.command(
        "people", "notify", "set", "anna", "--text", "ben", "--level", "call:5559876:10:1"
    )
    world.board("number 5559876 answers after 1s")


def test_message_is_told_by_text_then_by_a_call_and_heard_there_after_the_pin(
    tmp_path: Path, words: Path, words_at_8_khz: Samples
) -> None:
    with World(tmp_path) as world:
        wants_to_be_called(world)
        world.leave_message(words)
        world.board("time 5s", "settle")
        (text,) = world.fetch("ben")
        assert b"Auto-Submitted: auto-generated" in text and b"CARL CALLER 5551234" in text
        world.later(9 * 60)
        assert told(world) == ["text to ben: sent"]
        world.later(60)
        world.board("wait-for line1 ringing within 20s", "wait-for line1 answered within 10s")
        assert world.board("dialled line1") == ["on line1 was dialled: 5559876"]
        anna = world.listen("line1")
        anna.hears("vm-password", within_s=20)
        world.board(f"dial line1 {PINS['anna']}#")
        anna.hears(words_at_8_khz, within_s=10)
        world.board("time 6s", "dial line1 1", "time 5s", "settle")
        (voicemail,) = world.voicemails("anna")
        assert voicemail.state.value == "heard"
        assert told(world)[-1] == "ends: heard"
        world.later(3600)
        assert told(world)[1] == "level 1, call to 5559876: begins" and len(told(world)) == 3
        row = world.inbox.store.calls.newest(1)[0]
        assert (row.to, row.trunk, row.outcome) == ("5559876", "line1", "answered")
        assert row.way == "notification"


def test_hearing_it_at_the_own_handset_ends_it_and_the_call_that_is_under_way(
    tmp_path: Path, words: Path, words_at_8_khz: Samples
) -> None:
    with World(tmp_path) as world:
        wants_to_be_called(world)
        world.leave_message(words)
        world.board("time 5s", "settle")
        world.later(10 * 60)
        world.board("wait-for line1 answered within 30s")
        anna = world.dial_in("101", "anna")
        world.board("time 3s", "dial 101 1")
        anna.hears(words_at_8_khz, within_s=40)
        world.board("time 8s", "hangup 101", "settle")
        assert told(world)[-1] == "ends: heard"
        world.board("time 3s", "hangup line1", "time 3s")
        assert world.phone.pbx.status()["lines"]["line1"]["state"] == "idle"
        before = told(world)
        world.later(3600)
        assert told(world) == before
