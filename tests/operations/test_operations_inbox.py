"""Messages, aliases and the queue: what an owner may, and what only an administrator."""

from collections.abc import Callable

import pytest

from app.appliance import Inbox
from app.inbox.entries import EntryState, Facts, Kind
from app.inbox.people import Person
from app.inbox.queue import Purpose, QueueItem
from app.operations.aliases import list_aliases, remove_alias, set_alias, trace_alias
from app.operations.errors import NotAllowed, NotFound, OperationError
from app.operations.inbox import (
    export_message,
    history,
    list_former,
    list_inbox,
    remove_entries,
    restore_entries,
    see_missed_calls,
    show_header,
)
from app.operations.people import NewPerson, add_person, change_person, remove_person
from app.operations.queue import drop_queued, list_queue, retry_queued, show_queued
from app.store.database import Tx
from tests.kit.actors import ADMIN, owner

MAIL = b"Subject: hello\r\n\r\nx\r\n"


@pytest.fixture
def people(box: Inbox) -> dict[str, Person]:
    return {
        login: add_person(box, ADMIN, NewPerson(login, login.title(), mailbox)).person
        for login, mailbox in (("anna", "201"), ("ben", "202"))
    }


def deliver(box: Inbox, person: Person) -> int:
    def work(tx: Tx) -> int:
        content = box.store.contents.write(tx, (MAIL,))
        facts = Facts(0.0, "eva@example.org", "hello")
        return box.store.add_entry(tx, person.id, content, b"", Kind.EMAIL, EntryState.NEW, facts)

    return box.db.now(work)


# ---- messages


def test_owner_lists_shows_removes_and_restores_own_messages(
    box: Inbox, people: dict[str, Person]
) -> None:
    ben, entry = owner(box, "ben"), deliver(box, people["ben"])
    assert [e.id for e in list_inbox(box, ben, "ben").entries] == [entry]
    assert show_header(box, ben, entry) == b"Subject: hello\r\n\r\n"
    assert b"".join(export_message(box, ben, entry)) == MAIL
    assert remove_entries(box, ben, [entry]).done == 1
    assert [e.id for e in list_inbox(box, ben, "ben", removed=True).entries] == [entry]
    assert restore_entries(box, ben, [entry]).done == 1
    rows = [(row.verb, row.door, row.by) for row in history(box, ben, "ben", entry).rows]
    assert rows[1:] == [("removed", "web", "ben"), ("restored", "web", "ben")]


def test_owner_cannot_touch_somebody_elses_messages(box: Inbox, people: dict[str, Person]) -> None:
    ben, entry = owner(box, "ben"), deliver(box, people["anna"])
    assert remove_entries(box, ben, [entry]).done == 0
    assert box.store.need(entry).state is EntryState.NEW
    for look in (show_header, export_message):
        with pytest.raises(NotFound, match=f"there is no entry {entry}"):
            look(box, ben, entry)
    with pytest.raises(NotAllowed):
        list_inbox(box, ben, "anna")
    with pytest.raises(NotAllowed):
        history(box, ben, "anna")
    with pytest.raises(NotAllowed):
        list_former(box, ben, "anna")


def test_message_of_a_removed_person_is_restored_to_an_heir_only(
    box: Inbox, people: dict[str, Person]
) -> None:
    entry = deliver(box, people["ben"])
    remove_person(box, ADMIN, "ben", discard=True)
    former, left = list_former(box, ADMIN, "ben")
    assert (former.login, [e.id for e in left]) == ("ben", [entry])
    for heir, text in ((None, "name who gets the messages"), ("eva", "there is no eva here")):
        with pytest.raises(OperationError, match=text) as problem:
            restore_entries(box, ADMIN, [entry], heir)
        assert problem.value.field == "heir"
    assert restore_entries(box, ADMIN, [entry], "anna").done == 1
    assert [e.id for e in list_inbox(box, ADMIN, "anna").entries] == [entry]
    with pytest.raises(NotFound, match="nothing is left"):
        list_former(box, ADMIN, "ben")


def test_missed_calls_are_listed_with_the_inbox(box: Inbox, people: dict[str, Person]) -> None:
    ben = people["ben"].id
    box.db.now(
        lambda tx: box.store.missed_call(tx, ben, line="line1", reason="the mailbox is full")
    )
    (call,) = list_inbox(box, owner(box, "ben"), "ben").missed_calls
    assert (call.caller, call.reason) == ("unknown caller", "the mailbox is full")
    assert list_inbox(box, ADMIN, "ben", missed_since=call.at + 1).missed_calls == ()
    assert list_inbox(box, ADMIN, "ben", removed=True).missed_calls == ()


# ---- aliases


def test_missed_calls_are_seen_by_their_owner_and_by_no_other(
    box: Inbox, people: dict[str, Person]
) -> None:
    ben = owner(box, "ben")
    change_person(box, ben, "ben", {"missed_lamp": True})
    box.db.now(lambda tx: box.store.missed_call(tx, people["ben"].id, line="line1", reason="x"))
    assert list_inbox(box, ben, "ben").unseen_calls == 1
    with pytest.raises((NotAllowed, NotFound)):
        see_missed_calls(box, owner(box, "anna"), "ben")
    assert see_missed_calls(box, ben, "ben") == 1
    assert see_missed_calls(box, ben, "ben") == 0
    assert list_inbox(box, ben, "ben").unseen_calls == 0


def test_owner_sets_traces_and_removes_own_forward(box: Inbox, people: dict[str, Person]) -> None:
    ben = owner(box, "ben")
    assert set_alias(box, ben, "ben", ["ben", "ben@outside.example"]).alias.members[1] == (
        "ben@outside.example"
    )
    set_alias(box, ADMIN, "sales", ["anna", "ben"])
    assert [alias.name for alias in list_aliases(box, ben)] == ["ben"]
    assert [alias.name for alias in list_aliases(box, ADMIN)] == ["ben", "sales"]
    assert trace_alias(box, ben, "ben").steps[1] == "ben stands for ben, ben@outside.example"
    remove_alias(box, ben, "ben")
    assert box.aliases.get("ben") is None


@pytest.mark.parametrize("name", ["anna", "sales", "new"])
def test_owner_cannot_set_somebody_elses_alias(
    box: Inbox, people: dict[str, Person], name: str
) -> None:
    set_alias(box, ADMIN, "sales", ["anna"])
    for attempt in (
        lambda: set_alias(box, owner(box, "ben"), name, ["ben"]),
        lambda: remove_alias(box, owner(box, "ben"), name),
        lambda: trace_alias(box, owner(box, "ben"), name),
    ):
        with pytest.raises(NotAllowed):
            attempt()


def test_alias_that_cannot_be_is_refused(box: Inbox, people: dict[str, Person]) -> None:
    with pytest.raises(OperationError, match="neither a person nor an alias"):
        set_alias(box, ADMIN, "sales", ["eva"])
    with pytest.raises(NotFound, match="no alias sales"):
        remove_alias(box, ADMIN, "sales")
    with pytest.raises(OperationError, match="no address"):
        trace_alias(box, ADMIN, "no body")


# ---- the queue


def test_queue_is_an_administrators_alone(box: Inbox, people: dict[str, Person]) -> None:
    ben = owner(box, "ben")
    attempts: tuple[Callable[[], object], ...] = (
        lambda: list_queue(box, ben),
        lambda: show_queued(box, ben, 1),
        lambda: retry_queued(box, ben, 1),
        lambda: drop_queued(box, ben, 1),
    )
    for attempt in attempts:
        with pytest.raises(NotAllowed):
            attempt()


def test_queue_is_listed_in_pages_with_what_cannot_be_reached(box: Inbox) -> None:
    def work(tx: Tx) -> list[int]:
        content = box.store.contents.write(tx, (b"Subject: x\r\n\r\n",))
        item = QueueItem(Purpose.RELAY, content, b"", sender="")
        return box.queue.add(tx, item, [f"x{n}@far.example" for n in range(5)])

    ids = box.db.now(work)
    later = box.db.box_time.now() + 300
    box.db.now(lambda tx: box.queue.destinations.failed(tx, "far.example", 0, "451 no", later))
    first = list_queue(box, ADMIN, limit=3)
    assert ([row.id for row in first.rows], first.more, first.waiting) == (ids[:3], True, 5)
    (down,) = first.down
    assert (down.name, down.waiting, down.reply) == ("far.example", 5, "451 no")
    assert down.next_at == pytest.approx(first.rows[0].next_at, abs=1)
    last = list_queue(box, ADMIN, after=ids[2], limit=3)
    assert ([row.id for row in last.rows], last.more) == (ids[3:], False)


def test_queued_mail_that_is_not_there_is_said_so(box: Inbox) -> None:
    for work in (show_queued, retry_queued, drop_queued):
        with pytest.raises(NotFound, match="nothing in the queue has the number 7"):
            work(box, ADMIN, 7)
