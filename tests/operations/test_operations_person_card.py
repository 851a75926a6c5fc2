"""People as an administrator looks at them, and two administrators who change the same person."""

import pytest

from app.appliance import Inbox
from app.inbox.people import Transfer
from app.operations.accounts import NewAccount, add_account
from app.operations.aliases import set_alias
from app.operations.errors import NotAllowed, NotFound, OperationError
from app.operations.greetings import GreetingKind, Sound, set_greeting
from app.operations.outgoing_accounts import NewOutgoing, set_outgoing
from app.operations.people import (
    NewPerson,
    add_person,
    change_person,
    remove_person,
    set_password,
)
from app.operations.person_card import find_people, show_person
from app.operations.versions import ChangedMeanwhile
from tests.kit.actors import ADMIN, owner
from tests.kit.voicemail import tone

PEOPLE = [
    NewPerson("anna", "Anna Ångström", "201", "101"),
    NewPerson("ben", "Ben <b>Bold</b>", "202"),
    NewPerson("cleo", "Cleo", "203", address="cleo@public.test"),
    NewPerson("bernd", "Bernd", "204"),
]


@pytest.fixture
def house(box: Inbox) -> Inbox:
    for person in PEOPLE:
        add_person(box, ADMIN, person)
    return box


@pytest.mark.parametrize(
    ("words", "logins"),
    [
        ("", ["anna", "ben", "bernd", "cleo"]),
        ("BE", ["ben", "bernd"]),
        ("ångström", ["anna"]),
        ("ÅNGSTRÖM 201", ["anna"]),
        ("public.test", ["cleo"]),
        ("<b>", ["ben"]),
        ("20", ["anna", "ben", "bernd", "cleo"]),
        ("%", []),
    ],
)
def test_people_are_found_by_what_is_known_of_them(
    house: Inbox, words: str, logins: list[str]
) -> None:
    found = find_people(house, ADMIN, words)
    assert [line.person.login for line in found.lines] == logins
    assert found.found == len(logins) and (found.page, found.pages) == (1, 1)


def test_people_come_in_pages(house: Inbox) -> None:
    def logins(page: int) -> list[str]:
        return [line.person.login for line in find_people(house, ADMIN, "", page, 3).lines]

    assert logins(1) == ["anna", "ben", "bernd"] and logins(2) == ["cleo"]
    assert logins(3) == ["cleo"] and logins(-1) == logins(0) == logins(1), "the nearest there is"
    assert find_people(house, ADMIN, "", 9, 3).page == 2


def test_people_find_themselves_only(house: Inbox) -> None:
    found = find_people(house, owner(house, "ben"), "")
    assert [line.person.login for line in found.lines] == ["ben"] and found.found == 1
    for login in ("anna", "nobody"):
        with pytest.raises(NotAllowed):
            show_person(house, owner(house, "ben"), login)
    with pytest.raises(NotFound):
        show_person(house, ADMIN, "nobody")


def test_card_has_all_that_is_set_for_a_person(house: Inbox) -> None:
    assert show_person(house, ADMIN, "ben").keeps_copy
    set_alias(house, ADMIN, "ben", ["cleo"])
    set_alias(house, ADMIN, "sales", ["ben", "anna"])
    set_alias(house, ADMIN, "all", ["sales"])
    set_greeting(house, ADMIN, "ben", GreetingKind.NIGHT, Sound(tone(0.1)))
    account = add_account(house, ADMIN, "ben", NewAccount("pop.else.test", "b", "secret"))
    outgoing = set_outgoing(house, ADMIN, "ben", NewOutgoing("smtp.else.test", "b", "secret"))
    card = show_person(house, ADMIN, "ben")
    assert card.forward is not None and card.forward.members == ("cleo",) and not card.keeps_copy
    assert card.member_of == ("sales",)
    assert (card.accounts, card.outgoing) == ((account,), outgoing)
    assert card.greetings == (GreetingKind.NIGHT,)
    set_alias(house, ADMIN, "ben", ["ben", "cleo"])
    assert show_person(house, ADMIN, "ben").keeps_copy


def test_second_of_two_administrators_is_told_what_the_first_changed(house: Inbox) -> None:
    first = second = show_person(house, ADMIN, "ben").version
    change_person(house, ADMIN, "ben", {"transfer": Transfer.EMAIL}, seen=first)
    with pytest.raises(ChangedMeanwhile, match="root has changed ben") as problem:
        change_person(house, ADMIN, "ben", {"name": "Benjamin"}, seen=second)
    assert "transfer = email only" in str(problem.value)
    assert problem.value.now == show_person(house, ADMIN, "ben").person
    assert problem.value.now.name == "Ben <b>Bold</b>", "nothing is saved"
    again = show_person(house, ADMIN, "ben").version
    assert change_person(house, ADMIN, "ben", {"name": "B"}, seen=again).name == "B"


def test_what_does_not_change_the_person_is_no_conflict(house: Inbox) -> None:
    seen = show_person(house, ADMIN, "ben").version
    set_password(house, ADMIN, "ben")
    change_person(house, ADMIN, "anna", {"name": "A"})
    assert change_person(house, ADMIN, "ben", {"name": "B"}, seen=seen).name == "B"


def test_form_that_is_sent_as_it_was_shown_changes_nothing(house: Inbox) -> None:
    card = show_person(house, ADMIN, "cleo")
    person = card.person
    rows = len(house.store.history(person.id))
    fields = {
        "name": person.name, "mailbox": "203", "handset": "", "address": "cleo@public.test",
        "transfer": person.transfer, "language": "", "key_map": person.key_map, "quota": None,
    }  # fmt: skip
    assert change_person(house, ADMIN, "cleo", fields, seen=card.version) == person
    assert len(house.store.history(person.id)) == rows, "the history tells of changes only"


def test_refused_field_is_named_and_nothing_is_half_saved(house: Inbox) -> None:
    before = show_person(house, ADMIN, "ben").person
    with pytest.raises(OperationError) as problem:
        change_person(house, ADMIN, "ben", {"name": "Benjamin", "mailbox": "201"})
    assert problem.value.field == "mailbox"
    assert show_person(house, ADMIN, "ben").person == before


def test_last_administrator_stays_one(box: Inbox) -> None:
    add_person(box, ADMIN, NewPerson("anna", "Anna", "201", admin=True))
    add_person(box, ADMIN, NewPerson("ben", "Ben", "202"))
    for attempt, field in (
        (lambda: change_person(box, ADMIN, "anna", {"admin": False}), "admin"),
        (lambda: remove_person(box, ADMIN, "anna"), "login"),
    ):
        with pytest.raises(OperationError, match="the only administrator") as problem:
            attempt()
        assert problem.value.field == field
    change_person(box, ADMIN, "ben", {"admin": True})
    assert not change_person(box, ADMIN, "anna", {"admin": False}).admin
    remove_person(box, ADMIN, "anna")
    remove_person(box, ADMIN, "ben")
    assert box.people.all() == [], "a box that is given away may be empty"
