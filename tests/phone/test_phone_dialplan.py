"""Numbers and what they mean."""

from typing import Any

import pytest

from app.phone.calls.dialplan import (
    Dialplan,
    Directory,
    Feature,
    Handset,
    Incomplete,
    Mailbox,
    Meaning,
    Outside,
    Service,
    Subscriber,
    Unknown,
)
from app.phone.numbers import NumberPlan
from drivers.countries import codes, country

PEOPLE = (
    Subscriber(1, "Ann", "201", "101"),
    Subscriber(2, "Bob", "20", None),
    Subscriber(3, "Cem", "102", None),
)
DIRECTORY = Directory(PEOPLE, "201")


@pytest.mark.parametrize(
    ("digits", "meaning"),
    [
        ("1", Incomplete(Unknown())),
        ("10", Incomplete(Unknown())),
        ("101", Handset("101", "201")),
        ("102", Handset("102", "")),  # a station goes before a mailbox of the same number
        ("103", Unknown()),
        ("20", Incomplete(Mailbox("20"))),
        ("201", Mailbox("201", "101")),
        ("2012", Unknown()),
        ("8", Unknown()),
        ("", Incomplete(Unknown())),
    ],
)
def test_dialplan_number_means_what_the_directory_says(digits: str, meaning: Meaning) -> None:
    plan = Dialplan(("101", "102"), DIRECTORY)
    assert plan.find(digits) == meaning


def test_dialplan_has_a_service_number_while_the_clerk_names_it() -> None:
    plan = Dialplan(("101",), Directory(PEOPLE, "201", ("*0",)))
    assert plan.find("*") == Incomplete(Unknown())
    assert plan.find("*0") == Service("*0")
    assert Dialplan(("101",), DIRECTORY).find("*0") == Unknown()


def outside_plan(country_code: str = "us", **plan: Any) -> Dialplan:
    numbering = country(country_code).numbering
    return Dialplan(("101", "102"), DIRECTORY, NumberPlan(**plan), numbering)


HELP = Outside("911", emergency=True)


@pytest.mark.parametrize(
    ("digits", "meaning"),
    [
        ("9", Incomplete(Unknown())),
        ("95551234", Incomplete(Outside("5551234"))),
        ("912125551234", Outside("12125551234")),  # no digit can follow: no pause is waited for
        ("911", HELP),
        ("9911", HELP),
        ("9988", Incomplete(Outside("988", emergency=True))),  # 988-... is a number, too
        ("988", Incomplete(Outside("988", emergency=True))),
        ("112", HELP),  # what visitors dial
        ("9112", Incomplete(HELP)),
        ("9*72", Unknown()),  # an order to the network
        ("9" + "1" * 25, Unknown()),
        ("*97", Feature("own_mailbox")),
        ("*9", Incomplete(Unknown())),
    ],
)
def test_dialplan_leads_outside_by_the_access_digit(digits: str, meaning: Meaning) -> None:
    assert outside_plan().find(digits) == meaning


def test_dialplan_tries_the_lines_of_the_access_digits_that_were_dialled() -> None:
    plan = outside_plan(access_digits={"9": ("line1",), "81": ("line3", "line2")})
    assert plan.find("815551234") == Incomplete(Outside("5551234", ("line3", "line2")))
    assert plan.find("95551234") == Incomplete(Outside("5551234", ("line1",)))
    assert plan.find("8") == Incomplete(Unknown())


def test_dialplan_without_access_digits_prefers_what_is_here() -> None:
    plan = outside_plan(direct=True)
    assert plan.find("5551234") == Incomplete(Outside("5551234"))
    assert plan.find("201") == Mailbox("201", "101")
    assert plan.find("2") == Incomplete(Outside("2"))


@pytest.mark.parametrize("code", codes())
@pytest.mark.parametrize("plan", [{}, {"access_digits": {"0": ()}}, {"direct": True}], ids=str)
def test_emergency_numbers_of_every_country_are_reached_with_and_without_access(
    code: str, plan: dict[str, Any]
) -> None:
    made = outside_plan(code, **plan)
    numbering = country(code).numbering
    access = next(iter(made.plan.access_digits))
    for number in (*numbering.emergency, *numbering.helplines):
        for dialled in (number, access + number):
            meanings = [made.find(dialled[:length]) for length in range(1, len(dialled) + 1)]
            early = [m for m in meanings if isinstance(m, Outside) and m.emergency]
            if early:  # 9-999 calls for help at its third digit
                assert all(isinstance(m, Incomplete) for m in meanings[: meanings.index(early[0])])
                continue
            assert all(isinstance(meaning, Incomplete) for meaning in meanings), dialled
            assert meanings[-1] == Incomplete(Outside(number, emergency=True)), dialled
        assert number in numbering.helplines or made.find(number) == Outside(number, emergency=True)


@pytest.mark.parametrize("number", ["9112", "9911"])
@pytest.mark.parametrize("whose", ["mailbox", "group", "handset"])
def test_what_visitors_dial_for_help_behind_an_access_digit_is_no_number_of_ours(
    number: str, whose: str
) -> None:
    """112 and 911 are no emergency numbers of every country, and call for help in all the same."""
    people = (Subscriber(1, "Ann", number, None),) if whose == "mailbox" else ()
    plan = Dialplan(
        (number,) if whose == "handset" else (),
        Directory(people),
        NumberPlan(),
        country("nz").numbering,
        (number,) if whose == "group" else (),
    )
    meaning = plan.find(number)
    assert isinstance(meaning, Incomplete)
    assert meaning.so_far == Outside("111", emergency=True)


def test_directory_knows_the_owner_of_a_handset() -> None:
    owner = DIRECTORY.of_handset("101")
    assert owner is not None and owner.name == "Ann"
    assert DIRECTORY.of_handset("102") is None
