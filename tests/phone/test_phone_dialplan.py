"""Numbers and what they mean."""

import pytest

from app.phone.calls.dialplan import (
    Dialplan,
    Directory,
    Handset,
    Incomplete,
    Mailbox,
    Meaning,
    Unknown,
)

PEOPLE = {
    "people": [
        {"person": 1, "name": "Ann", "mailbox": "201", "handset": "101"},
        {"person": 2, "name": "Bob", "mailbox": "20", "handset": None},
        {"person": 3, "name": "Cem", "mailbox": "102", "handset": ""},
    ],
    "default": "201",
}


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
    plan = Dialplan(("101", "102"), Directory.from_answer(PEOPLE))
    assert plan.find(digits) == meaning


def test_dialplan_has_a_service_number_while_the_clerk_names_it() -> None:
    plan = Dialplan(("101",), Directory.from_answer({**PEOPLE, "services": ["*0"]}))
    assert plan.find("*") == Incomplete(Unknown())
    assert plan.find("*0") == Mailbox("*0")
    assert Dialplan(("101",), Directory.from_answer(PEOPLE)).find("*0") == Unknown()


def test_directory_is_read_from_the_clerks_answer() -> None:
    directory = Directory.from_answer(PEOPLE)
    assert directory.default == "201"
    owner = directory.of_handset("101")
    assert owner is not None and owner.name == "Ann"
    assert directory.of_handset("102") is None
    assert Directory.from_answer({}) == Directory()
    with pytest.raises(KeyError):
        Directory.from_answer({"people": [{"name": "nobody"}]})
