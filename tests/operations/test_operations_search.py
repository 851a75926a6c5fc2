"""Searching a box: whose, what has just arrived, and what a page costs."""

import pytest

from app.appliance import Inbox
from app.inbox.delivery import Envelope, scan_head
from app.inbox.entries import Facts, Kind
from app.operations.errors import NotAllowed, OperationError
from app.operations.inbox import remove_entries
from app.operations.people import NewPerson, add_person
from app.operations.search import QUESTION_LIMIT, search_inbox
from tests.kit.actors import ADMIN, owner


@pytest.fixture
def two(box: Inbox) -> Inbox:
    for login, mailbox in (("anna", "201"), ("ben", "202")):
        add_person(box, ADMIN, NewPerson(login, login.title(), mailbox))
    return box


def deliver(box: Inbox, login: str, text: str) -> int:
    mail = f"From: eva@elsewhere.example\r\nSubject: Note\r\n\r\n{text}\r\n".encode()
    head = scan_head(mail)
    facts = Facts(0.0, head.sender, head.subject)
    envelope = Envelope("", (box.delivery.route(login),), Kind.EMAIL, facts, b"", head)
    return box.db.now(
        lambda tx: box.delivery.deliver(tx, envelope, box.store.contents.write(tx, (mail,)))
    ).entries[0]


def test_what_has_just_arrived_is_found_by_its_owner_alone(two: Inbox) -> None:
    anna, ben = owner(two, "anna"), owner(two, "ben")
    first = deliver(two, "anna", "the boiler leaks")
    deliver(two, "ben", "the boiler is fine")
    second = deliver(two, "anna", "boiler again")
    found = search_inbox(two, anna, "anna", "BOILER")
    assert ([e.id for e in found.entries], found.more) == ([second, first], False)
    assert found.progress == 1.0
    page = search_inbox(two, anna, "anna", "boiler", limit=1)
    assert ([e.id for e in page.entries], page.more) == ([second], True)
    older = search_inbox(two, anna, "anna", "boiler", before=second)
    assert [e.id for e in older.entries] == [first]
    with pytest.raises(NotAllowed):
        search_inbox(two, ben, "anna", "boiler")


def test_bin_is_searched_when_it_is_asked_for(two: Inbox) -> None:
    anna, entry = owner(two, "anna"), deliver(two, "anna", "the boiler leaks")
    remove_entries(two, anna, [entry])
    assert search_inbox(two, anna, "anna", "boiler").entries == ()
    assert [e.id for e in search_inbox(two, anna, "anna", "boiler", removed=True).entries] == [
        entry
    ]


def test_older_messages_are_found_while_the_index_has_no_room(
    two: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    anna, entry = owner(two, "anna"), deliver(two, "anna", "the boiler leaks")
    assert len(search_inbox(two, anna, "anna", "boiler").entries) == 1
    two.search._do(lambda index: index.execute("PRAGMA max_page_count = 1").fetchone())
    for number in range(40):
        deliver(two, "anna", " ".join(f"boiler{number}word{n}" for n in range(400)))
    assert [e.id for e in search_inbox(two, anna, "anna", "boiler leaks").entries] == [entry]
    assert "does not follow the store" in caplog.text


def test_question_that_is_too_long_is_refused(two: Inbox) -> None:
    with pytest.raises(OperationError) as problem:
        search_inbox(two, owner(two, "anna"), "anna", "x" * (QUESTION_LIMIT + 1))
    assert problem.value.field == "question"
