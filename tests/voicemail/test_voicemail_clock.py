"""A box whose clock was never set: nobody hears of a day in 1970."""

from pathlib import Path

import pytest

from app.core.clock import ManualClock
from app.inbox.entries import Kind
from app.phone.calls.caller import Caller
from app.voicemail.jobs import MessageList
from app.voicemail.owner import owner
from tests.kit.voicemail import PIN, House, ScriptLine

SINCE_START_S = 3600.0
NUMBER = "digits/5 digits/5 digits/5 digits/1 digits/2 digits/3 digits/4"


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Started an hour ago in 1970; Carl has left a message."""
    house = House(tmp_path)
    house.kit.clock.step(SINCE_START_S - house.kit.clock.now())
    house.leave("201")
    return house


def visit(house: House) -> ScriptLine:
    line = ScriptLine(house.clerk, name="101", kind="station")
    line.runs(owner(line, house.clerk, "201"))
    line.talk(f"presses {PIN}#")
    return line


def test_envelope_of_a_message_has_no_date(house: House) -> None:
    line = visit(house)
    line.talk("hears vm-youhave \n presses 1 \n hears vm-first vm-message \n presses 8")
    line.talk(f"hears vm-from spoken:CARL_CALLER {NUMBER} message:1")


def test_message_that_came_before_the_clock_was_set_has_none_afterwards(house: House) -> None:
    house.kit.clock.step(ManualClock().now())
    (listed,) = house.clerk.listing(house.kit.person("anna").id, MessageList.NEW).result().messages
    assert listed.received is None
    house.leave("201")
    _, later = house.clerk.listing(house.kit.person("anna").id, MessageList.NEW).result().messages
    assert later.received is not None and later.received.days_ago == 0


def test_missed_call_has_none(house: House) -> None:
    anna = house.kit.person("anna").id
    house.kit.db.now(lambda tx: house.kit.people.change(tx, anna, missed_lamp=True))
    house.clerk.missed_call("line1", Caller("5551234"), "hung up", "201").result()
    line = visit(house)
    line.talk("hears vm-youhave \n presses 5")
    line.talk(f"hears vm-from-phonenumber {NUMBER} vm-onefor")


@pytest.mark.parametrize("clock_set", [False, True])
def test_email_that_is_read_out_has_none(house: House, clock_set: bool) -> None:
    if clock_set:
        house.kit.clock.step(ManualClock().now())
    house.kit.put("anna", kind=Kind.EMAIL)
    line = visit(house)
    line.talk("hears vm-youhave \n presses 4")
    for _ in range(12):
        line.talk("waits")
    assert "vm-message" in line.heard
    assert ("vm-received" in line.heard) == clock_set
