"""The history names the door that something came through, whatever it was."""

from dataclasses import replace

from app.appliance import Inbox
from app.operations.accounts import NewAccount, add_account, change_account, remove_account
from app.operations.aliases import remove_alias, set_alias
from app.operations.outgoing_accounts import NewOutgoing, remove_outgoing, set_outgoing
from app.operations.people import (
    NewPerson,
    add_person,
    change_person,
    remove_person,
    set_password,
    set_pin,
)
from app.operations.templates import remove_template, set_template
from tests.kit.actors import ADMIN


def test_each_change_is_told_with_the_door_of_its_actor(box: Inbox) -> None:
    actor = replace(ADMIN, door="console")
    for login, mailbox in (("anna", "201"), ("ben", "202")):
        add_person(box, actor, NewPerson(login, login.title(), mailbox))
    set_password(box, actor, "anna")
    set_pin(box, actor, "anna")
    change_person(box, actor, "anna", {"name": "Anna L"})
    set_alias(box, actor, "sales", ["anna", "ben"])
    remove_alias(box, actor, "sales")
    set_template(box, actor, "office", {"quota": 5_000_000})
    remove_template(box, actor, "office")
    account = add_account(box, actor, "anna", NewAccount("pop.example.net", "anna", "secret"))
    change_account(box, actor, account.id, {"poll_s": 600.0})
    remove_account(box, actor, account.id)
    set_outgoing(box, actor, "anna", NewOutgoing("smtp.example.net", "anna", "secret"))
    remove_outgoing(box, actor, "anna")
    remove_person(box, actor, "ben")

    told = box.db.reader().execute("SELECT verb, door, by FROM audit").fetchall()

    assert {verb for verb, _, _ in told} >= {
        *("person added", "password set", "PIN set", "person changed", "person removed"),
        *("alias set", "alias removed", "template set", "template removed"),
        *("account added", "account changed", "account removed"),
        *("outgoing account set", "outgoing account removed"),
    }
    assert [row for row in told if row[1:] != ("console", ADMIN.login)] == []
