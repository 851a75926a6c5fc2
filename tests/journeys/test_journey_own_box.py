"""Owners make a box their own by telephone, and have e-mails read out: by keys and rotary dial."""

from email.message import EmailMessage
from pathlib import Path

import numpy as np
import pytest

from app.clerk.media import Source
from app.clerk.speech import Speaker
from app.inbox.first_use import FirstStep
from drivers.buses import Samples
from tests.kit.hearing import Hearing
from tests.kit.world import PINS, World

VERBS = pytest.mark.parametrize("dial", ["dial", "pulse"])
OWN = "481596"
TEXT = "The roof leaks, and the plumber cannot come before Thursday."


def newcomer(world: World, login: str) -> None:
    """The person has not called the box yet."""
    people, person = world.inbox.people, world.person(login).id

    def given(tx):  # type: ignore[no-untyped-def]  # a Tx in
        people.first_use.ask_for(tx, person, *FirstStep)
        people.set_pin(tx, person, PINS[login], by="boss")

    world.inbox.db.now(given)


def arrives(world: World, handset: str, number: str, dial: str, pin: str) -> Hearing:
    """Lift a handset, dial the box and this PIN."""
    world.board(f"lift {handset}", f"wait-for {handset} dial-tone")
    hearing = world.listen(handset)
    world.board(f"{dial} {handset} {number}")
    hearing.hears("vm-password")
    world.board(f"{dial} {handset} {ended(pin, dial)}")
    return hearing


def ended(digits: str, dial: str) -> str:
    """Digits as they are dialled: a rotary dial has no #, and a pause ends them."""
    return digits if dial == "pulse" else f"{digits}#"


def read_out(text: str) -> Samples:
    speaker = Speaker(Path("/nonexistent"))  # which keeps nothing
    return np.frombuffer(b"".join(speaker.once(text, ("en",), Source([]))), np.int16)


@VERBS
def test_newcomer_chooses_a_pin_and_then_has_a_mail_read_out_and_deletes_it(
    world: World, dial: str
) -> None:
    newcomer(world, "ben")
    letter = EmailMessage()
    letter["From"], letter["Subject"] = "carl@far.test", "The roof"
    letter.set_content(f"{TEXT}\n\nOn 5 Jan 2026, Ben wrote:\n> Does it leak?\n\n-- \nCarl\n")
    world.send("ben@box.test", letter.as_bytes())
    visit = arrives(world, "102", "202", dial, PINS["ben"])
    visit.hears("vm-newpassword")
    world.board(f"{dial} 102 {ended(OWN, dial)}")
    visit.hears("vm-reenterpassword")
    world.board(f"{dial} 102 {ended(OWN, dial)}")
    visit.hears("vm-passchanged")
    world.board(f"{dial} 102 0")  # no name
    visit.hears("vm-press")
    world.board(f"{dial} 102 0")  # no greeting
    visit.hears("vm-youhave")
    world.board("hangup 102")
    visit = arrives(world, "102", "202", dial, OWN)
    visit.hears("vm-youhave")
    world.board(f"{dial} 102 4")
    visit.hears("vm-received")
    visit.hears(read_out(TEXT))
    visit.hears("vm-repeat")
    (entry,) = world.entries("ben")
    assert entry.state.value == "heard"
    world.board(f"{dial} 102 7")
    visit.hears("vm-deleted")
    world.board("hangup 102")
    assert world.fetch("ben") == []


def test_greeting_that_was_recorded_by_telephone_is_what_callers_hear(
    world: World, words: Path, words_at_8_khz: Samples
) -> None:
    visit = arrives(world, "101", "201", "dial", PINS["anna"])
    visit.hears("vm-youhave")
    world.board("dial 101 0111", "wait-for 101 beep", f"say 101 {words}", "dial 101 #")
    visit.hears("vm-review")
    world.board("dial 101 1")
    visit.hears("vm-msgsaved")
    world.board("hangup 101", 'ring line1 from 5551234 "CARL CALLER"')
    caller = world.listen("line1")
    caller.hears(words_at_8_khz, within_s=60)
    world.board("hangup line1")
