"""Numbers and what they mean."""

import pytest

from app.phone.calls.dialplan import (
    Dialplan,
    Directory,
    Handset,
    Incomplete,
    Mailbox,
    Meaning,
    Subscriber,
    Unknown,
)

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
        ("201", Mailbox("201")),
        ("2012", Unknown()),
        ("9", Unknown()),
        ("", Incomplete(Unknown())),
    ],
)
def test_dialplan_number_means_what_the_directory_says(digits: str, meaning: Meaning) -> None:
    plan = Dialplan(("101", "102"), DIRECTORY)
    assert plan.find(digits) == meaning


def test_dialplan_has_a_service_number_while_the_clerk_names_it() -> None:
    plan = Dialplan(("101",), Directory(PEOPLE, "201", ("*0",)))
    assert plan.find("*") == Incomplete(Unknown())
    assert plan.find("*0") == Mailbox("*0")
    assert Dialplan(("101",), DIRECTORY).find("*0") == Unknown()


def test_directory_knows_the_owner_of_a_handset() -> None:
    owner = DIRECTORY.of_handset("101")
    assert owner is not None and owner.name == "Ann"
    assert DIRECTORY.of_handset("102") is None
