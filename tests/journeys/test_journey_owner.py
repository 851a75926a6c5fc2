"""The owner at the handset: what is done there is true at every door."""

from pathlib import Path

from app.inbox.entries import EntryState
from drivers.buses import Samples
from tests.kit.hearing import Hearing, prompt, prompt_file
from tests.kit.letters import uidls
from tests.kit.world import PINS, World

WRONG_PIN = "111111"
LOCKED_S = 300


def uidls_of(world: World, login: str) -> list[str]:
    client = world.pop3(login)
    found = uidls(client)
    client.quit()
    return found


def test_what_the_owner_deletes_by_phone_is_gone_by_pop3_and_can_be_restored(
    world: World, words: Path
) -> None:
    world.leave_message(words)
    (entry,) = world.voicemails("anna")
    before = uidls_of(world, "anna")
    assert len(before) == 1

    visit = world.dial_in("101", "anna", tone="stutter")
    visit.hears("vm-youhave")
    world.board("dial 101 1")
    visit.hears("vm-first")
    world.board("dial 101 7")
    visit.hears("vm-deleted")
    assert uidls_of(world, "anna") == []
    done = world.history("anna")[-1]
    assert (done.verb, done.door, done.by, done.entry) == ("removed", "phone", "anna", entry.id)
    world.board("hangup 101")
    assert world.lamps() == {"101": "dark", "102": "dark"}

    assert "removed by anna through phone" in world.command("inbox", "list", "anna", "--bin")
    assert "restored: 1 of 1" in world.command("inbox", "restore", str(entry.id))
    assert uidls_of(world, "anna") == before
    assert world.lamps() == {"101": "lit", "102": "dark"}
    world.board("lift 101", "wait-for 101 stutter within 2s")


def test_what_the_owner_has_heard_comes_back_as_heard(
    world: World, words: Path, words_at_8_khz: Samples
) -> None:
    world.leave_message(words)
    (entry,) = world.voicemails("anna")
    visit = world.dial_in("101", "anna")
    visit.hears("vm-youhave")
    world.board("dial 101 1")
    visit.hears(words_at_8_khz)
    world.board("dial 101 7")
    visit.hears("vm-deleted")
    world.board("hangup 101")
    world.command("inbox", "restore", str(entry.id))
    assert [e.state for e in world.voicemails("anna")] == [EntryState.HEARD]
    assert world.lamps() == {"101": "dark", "102": "dark"}


CALLERS = {
    "tt-weasels": '5550001 "ALICE"',
    "demo-thanks": '5550002 "BERT"',
    "tt-monkeysintro": '5550003 "CLARA"',
}


def press(world: World, visit: Hearing, key: str, *then: str) -> None:
    """Press a key; these prompts follow."""
    world.board(f"dial 101 {key}")
    for name in then:  # of a message, the quiet before its first word is not kept
        visit.hears(prompt(name)[800:] if name in CALLERS else name)


def test_the_owner_works_through_three_messages(world: World) -> None:
    for name, caller in CALLERS.items():
        world.leave_message(prompt_file(name), caller)
    uidls_at_first = uidls_of(world, "anna")
    first, _, _ = world.voicemails("anna")

    visit = world.dial_in("101", "anna")
    for name in ("vm-youhave", "digits/3", "vm-INBOX", "vm-messages"):
        visit.hears(name)
    press(world, visit, "1", "vm-first", "vm-message", "tt-weasels")
    press(world, visit, "6", "vm-message", "digits/2", "demo-thanks")
    press(world, visit, "4", "vm-first", "tt-weasels")
    press(world, visit, "5", "vm-first", "tt-weasels")

    press(world, visit, "9", "vm-message", "vm-saved")
    kept = world.store.need(first.id)
    assert (kept.state, kept.saved) == (EntryState.HEARD, True)

    press(world, visit, "*", "vm-repeat", "vm-next", "vm-delete", "vm-savemessage", "vm-helpexit")
    assert not visit.heard("vm-prev"), "there is nothing before the first message"

    press(world, visit, "7", "vm-deleted")
    assert uidls_of(world, "anna") == uidls_at_first[1:]
    press(world, visit, "7", "vm-undeleted")
    assert uidls_of(world, "anna") == uidls_at_first
    back = world.store.need(first.id)
    assert (back.state, back.saved) == (EntryState.HEARD, True)

    press(world, visit, "#", "vm-goodbye")
    world.board("wait-for 101 busy", "hangup 101")
    states = [entry.state for entry in world.voicemails("anna")]
    assert states == [EntryState.HEARD, EntryState.HEARD, EntryState.NEW]
    assert world.lamps() == {"101": "lit", "102": "dark"}
    assert not world.phone.pbx.busy


def test_three_wrong_pins_end_the_call_and_lock_that_handset_out_but_not_the_owners(
    world: World, words: Path
) -> None:
    world.leave_message(words)
    visit = world.dial_box("102", "anna", tone="dial-tone")
    for answer in ("vm-incorrect", "vm-incorrect", "vm-goodbye"):
        visit.hears("vm-password")
        world.board(f"dial 102 {WRONG_PIN}#")
        visit.hears(answer)
    world.board("wait-for 102 busy", "hangup 102")

    refused = world.dial_in("102", "anna", tone="dial-tone")
    refused.hears("vm-goodbye", within_s=10)
    assert not refused.heard("vm-youhave")
    world.board("wait-for 102 busy", "hangup 102")

    owner = world.dial_in("101", "anna")
    owner.hears("vm-youhave")
    world.board("hangup 101")

    world.later(LOCKED_S)
    let_in = world.dial_in("102", "anna", tone="dial-tone")
    let_in.hears("vm-youhave")
    let_in.hears("digits/1")
    world.board("hangup 102")


def test_a_pin_opens_its_own_box_only(world: World, words: Path) -> None:
    world.leave_message(words)
    visit = world.dial_box("102", "anna", tone="dial-tone")
    visit.hears("vm-password")
    world.board(f"dial 102 {PINS['ben']}#")
    visit.hears("vm-incorrect")
    visit.hears("vm-password")
    assert not visit.heard("vm-youhave")
