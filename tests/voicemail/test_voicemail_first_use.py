"""The first visit of an owner, and choosing a PIN, as conversations."""

from pathlib import Path

import pytest

from app.inbox.first_use import FirstStep
from app.inbox.people import PinOrigin, PinResult
from app.voicemail.owner import owner
from tests.kit.voicemail import PIN, House, ScriptLine

GIVEN = "846219"
"""The PIN that an administrator has given."""
TRIVIAL = [
    ("123", "short"),
    ("1234", "runs"),
    ("9876", "runs"),
    ("890123", "runs"),
    ("5555", "repeats"),
    ("4747", "repeats"),
    ("201201", "repeats"),
    ("9201", "own-number"),
    ("1029", "own-number"),
    (GIVEN, "same"),
]
TO_SKIP = "vm-press digits/star switchhook/to-skip"


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Anna, who was added just now."""
    made = House(tmp_path)
    anna = made.kit.person("anna").id

    def added(tx):  # type: ignore[no-untyped-def]  # a Tx in
        made.kit.people.first_use.ask_for(tx, anna, *FirstStep)
        made.kit.people.set_pin(tx, anna, GIVEN, by="boss")

    made.kit.db.now(added)
    return made


def visit(house: House, pin: str = GIVEN) -> ScriptLine:
    line = ScriptLine(house.clerk, name="101", kind="station")
    line.runs(owner(line, house.clerk, "201"))
    line.talk(f"hears vm-password\npresses {pin}#")
    return line


def left(house: House) -> list[str]:
    return [step.value for step in house.kit.people.first_use.left(house.kit.person("anna").id)]


def fits(house: House, pin: str) -> bool:
    anna = house.kit.person("anna").id
    return house.kit.people.check_pin(anna, pin, PinOrigin("101")).result is PinResult.OK


def chooses(line: ScriptLine, pin: str = PIN) -> None:
    line.talk(f"hears vm-newpassword\npresses {pin}#\nhears vm-reenterpassword\npresses {pin}#")


def test_first_visit_leads_through_pin_name_and_greeting_and_the_second_does_not(
    house: House,
) -> None:
    line = visit(house)
    line.talk("hears switchhook/welcome switchhook/own-pin-needed")
    chooses(line)
    line.talk(
        f"""
        hears vm-passchanged {TO_SKIP} vm-rec-name beep
        says 2
        presses #
        hears vm-review vm-star-cancel
        presses 1
        hears vm-msgsaved {TO_SKIP} switchhook/greeting-say beep
        says 3
        presses #
        hears vm-review
        presses 1
        hears vm-msgsaved vm-youhave vm-no vm-INBOX vm-messages
        """
    )
    anna = house.kit.person("anna").id
    assert {one.kind for one in house.clerk.greetings(anna).result()} == {"name", "unavailable"}
    assert fits(house, PIN) and not fits(house, GIVEN) and left(house) == []
    visit(house, PIN).talk("hears vm-youhave vm-no")
    assert [row.by for row in house.kit.store.history() if row.verb == "PIN set"][-1] == "anna"


def test_name_and_greeting_may_be_skipped_and_are_not_asked_for_again(house: House) -> None:
    line = visit(house)
    line.talk("hears switchhook/welcome switchhook/own-pin-needed")
    chooses(line)
    line.talk("hears vm-passchanged vm-press\npresses *")
    line.talk("hears vm-press\npresses *\nhears vm-youhave")
    assert left(house) == [] and house.clerk.greetings(house.kit.person("anna").id).result() == ()


@pytest.mark.parametrize(
    ("until", "then"),
    [
        ("hears switchhook/welcome switchhook/own-pin-needed vm-newpassword", ["pin"]),
        (f"presses {PIN}#{PIN}#\nhears vm-passchanged vm-press", []),
        (f"presses {PIN}#{PIN}#\nhears vm-passchanged\npresses 1\nhears beep\nsays 2", []),
    ],
)
def test_whoever_hangs_up_goes_on_there_at_the_next_visit(
    house: House, until: str, then: list[str]
) -> None:
    line = visit(house)
    line.talk(f"{until}\nhangs up\nends")
    assert left(house) == [*then, "name", "greeting"]
    again = visit(house, GIVEN if then else PIN)
    again.talk(f"hears switchhook/welcome {'switchhook/own-pin-needed' if then else TO_SKIP}")


@pytest.mark.parametrize(("pin", "why"), TRIVIAL)
def test_pin_that_others_would_guess_is_refused_with_the_reason(
    house: House, pin: str, why: str
) -> None:
    line = visit(house)
    line.talk("hears switchhook/welcome switchhook/own-pin-needed")
    chooses(line, pin)
    line.talk(f"hears switchhook/pin-{why} switchhook/pin-choose-other vm-newpassword")
    assert fits(house, GIVEN) and "pin" in left(house)


def test_second_time_must_be_the_same(house: House) -> None:
    line = visit(house)
    line.talk(f"presses {PIN}#\npresses {PIN[:-1]}#\nhears vm-mismatch vm-newpassword")
    assert fits(house, GIVEN)


def test_visit_ends_while_there_is_no_own_pin(house: House) -> None:
    house.leave("201")
    line = visit(house)
    line.talk("presses 1234#1234#1234#1234#1234#1234#\nhears switchhook/pin-runs")
    line.talk("hears switchhook/pin-choose-other vm-goodbye\nends")
    assert line.hung_up and left(house) == ["pin", "name", "greeting"]


def test_somebody_who_is_given_another_pin_later_is_asked_for_an_own_one_only(
    house: House,
) -> None:
    anna, first_use = house.kit.person("anna").id, house.kit.people.first_use
    house.kit.db.now(lambda tx: first_use.done(tx, anna, FirstStep.NAME, FirstStep.GREETING))
    line = visit(house)
    line.talk("hears switchhook/own-pin-needed")
    chooses(line)
    line.talk("hears vm-passchanged vm-youhave")


def test_pin_that_was_set_before_the_clerk_died_is_not_refused_as_the_same(house: House) -> None:
    anna = house.kit.person("anna").id
    assert house.jobs.set_pin(7, anna, PIN).value == ""
    assert house.jobs.set_pin(7, anna, PIN).value == ""
    assert house.jobs.set_pin(8, anna, PIN).value == "same"
