"""A mail program and the telephone at the same inbox."""

from pathlib import Path

import pytest

from drivers.models.operator_verbs import WaitFailed
from tests.kit.letters import uidls
from tests.kit.world import World


def no_stutter(world: World) -> None:
    """A steady dial tone."""
    world.board("lift 101", "wait-for 101 dial-tone within 1s")
    with pytest.raises(WaitFailed):
        world.board("wait-for 101 stutter within 3s")


def test_quit_after_dele_stops_the_stutter_tone(world: World, words: Path) -> None:
    world.leave_message(words)
    world.board("lift 101", "wait-for 101 stutter within 2s", "hangup 101")
    client = world.pop3("anna")
    client.retr(1)
    client.dele(1)
    world.settle()
    assert len(world.voicemails("anna")) == 1, "nothing is removed before QUIT"
    assert client.quit().startswith(b"+OK")
    assert world.lamps() == {"101": "dark", "102": "dark"}
    no_stutter(world)
    done = world.history("anna")[-1]
    assert (done.verb, done.door, done.by) == ("removed", "pop3", "anna")


def test_a_session_that_breaks_off_removes_nothing(world: World, words: Path) -> None:
    world.leave_message(words)
    client = world.pop3("anna")
    client.dele(1)
    client.close()
    assert world.lamps() == {"101": "lit", "102": "dark"}
    world.board("lift 101", "wait-for 101 stutter within 2s", "hangup 101")
    again = world.pop3("anna")
    assert again.stat()[0] == 1
    again.quit()


def test_fetching_alone_leaves_a_voicemail_unheard(world: World, words: Path) -> None:
    world.leave_message(words)
    assert len(world.fetch("anna")) == 1
    assert world.lamps() == {"101": "lit", "102": "dark"}


def test_an_open_session_keeps_what_the_telephone_deletes(world: World, words: Path) -> None:
    world.leave_message(words)
    client = world.pop3("anna")
    (before,) = uidls(client)
    visit = world.dial_in("101", "anna")
    visit.hears("vm-youhave")
    world.board("dial 101 1")
    visit.hears("vm-first")
    world.board("dial 101 7")
    visit.hears("vm-deleted")
    world.board("hangup 101")
    assert world.voicemails("anna") == []

    assert (client.stat()[0], uidls(client)) == (1, [before])
    lines = client.retr(1)[1]
    assert b"Message-Context: voice-message" in lines
    assert sum(len(line) + 2 for line in lines) == int(client.list()[1][0].split()[1])
    client.dele(1)
    assert client.quit().startswith(b"+OK")
    assert world.fetch("anna") == []
    removals = [row for row in world.history("anna") if row.verb == "removed"]
    assert [(row.door, row.by) for row in removals] == [("phone", "anna")]
