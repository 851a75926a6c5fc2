"""Calls that leave nothing are kept: for whom they were, or for the administrator."""

from pathlib import Path

import pytest

from app.inbox.entries import MissedCall
from app.phone.calls.caller import Caller
from app.voicemail.answer import answer
from app.voicemail.owner import owner
from tests.kit.voicemail import PIN, House, ScriptLine

CARL = Caller("5551234", "CARL CALLER")


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def call(house: House, mailbox: str, caller: Caller = CARL) -> ScriptLine:
    line = ScriptLine(house.clerk, name="line2", caller=caller)
    return line.runs(answer(line, house.clerk, mailbox))


def missed(house: House, login: str | None) -> list[MissedCall]:
    person = None if login is None else house.kit.person(login).id
    return house.kit.store.missed_calls(person)


def test_call_to_a_full_mailbox_is_a_missed_call_of_its_owner(house: House) -> None:
    anna = house.kit.person("anna").id
    house.kit.db.now(lambda tx: house.kit.people.change(tx, anna, quota=10))
    house.kit.put("anna")
    call(house, "201").talk("hears vm-theperson\nhangs up\nends")
    (found,) = missed(house, "anna")
    assert (found.caller, found.line) == ("CARL CALLER 5551234", "line2")
    assert found.reason == "the mailbox is full"
    assert "missed call" in house.verbs()


def test_call_on_a_full_disk_is_a_missed_call_if_it_can_be_written(house: House) -> None:
    house.kit.disk.free = 0
    call(house, "202").talk("hears vm-theperson")
    assert [found.reason for found in missed(house, "bob")] == ["the disk is full"]


def test_full_disk_that_takes_no_missed_call_is_told_to_the_caller_all_the_same(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError("no space left")

    house.kit.disk.free = 0
    monkeypatch.setattr(house.kit.store, "missed_call", fails)
    call(house, "202").talk(
        "hears vm-theperson digits/2 digits/0 digits/2 vm-isunavail please-try-call-later"
    )


def test_call_to_a_mailbox_that_is_not_there_is_the_administrators(house: House) -> None:
    call(house, "299").talk("hears vm-nobodyavail vm-goodbye\nends")
    (found,) = missed(house, None)
    assert (found.caller, found.line) == ("CARL CALLER 5551234", "line2")
    assert found.reason == "mailbox 299 does not exist"


def test_call_that_nobody_answers_at_all_is_the_administrators(house: House) -> None:
    house.clerk.missed_call("line1", Caller(), "no mailbox answers this line").result()
    (found,) = missed(house, None)
    assert (found.caller, found.reason) == ("unknown caller", "no mailbox answers this line")


# ---- those that light a lamp


@pytest.fixture
def lit(house: House) -> House:
    """Anna wants a lamp for missed calls; Carl has called, and then somebody unknown."""
    anna = house.kit.person("anna").id
    house.kit.db.now(lambda tx: house.kit.people.change(tx, anna, missed_lamp=True))
    for caller in (CARL, Caller()):
        house.clerk.missed_call("line1", caller, "hung up", "201").result()
    return house


def visit(house: House) -> ScriptLine:
    line = ScriptLine(house.clerk, name="101", kind="station")
    line.runs(owner(line, house.clerk, "201"))
    line.talk(f"presses {PIN}#")
    return line


NONE = "hears vm-youhave vm-no vm-INBOX vm-messages"
TOLD = f"""
    {NONE} switchhook/missed-calls digits/2
    presses 5
    hears vm-unknown-caller digits/today digits/at digits/4 digits/13 digits/p-m
    hears vm-from spoken:CARL_CALLER digits/5 digits/5 digits/5 digits/1 digits/2 digits/3 digits/4
    hears digits/today digits/at digits/4 digits/13 digits/p-m
"""


def lamp(house: House) -> int:
    return house.kit.store.unheard_by_handset()["101"]


def test_visit_says_how_many_calls_were_missed_and_by_a_key_which(lit: House) -> None:
    assert lamp(lit) == 1
    visit(lit).talk(TOLD)
    assert lamp(lit) == 0
    again = visit(lit)
    again.talk(f"{NONE} vm-press digits/2 switchhook/to-lists")
    again.talk("presses 5 \n hears vm-unknown-caller")  # the latest ones stay there to be heard


def test_who_hangs_up_before_has_not_heard_of_them_and_a_key_cuts_them_short(lit: House) -> None:
    line = visit(lit)
    line.talk("hears vm-youhave vm-no vm-INBOX vm-messages switchhook/missed-calls \n hangs up")
    assert lamp(lit) == 1
    line = visit(lit)
    line.talk("hears vm-youhave \n presses 5 \n hears vm-unknown-caller")
    assert lamp(lit) == 0


def test_visit_says_nothing_of_them_where_no_lamp_is_wanted(house: House) -> None:
    house.clerk.missed_call("line1", CARL, "hung up", "201").result()
    line = visit(house)
    line.talk(f"{NONE} vm-press digits/2 switchhook/to-lists")
    line.talk("presses 5 \n hears vm-sorry")
