"""Custody: what a queue row's outcome does to the inbox, and who is told."""

import email
import email.policy
import math
from email.message import EmailMessage
from itertools import chain
from pathlib import Path

import pytest

from app.inbox.entries import Entry, EntryState, Kind
from app.inbox.errors import ContentGone
from app.inbox.queue import QueueOutcome, QueueRow, RowState
from tests.kit.store import LETTER, StoreKit, open_store

GONE = "550 5.1.1 <a@far.example> no such user here"


@pytest.fixture
def kit(tmp_path: Path):  # type: ignore[no-untyped-def]
    with_people = open_store(tmp_path)
    yield with_people
    with_people.close()


def succeed(kit: StoreKit, row: int) -> QueueOutcome:
    return kit.db.now(lambda tx: kit.queue.succeeded(tx, row, "250 2.0.0 ok"))


def fail(kit: StoreKit, row: int, reply: str = GONE) -> QueueOutcome:
    return kit.db.now(lambda tx: kit.queue.failed(tx, row, reply))


def forward(kit: StoreKit, *members: str) -> tuple[Entry, tuple[int, ...]]:
    """A voicemail on its way out by Anna's alias: her entry, the queue rows."""
    kit.alias("anna", *members)
    delivered = kit.mail("anna", kind=Kind.VOICEMAIL)
    return kit.store.need(delivered.entries[0]), delivered.queued


def read(kit: StoreKit, entry_id: int | None) -> EmailMessage:
    """A failure report with nothing but its words as body."""
    assert entry_id is not None
    text = kit.text(kit.store.need(entry_id)).replace(b"\r\n", b"\n")
    report = email.message_from_bytes(text, policy=email.policy.default)
    words = next(report.iter_parts()).get_content()
    report.clear_content()
    report.set_content(words)
    return report


def test_custody_with_all_accepted_moves_the_entry_to_the_bin(kit: StoreKit) -> None:
    entry, (first, second) = forward(kit, "a@far.example", "b@far.example")
    assert succeed(kit, first) == QueueOutcome()
    assert kit.store.need(entry.id).state is EntryState.LEAVING
    assert succeed(kit, second) == QueueOutcome(removed=entry.id)
    gone = kit.store.need(entry.id)
    assert (gone.state, gone.removed_door) == (EntryState.BIN, "forward")
    assert kit.queue.page() == []
    kit.db.now(lambda tx: kit.store.restore(tx, [entry.id], "admin", "root"))
    assert kit.store.need(entry.id).state is EntryState.NEW  # restorable, and as new


def test_custody_with_one_refused_brings_the_entry_back_with_a_report(kit: StoreKit) -> None:
    entry, (first, second) = forward(kit, "a@far.example", "b@far.example")
    assert fail(kit, first) == QueueOutcome()  # the other may still get it
    assert kit.inbox("anna") == []
    outcome = succeed(kit, second)
    assert outcome.returned == entry.id
    assert kit.store.need(entry.id).state is EntryState.NEW
    assert kit.store.unheard(entry.person) == (1, 1)  # the voicemail and the notice
    notice = read(kit, outcome.notice)
    assert notice["Return-Path"] == "<>" and notice["Auto-Submitted"] == "auto-replied"
    assert notice["Subject"] == "Not delivered: Hello"
    assert notice["To"] == notice["Delivered-To"] == "anna@example.org"
    body = notice.get_content()
    assert "Not delivered to:\n  a@far.example\n    550 5.1.1" in body
    assert "Delivered to:\n  b@far.example\n" in body
    assert "come back into your inbox" in body
    assert kit.queue.page() == []
    assert [row.verb for row in kit.store.history(entry=entry.id)] == ["leaving", "returned"]


def test_copy_that_is_refused_leaves_the_entry_and_adds_a_report(kit: StoreKit) -> None:
    entry, (row,) = forward(kit, "anna", "a@far.example")
    outcome = fail(kit, row)
    assert outcome.returned is None
    assert "Your own copy is in your inbox" in read(kit, outcome.notice).get_content()
    assert kit.store.need(entry.id).state is EntryState.NEW


def test_copy_that_is_accepted_changes_nothing(kit: StoreKit) -> None:
    entry, (row,) = forward(kit, "anna", "a@far.example")
    assert succeed(kit, row) == QueueOutcome()
    assert kit.store.need(entry.id) == entry
    assert kit.queue.page() == []


def test_a_deferred_row_waits_until_its_time(kit: StoreKit) -> None:
    entry, (row,) = forward(kit, "a@far.example")
    kit.clock.advance(10)
    now, wall = kit.box_s(), kit.clock.now()
    (due,) = kit.queue.due_mail("far.example")
    assert (due.id, due.created_box_s, due.created_at) == (row, now - 10, wall - 10)
    kit.db.now(lambda tx: kit.queue.deferred(tx, due, "451 4.3.0 later", now + 300))
    assert kit.queue.next_due() == now + 300
    kit.clock.advance(299)
    assert kit.queue.due_mail("far.example") == [] == kit.queue.destinations.due(9)
    kit.clock.advance(1)
    (waiting,) = kit.queue.due_mail("far.example")
    assert (waiting.attempts, waiting.reply) == (1, "451 4.3.0 later")
    assert (waiting.next_box_s, waiting.next_at) == (now + 300, wall + 300)
    kit.db.now(lambda tx: kit.queue.deferred(tx, waiting, "451 4.3.0 later", now + 900))
    assert kit.db.now(lambda tx: kit.queue.retry(tx, row))
    assert [due.id for due in kit.queue.due_mail("far.example")] == [row]
    assert [there.name for there in kit.queue.destinations.due(9)] == ["far.example"]
    assert kit.store.need(entry.id).state is EntryState.LEAVING
    succeed(kit, row)
    assert kit.queue.next_due() is None
    assert not kit.db.now(lambda tx: kit.queue.retry(tx, row))


def test_due_mails_come_in_the_order_of_waiting_one_mail_at_a_time(kit: StoreKit) -> None:
    mails: list[list[int]] = []
    for n in range(3):
        kit.clock.advance(1)
        mails.append(list(kit.mail(relay=[f"x{n}@far.example", f"y{n}@FAR.example"]).queued))
    busy: list[int] = []
    for mail in mails:
        found = [row.id for row in kit.queue.due_mail("far.example", busy)]
        assert found == mail
        busy += found
    assert kit.queue.due_mail("far.example", busy) == []


def test_mail_of_many_recipients_goes_in_parts_that_a_server_must_take(kit: StoreKit) -> None:
    ids = kit.mail(relay=[f"x{n}@far.example" for n in range(250)]).queued
    parts: list[int] = []
    busy: list[int] = []
    while rows := kit.queue.due_mail("far.example", busy):
        parts.append(len(rows))
        busy += [row.id for row in rows]
    assert parts == [100, 100, 50] and tuple(busy) == ids


def test_mail_to_several_destinations_goes_together_by_smarthost_only(kit: StoreKit) -> None:
    ids = kit.mail(relay=["a@far.example", "b@near.example", "c@far.example"]).queued
    apart = kit.queue.due_mail("far.example")
    assert [row.id for row in apart] == [ids[0], ids[2]]
    together = kit.queue.due_mail("near.example", together=True)
    assert tuple(row.id for row in together) == ids


def test_queue_in_pages_has_every_row_once(kit: StoreKit) -> None:
    ids = kit.mail(relay=[f"x{n}@far.example" for n in range(25)]).queued
    pages: list[list[int]] = []
    last = 0
    while rows := kit.queue.page(last, 10):
        pages.append([row.id for row in rows])
        last = rows[-1].id
    assert [len(page) for page in pages] == [10, 10, 5]
    assert tuple(chain(*pages)) == ids == tuple(kit.queue.waiting_ids())


def test_second_outcome_of_a_row_is_ignored(kit: StoreKit) -> None:
    entry, (first, second) = forward(kit, "a@far.example", "b@far.example")
    assert succeed(kit, first) == succeed(kit, first) == QueueOutcome()
    assert fail(kit, first) == QueueOutcome()
    assert kit.queue.get(first) is not None
    assert kit.queue.get(first).state is RowState.TAKEN  # type: ignore[union-attr]
    succeed(kit, second)
    assert fail(kit, second) == QueueOutcome() == fail(kit, 999)
    assert kit.store.need(entry.id).state is EntryState.BIN


def test_row_removed_from_the_queue_counts_as_refused(kit: StoreKit) -> None:
    entry, (row,) = forward(kit, "a@far.example")
    outcome = kit.db.now(lambda tx: kit.queue.remove(tx, row, by="root"))
    assert outcome.returned == entry.id
    assert "taken out of the queue by root" in read(kit, outcome.notice).get_content()


def test_who_removed_a_row_from_the_queue_and_by_which_door_is_in_the_history(
    kit: StoreKit,
) -> None:
    entry, (row,) = forward(kit, "a@far.example")
    kit.db.now(lambda tx: kit.queue.remove(tx, row, "root", "console"))
    kit.db.now(lambda tx: kit.queue.remove(tx, row, "root", "console"))  # it waits no more
    rows = [one for one in kit.store.history(entry=entry.id) if one.verb != "leaving"]
    assert [one.verb for one in rows] == ["taken out of the queue", "returned"]
    assert (rows[0].by, rows[0].door, rows[0].detail) == ("root", "console", "to a@far.example")


def test_entry_removed_by_its_owner_meanwhile_stays_removed(kit: StoreKit) -> None:
    entry, (row,) = forward(kit, "a@far.example")
    kit.db.now(lambda tx: kit.store.remove(tx, [entry.id], "admin", "anna"))
    outcome = fail(kit, row)
    assert outcome.returned is None and outcome.notice is not None
    assert kit.store.need(entry.id).state is EntryState.BIN


def test_relayed_mail_bounces_to_a_local_sender_at_once(kit: StoreKit) -> None:
    first, second = kit.mail(
        relay=["a@far.example", "b@far.example"], sender="anna@example.org"
    ).queued
    outcome = fail(kit, first)
    assert outcome.bounce is None
    notice = read(kit, outcome.notice)
    assert kit.store.need(outcome.notice or 0).person == kit.person("anna").id
    assert "A message you sent" in notice.get_content()
    assert "b@far.example" not in notice.get_content()
    assert succeed(kit, second) == QueueOutcome()
    assert kit.queue.page() == []


def test_who_lives_here_is_told_in_their_own_language(kit: StoreKit) -> None:
    anna = kit.person("anna").id
    kit.db.now(lambda tx: kit.people.change(tx, anna, "", "admin", language="it"))
    (row,) = kit.mail(relay=["a@far.example"], sender="anna@example.org").queued
    notice = read(kit, fail(kit, row).notice)
    assert "Un messaggio che hai inviato non è stato consegnato." in notice.get_content()


def test_relayed_mail_of_a_stranger_bounces_once_for_all_its_recipients(kit: StoreKit) -> None:
    queued = kit.mail(relay=["a@far.example", "b@far.example"], sender="s@far.example").queued
    refusals: list[tuple[QueueRow | int, str]] = [(row, GONE) for row in queued]
    outcomes = kit.db.now(lambda tx: kit.queue.all_failed(tx, refusals))
    (bounce,) = kit.queue.page()
    assert outcomes == [QueueOutcome(bounce=bounce.id), QueueOutcome()]
    assert (bounce.sender, bounce.recipient) == ("", "s@far.example")
    octets = b"".join(kit.store.contents.octets(bounce.content))
    assert b"rfc822; a@far.example" in octets and b"rfc822; b@far.example" in octets


def test_relayed_mail_taken_out_of_the_queue_bounces_too(kit: StoreKit) -> None:
    (row,) = kit.mail(relay=["a@far.example"], sender="s@far.example").queued
    outcome = kit.db.now(lambda tx: kit.queue.remove(tx, row, by="root"))
    (bounce,) = kit.queue.page()
    assert outcome == QueueOutcome(bounce=bounce.id)


def test_three_mails_that_fail_at_once_get_a_report_each(kit: StoreKit) -> None:
    rows: list[tuple[QueueRow | int, str]] = []
    for name in ("one", "two", "three"):
        octets = f"Subject: mail {name}\r\nX-Number: {name}\r\n\r\nbody\r\n".encode()
        kit.clock.advance(3600)
        mail = kit.mail(relay=["a@far.example"], sender="anna@example.org", octets=octets)
        rows.append((mail.queued[0], GONE))
    outcomes = kit.db.now(lambda tx: kit.queue.all_failed(tx, rows))
    entries = kit.store.entries(kit.person("anna").id)
    assert [entry.id for entry in entries] == [outcome.notice for outcome in outcomes]
    assert [entry.subject for entry in entries] == [
        "Not delivered: mail one",
        "Not delivered: mail two",
        "Not delivered: mail three",
    ]
    texts = [b"".join(kit.store.octets(entry)).decode() for entry in entries]
    for name, text in zip(("one", "two", "three"), texts, strict=True):
        assert f"Subject: mail {name}" in text and f"X-Number: {name}" in text
    assert len({text.partition("\nReceived: ")[2].splitlines()[0] for text in texts}) == 3


def test_null_sender_gets_no_report(kit: StoreKit) -> None:
    (row,) = kit.mail(relay=["a@far.example"], sender="").queued
    assert fail(kit, row) == QueueOutcome()
    assert kit.queue.page() == []


def test_relayed_content_goes_with_its_last_row(kit: StoreKit) -> None:
    first, second = kit.mail(relay=["a@far.example", "b@far.example"]).queued
    content = kit.queue.page()[0].content
    succeed(kit, first)
    assert kit.store.contents.chunk(content, 0) == LETTER
    succeed(kit, second)
    with pytest.raises(ContentGone):
        kit.store.contents.chunk(content, 0)


def test_queued_content_is_safe_from_expiry_and_sweeping(kit: StoreKit) -> None:
    entry, (row,) = forward(kit, "a@far.example")
    kit.db.now(lambda tx: kit.store.remove(tx, [entry.id], "admin", "anna"))
    kit.db.now(lambda tx: kit.store.empty_bin(tx, math.inf))
    assert kit.store.contents.unused(0, entry.content) == []
    kit.db.now(lambda tx: kit.store.contents.drop_unused(tx, [entry.content]))
    assert kit.store.contents.chunk(entry.content, 0) == LETTER
    assert fail(kit, row).notice is not None  # even then its owner hears of it


def test_removed_owner_gets_no_report(kit: StoreKit) -> None:
    (row,) = kit.mail(relay=["a@far.example"], sender="bob@example.org").queued
    bob = kit.person("bob")
    kit.db.now(lambda tx: kit.people.remove(tx, bob.id))
    assert fail(kit, row) == QueueOutcome()


def test_queue_changes_are_in_the_change_log(kit: StoreKit) -> None:
    before = kit.store.last_change()
    _entry, (row,) = forward(kit, "a@far.example")
    succeed(kit, row)
    verbs = [change.verb for change in kit.store.changes(before)]
    assert verbs == ["alias set", "leaving", "queued", "removed", "finished"]
