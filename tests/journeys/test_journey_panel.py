"""Messages played on a handset that the front panel has rung; its buttons are keys there."""

from pathlib import Path

from app.inbox.entries import EntryState
from app.operations.panel import player_key
from app.voicemail.menu import Action
from drivers.buses import Samples
from tests.kit.world import World


def test_messages_are_heard_and_deleted_at_the_panel_without_a_pin(
    world: World, words: Path, words_at_8_khz: Samples
) -> None:
    world.leave_message(words)
    (entry,) = world.voicemails("anna")
    calls = world.phone.pbx.calls
    assert calls.play("102", "201") == ""
    world.board("wait-for 102 ringing within 3s")
    hearing = world.listen("102")
    world.board("lift 102")
    hearing.hears("vm-youhave")
    hearing.hears("vm-first")
    hearing.hears(words_at_8_khz)
    assert calls.press("102", player_key(Action.DELETE)) == ""
    hearing.hears("vm-deleted")
    world.board("hangup 102")
    assert [one.id for one in world.entries("anna", EntryState.BIN)] == [entry.id]
    assert world.lamps() == {"101": "dark", "102": "dark"}


def test_mailbox_that_nobody_has_is_said_to_be_nobodys(world: World) -> None:
    assert world.phone.pbx.calls.play("101", "299") == ""
    world.board("wait-for 101 ringing within 3s")
    hearing = world.listen("101")
    world.board("lift 101")
    hearing.hears("vm-nobodyavail")
    hearing.hears("vm-goodbye")
