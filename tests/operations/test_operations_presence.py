"""Whether people can be reached, as every door says it."""

from datetime import UTC, datetime

import pytest

from app.appliance import Inbox
from app.core.presence import Presence
from app.operations.actor import Actor, Role
from app.operations.errors import NotAllowed, OperationError
from app.operations.people import NewPerson, add_person
from app.operations.presence import set_presence, set_presence_rule, show_presence
from tests.kit.actors import ADMIN


@pytest.fixture(autouse=True)
def people(box: Inbox) -> None:
    for login, mailbox in (("anna", "201"), ("ben", "202")):
        add_person(box, ADMIN, NewPerson(login, login.title(), mailbox))


def owner(box: Inbox, login: str) -> Actor:
    person = box.people.by_login(login)
    assert person is not None
    return Actor(login, "web", frozenset({Role.USER}), person.id)


def test_own_presence_is_set_and_told_to_the_history(box: Inbox) -> None:
    year = datetime.now(UTC).year + 1
    shown = set_presence(box, owner(box, "anna"), "anna", "away", f"{year}-08-01")
    assert shown.words == f"away until {year}-08-01"
    assert not shown.now.rule.rings and shown.now.rule.messages
    row = box.store.history(shown.person.id)[-1]
    assert (row.verb, row.door, row.by, row.detail) == (
        *("presence set", "web", "anna", f"away until {year}-08-01"),
    )
    assert set_presence(box, ADMIN, "anna", "in").words == "in"


def test_other_peoples_presence_is_not_theirs_to_set_or_see(box: Inbox) -> None:
    anna = owner(box, "anna")
    for login in ("ben", "nobody"):
        with pytest.raises(NotAllowed):
            set_presence(box, anna, login, "out")
        with pytest.raises(NotAllowed):
            set_presence_rule(box, anna, login, "out", rings=True)
        with pytest.raises(NotAllowed):
            show_presence(box, anna, login)
    assert show_presence(box, ADMIN, "ben").words == "in"


@pytest.mark.parametrize(
    ("presence", "until", "field"),
    [
        ("asleep", "", "presence"),
        ("away", "2001-01-01", "until"),
        ("away", "someday", "until"),
        ("in", "2999-01-01", "until"),
    ],
)
def test_what_cannot_be_names_its_field(box: Inbox, presence: str, until: str, field: str) -> None:
    with pytest.raises(OperationError) as refused:
        set_presence(box, ADMIN, "anna", presence, until)
    assert refused.value.field == field
    assert show_presence(box, ADMIN, "anna").words == "in"


def test_a_rule_changes_what_is_named_and_no_more(box: Inbox) -> None:
    set_presence_rule(box, ADMIN, "anna", "dnd", messages=False)
    rule = set_presence_rule(box, ADMIN, "anna", "dnd", rings=True).rules[Presence.DND]
    assert rule.rings and not rule.messages
