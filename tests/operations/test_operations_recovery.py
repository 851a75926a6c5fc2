"""A password made anew by the panel's button: who gets it, and who is told."""

import pyotp
import pytest

from app.appliance import Inbox
from app.inbox.entries import Kind
from app.operations.actor import Actor
from app.operations.errors import NotFound
from app.operations.people import NewPerson, add_person
from app.operations.recovery import BY, recover_password
from app.operations.second_factor import (
    begin_second_factor,
    confirm_second_factor,
    needs_code,
)
from tests.kit.actors import ADMIN, owner

AT_CONSOLE = Actor("recover", "console", frozenset())


def test_first_administrator_gets_it_and_all_administrators_are_told(box: Inbox) -> None:
    for login, mailbox, admin in (
        ("anna", "201", True),
        ("ben", "202", False),
        ("eva", "203", True),
    ):
        add_person(box, ADMIN, NewPerson(login, login.title(), mailbox, admin=admin))

    key = begin_second_factor(box, owner(box, "anna")).key
    confirm_second_factor(box, owner(box, "anna"), pyotp.TOTP(key).at(int(box.db.clock.now())))

    fresh = recover_password(box, AT_CONSOLE)

    assert fresh.login == "anna"
    person = box.people.by_login("anna")
    assert person is not None and not needs_code(box, person.id), "its telephone may be lost, too"
    assert box.people.check_password("anna", fresh.password) is not None
    told = {
        person.login: [(e.kind, e.subject) for e in box.store.entries(person.id)]
        for person in box.people.all()
    }
    subject = "An administrator's password was made anew at the console"
    assert told == {"anna": [(Kind.EMAIL, subject)], "ben": [], "eva": [(Kind.EMAIL, subject)]}
    anna = box.people.by_login("anna")
    assert anna is not None
    rows = [(row.verb, row.door, row.by) for row in box.store.history(anna.id)][-3:]
    assert rows == [
        (verb, "console", BY) for verb in ("password set", "second factor off", "delivered")
    ]


def test_without_an_administrator_there_is_no_password_to_make(box: Inbox) -> None:
    add_person(box, ADMIN, NewPerson("ben", "Ben", "202"))

    with pytest.raises(NotFound, match="nobody administers"):
        recover_password(box, AT_CONSOLE)
