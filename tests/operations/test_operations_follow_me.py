"""Follow-me, as every door sets it."""

import pytest

from app.appliance import Inbox
from app.inbox.follow_me import FollowMe
from app.operations.actor import Actor, Role
from app.operations.errors import NotAllowed, OperationError
from app.operations.follow_me import set_follow_me, show_follow_me
from app.operations.people import NewPerson, add_person, remove_person
from tests.kit.actors import ADMIN


@pytest.fixture(autouse=True)
def people(box: Inbox) -> None:
    for login, mailbox in (("anna", "201"), ("ben", "202")):
        add_person(box, ADMIN, NewPerson(login, login.title(), mailbox))


def owner(box: Inbox, login: str) -> Actor:
    person = box.people.by_login(login)
    assert person is not None
    return Actor(login, "web", frozenset({Role.USER}), person.id)


def test_own_number_is_set_removed_and_told_to_the_history(box: Inbox) -> None:
    anna = owner(box, "anna")
    assert show_follow_me(box, anna, "anna") is None
    assert set_follow_me(box, anna, "anna", "555-12 34", 10) == FollowMe("5551234", 10)
    assert show_follow_me(box, ADMIN, "anna") == FollowMe("5551234", 10)
    assert set_follow_me(box, anna, "anna", "") is None
    assert show_follow_me(box, anna, "anna") is None
    rows = [row for row in box.store.history(anna.person) if row.verb == "follow-me set"]
    assert [(row.by, row.door, row.detail) for row in rows] == [
        ("anna", "web", "5551234 after 10 s"),
        ("anna", "web", "off"),
    ]


def test_somebody_elses_number_is_not_theirs_to_set_or_see(box: Inbox) -> None:
    anna = owner(box, "anna")
    with pytest.raises(NotAllowed):
        set_follow_me(box, anna, "ben", "5551234")
    with pytest.raises(NotAllowed):
        show_follow_me(box, anna, "ben")


@pytest.mark.parametrize(
    ("number", "after", "field"),
    [
        ("911", 10, "number"),
        ("112", 10, "number"),
        ("5", 10, "number"),
        ("*21#5551234", 10, "number"),
        ("5551234", 1, "after"),
        ("5551234", 500, "after"),
    ],
)
def test_what_cannot_be_is_refused(box: Inbox, number: str, after: int, field: str) -> None:
    with pytest.raises(OperationError) as refused:
        set_follow_me(box, ADMIN, "anna", number, after)
    assert refused.value.field == field
    assert show_follow_me(box, ADMIN, "anna") is None


def test_who_is_removed_leaves_no_number_behind(box: Inbox) -> None:
    set_follow_me(box, ADMIN, "ben", "5551234")
    remove_person(box, ADMIN, "ben")
    assert box.people.follow_mes.all() == {}
