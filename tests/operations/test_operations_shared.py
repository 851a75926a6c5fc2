"""Mailboxes that several people listen to, as every door says it."""

import pytest

from app.appliance import Inbox
from app.inbox.entries import EntryState, Facts, Kind
from app.operations.actor import Actor, Role
from app.operations.errors import NotAllowed, NotFound, OperationError
from app.operations.people import NewPerson, add_person
from app.operations.shared import (
    claim_message,
    release_message,
    share_mailbox,
    show_sharing,
    unshare_mailbox,
    who_has,
)
from tests.kit.actors import ADMIN


@pytest.fixture(autouse=True)
def people(box: Inbox) -> None:
    for login, mailbox in (("anna", "201"), ("ben", "202"), ("cleo", "203")):
        add_person(box, ADMIN, NewPerson(login, login.title(), mailbox))
    share_mailbox(box, ADMIN, "anna", "ben")


def owner(box: Inbox, login: str) -> Actor:
    person = box.people.by_login(login)
    assert person is not None
    return Actor(login, "web", frozenset({Role.USER}), person.id)


def message(box: Inbox, login: str = "anna") -> int:
    person = owner(box, login).person or 0
    facts = Facts(1_700_000_000.0, "Carl")
    return box.db.now(
        lambda tx: box.store.add_entry(
            tx,
            person,
            box.store.contents.write(tx, (b"Subject: x\r\n\r\n",)),
            b"",
            Kind.VOICEMAIL,
            EntryState.NEW,
            facts,
        )
    )


def test_who_shares_with_whom_is_shown_to_both(box: Inbox) -> None:
    assert [p.login for p in show_sharing(box, owner(box, "anna"), "anna").members] == ["ben"]
    assert [p.login for p in show_sharing(box, owner(box, "ben"), "ben").mailboxes] == ["anna"]
    with pytest.raises(NotAllowed):
        show_sharing(box, owner(box, "ben"), "anna")


def test_only_who_looks_after_the_telephones_shares_mailboxes(box: Inbox) -> None:
    with pytest.raises(NotAllowed):
        share_mailbox(box, owner(box, "anna"), "anna", "cleo")
    with pytest.raises(NotAllowed):
        unshare_mailbox(box, owner(box, "anna"), "anna", "ben")


@pytest.mark.parametrize(
    ("member", "why"), [("anna", "own mailbox"), ("nobody", "nobody"), ("cleo", "no member")]
)
def test_what_cannot_be_names_the_field(box: Inbox, member: str, why: str) -> None:
    work = unshare_mailbox if member == "cleo" else share_mailbox
    with pytest.raises(OperationError, match=why) as refused:
        work(box, ADMIN, "anna", member)
    assert refused.value.field == "member"


def test_a_member_takes_a_message_and_others_are_told_who(box: Inbox) -> None:
    entry, ben, anna = message(box), owner(box, "ben"), owner(box, "anna")
    assert claim_message(box, ben, entry).name == "Ben"
    found = who_has(box, anna, entry)
    assert found is not None
    assert found.name == "Ben"
    with pytest.raises(OperationError, match="Ben has taken it already"):
        claim_message(box, anna, entry)
    assert release_message(box, anna, entry), "it is her mailbox"
    assert who_has(box, ben, entry) is None
    history = [(row.verb, row.by, row.door) for row in box.store.history(anna.person, entry)]
    assert history[1:] == [("taken", "ben", "web"), ("released", "anna", "web")]


def test_a_member_does_not_release_what_another_has(box: Inbox) -> None:
    share_mailbox(box, ADMIN, "anna", "cleo")
    entry = message(box)
    claim_message(box, owner(box, "ben"), entry)
    with pytest.raises(OperationError, match="can release it"):
        release_message(box, owner(box, "cleo"), entry)


def test_strangers_do_not_learn_that_a_message_is_there(box: Inbox) -> None:
    cleo, entry = owner(box, "cleo"), message(box)
    for number in (entry, 99_999):
        for work in (claim_message, release_message, who_has):
            with pytest.raises(NotFound, match=f"no entry {number}"):
                work(box, cleo, number)


def test_an_account_of_the_machine_takes_nothing_but_releases_all(box: Inbox) -> None:
    entry = message(box)
    with pytest.raises(OperationError, match="only a person"):
        claim_message(box, ADMIN, entry)
    claim_message(box, owner(box, "ben"), entry)
    assert release_message(box, ADMIN, entry)
    assert not release_message(box, ADMIN, entry)


def test_what_is_in_no_inbox_is_not_taken(box: Inbox) -> None:
    entry = message(box)
    box.db.now(lambda tx: box.store.remove(tx, [entry], "web", "anna"))
    with pytest.raises(OperationError, match="in no inbox"):
        claim_message(box, owner(box, "ben"), entry)
