"""Entries and content: what goes in comes out exactly, and every removal has a way back."""

import math
import sqlite3
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from app.inbox.entries import EntryState, Facts, Kind, MissedCall, ids_of
from app.inbox.errors import ContentGone, NoSuchEntry
from app.inbox.store import CHUNK
from app.store.database import Tx
from tests.kit.invariants import check_store
from tests.kit.store import LETTER, StoreKit, open_store


@pytest.fixture
def kit(tmp_path: Path):  # type: ignore[no-untyped-def]
    with_people = open_store(tmp_path)
    yield with_people
    with_people.close()


def remove(kit: StoreKit, *ids: int, door: str = "pop3", by: str = "anna") -> int:
    return kit.db.now(lambda tx: kit.store.remove(tx, ids, door, by))


def restore(kit: StoreKit, *ids: int) -> int:
    return kit.db.now(lambda tx: kit.store.restore(tx, ids, "admin", "root"))


def enter(
    kit: StoreKit, content: int, prefix: bytes = b"", state: EntryState = EntryState.NEW
) -> int:
    person, facts = kit.person("anna").id, Facts(0)
    return kit.db.now(
        lambda tx: kit.store.add_entry(tx, person, content, prefix, Kind.EMAIL, state, facts)
    )


@pytest.mark.parametrize("length", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5])
def test_octets_come_out_as_they_went_in(kit: StoreKit, length: int) -> None:
    octets = bytes(range(256)) * (length // 256 + 1)
    entry = kit.put("anna", octets[:length])
    assert kit.text(entry) == octets[:length]
    assert entry.size == length
    assert entry.chunks == -(-length // CHUNK)


def test_content_arrives_in_chunks_of_many_transactions(kit: StoreKit) -> None:
    store, pieces = kit.store, [b"Subject: a\r\n\r\n", b".dot\r\n", b"end\r\n"]
    content = kit.db.now(store.contents.begin)
    for seq, piece in enumerate(pieces):
        kit.db.now(lambda tx, s=seq, p=piece: store.contents.add_chunk(tx, content, s, p))  # type: ignore[misc]
    with pytest.raises(ContentGone):
        enter(kit, content)  # not sealed yet
    size = sum(map(len, pieces))
    with pytest.raises(ValueError, match="octets"):
        kit.db.now(lambda tx: store.contents.seal(tx, content, size - 1, 1))
    kit.db.now(lambda tx: store.contents.seal(tx, content, size, 1))
    with pytest.raises(ContentGone):
        kit.db.now(lambda tx: store.contents.seal(tx, content, size, 1))  # only once
    entry = store.need(enter(kit, content, b"Return-Path: <>\r\n"))
    assert kit.text(entry) == b"Return-Path: <>\r\n" + b"".join(pieces)
    assert (entry.size, entry.dotted, entry.chunks) == (size + 17, 1, 3)


def test_seal_with_a_missing_chunk_is_refused(kit: StoreKit) -> None:
    content = kit.db.now(kit.store.contents.begin)
    kit.db.now(lambda tx: kit.store.contents.add_chunk(tx, content, 1, b"late"))
    with pytest.raises(ValueError, match="chunks"):
        kit.db.now(lambda tx: kit.store.contents.seal(tx, content, 4, 0))


def test_a_chunk_beyond_the_limit_or_beyond_the_end_is_refused(kit: StoreKit) -> None:
    content = kit.db.now(kit.store.contents.begin)
    with pytest.raises(ValueError, match="at most"):
        kit.db.now(lambda tx: kit.store.contents.add_chunk(tx, content, 0, b"x" * (CHUNK + 1)))
    with pytest.raises(ContentGone):
        kit.store.contents.chunk(content, 0)


def test_prefix_without_a_line_end_is_refused(kit: StoreKit) -> None:
    content = kit.db.now(lambda tx: kit.store.contents.write(tx, (LETTER,)))
    with pytest.raises(ValueError, match="whole lines"):
        enter(kit, content, b"Return-Path: <>")


def test_read_methods_leave_no_transaction_open(kit: StoreKit) -> None:
    entry = kit.put("anna")
    kit.store.contents.chunk(entry.content, 0)
    kit.store.entries(entry.person)
    kit.store.unheard(entry.person)
    kit.store.changes(0)
    list(kit.store.octets(entry))
    outsider = sqlite3.connect(kit.path)
    busy, *_ = outsider.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert busy == 0  # a reader inside a transaction would make it 1
    outsider.close()


def test_a_dotted_line_across_a_chunk_boundary_is_counted_once(kit: StoreKit) -> None:
    for before in range(CHUNK - 3, CHUNK + 2):
        octets = b"x" * (before - 2) + b"\r\n.dot\r\n"
        assert kit.put("anna", octets).dotted == 1


def test_header_ends_at_the_empty_line_and_has_the_prefix(kit: StoreKit) -> None:
    content = kit.db.now(lambda tx: kit.store.contents.write(tx, (LETTER,)))
    entry = kit.store.need(enter(kit, content, b"Delivered-To: anna@example.org\r\n"))
    head = kit.store.header(entry)
    assert head.startswith(b"Delivered-To: ") and head.endswith(b"Subject: Hello\r\n\r\n")
    assert kit.store.header(kit.put("anna", b"no header at all")) == b"no header at all"


def test_entries_come_in_the_order_of_delivery_by_kind_and_state(kit: StoreKit) -> None:
    anna = kit.person("anna").id
    mail, call = kit.put("anna"), kit.put("anna", kind=Kind.VOICEMAIL)
    heard = kit.put("anna", kind=Kind.VOICEMAIL)
    kit.db.now(lambda tx: kit.store.mark(tx, [heard.id], door="phone", by="101"))
    kit.put("bob")
    listed = kit.store.entries(anna)
    assert ids_of(listed) == [mail.id, call.id, heard.id]
    assert ids_of(kit.store.entries(anna, kinds=[Kind.VOICEMAIL])) == [call.id, heard.id]
    assert ids_of(kit.store.entries(anna, states=[EntryState.HEARD])) == [heard.id]
    assert kit.store.unheard(anna) == (1, 1)
    assert kit.store.entry(mail.id) == mail == listed[0]


def test_counts_of_new_messages_and_of_the_bin_follow_every_way_of_an_entry(kit: StoreKit) -> None:
    store, anna, bob = kit.store, kit.person("anna").id, kit.person("bob").id

    def counts() -> tuple[tuple[int, int], int, dict[str, int], int]:
        return (
            store.unheard(anna),
            store.unheard(bob)[1],
            store.unheard_by_handset(),
            (store.bin_octets()),
        )

    mail, call = kit.put("anna"), kit.put("anna", kind=Kind.VOICEMAIL)
    assert counts() == ((1, 1), 0, {"101": 1, "102": 0}, 0)
    kit.db.now(lambda tx: store.mark(tx, [call.id], door="phone", by="101"))
    assert counts() == ((0, 1), 0, {"101": 0, "102": 0}, 0)
    remove(kit, mail.id)
    remove(kit, call.id)
    assert counts() == ((0, 0), 0, {"101": 0, "102": 0}, mail.size + call.size)
    restore(kit, mail.id)
    assert counts() == ((0, 1), 0, {"101": 0, "102": 0}, call.size)
    kit.db.now(lambda tx: store.give_all(tx, anna, bob, "admin", "anna"))
    assert counts() == ((0, 0), 1, {"101": 0, "102": 0}, call.size)
    kit.db.now(lambda tx: store.empty_bin(tx, math.inf))
    assert counts() == ((0, 0), 1, {"101": 0, "102": 0}, 0)
    kit.db.checkpoint()
    check_store(kit.path, locks=False)


def test_uidls_are_printable_unlike_and_survive_removal(kit: StoreKit) -> None:
    entries = [kit.put("anna") for _ in range(50)]
    uidls = {entry.uidl for entry in entries}
    assert len(uidls) == 50
    assert all(len(u) == 16 and all(0x21 <= ord(c) <= 0x7E for c in u) for u in uidls)
    remove(kit, entries[0].id)
    restore(kit, entries[0].id)
    assert kit.store.need(entries[0].id).uidl == entries[0].uidl


def test_mark_changes_only_entries_in_the_inbox(kit: StoreKit) -> None:
    first, second = kit.put("anna"), kit.put("anna")
    remove(kit, second.id)

    def mark(
        *ids: int, state: EntryState | None = EntryState.HEARD, saved: bool | None = None
    ) -> int:
        return kit.db.now(lambda tx: kit.store.mark(tx, ids, state, saved, "phone", "101"))

    assert mark(first.id, second.id, 999) == 1
    assert mark(first.id) == 0  # already heard
    assert mark(first.id, state=None, saved=True) == 1
    now = kit.store.need(first.id)
    assert (now.state, now.saved) == (EntryState.HEARD, True)
    assert mark(first.id, state=EntryState.NEW) == 1
    assert kit.store.need(first.id).saved is True
    with pytest.raises(ValueError, match="remove"):
        mark(first.id, state=EntryState.BIN)


def test_removed_entry_names_its_author_and_is_restored_as_it_was(kit: StoreKit) -> None:
    heard, new = kit.put("anna"), kit.put("anna", kind=Kind.VOICEMAIL)
    kit.db.now(lambda tx: kit.store.mark(tx, [heard.id]))
    kit.clock.advance(60)
    assert remove(kit, heard.id, new.id, 999) == 2
    assert remove(kit, heard.id) == 0
    assert kit.inbox("anna") == []
    gone = kit.store.need(new.id)
    assert (gone.state, gone.removed_door, gone.removed_by) == (EntryState.BIN, "pop3", "anna")
    assert gone.removed_at == kit.clock.now()
    assert restore(kit, heard.id, new.id) == 2
    assert [e.state for e in kit.inbox("anna")] == [EntryState.HEARD, EntryState.NEW]
    assert kit.store.need(new.id).removed_at is None
    verbs = [(row.verb, row.door, row.by) for row in kit.store.history(entry=new.id)]
    assert verbs == [
        ("delivered", "smtp", ""),
        ("removed", "pop3", "anna"),
        ("restored", "admin", "root"),
    ]


def test_detail_of_removal_restore_and_mark_is_in_the_history(kit: StoreKit) -> None:
    entry, store = kit.put("anna"), kit.store
    kit.db.now(lambda tx: store.remove(tx, [entry.id], "pop3", "anna", detail="from 192.0.2.7"))
    kit.db.now(lambda tx: store.restore(tx, [entry.id], "admin", "root", detail="asked by phone"))
    kit.db.now(lambda tx: store.mark(tx, [entry.id], saved=True, by="anna", detail="by key 2"))
    rows = store.history(entry=entry.id)[1:]
    assert [(row.verb, row.detail) for row in rows] == [
        ("removed", "from 192.0.2.7"),
        ("restored", "asked by phone"),
        ("marked", "heard, saved, by key 2"),
    ]


def test_missed_call_is_listed_for_its_owner_or_for_the_administrator(kit: StoreKit) -> None:
    anna, store, seen = kit.person("anna").id, kit.store, kit.store.last_change()

    def miss(person: int | None, reason: str, number: str | None = None) -> MissedCall:
        return kit.db.now(
            lambda tx: store.missed_call(
                tx, person, line="line1", caller_number=number, reason=reason
            )
        )

    full = miss(anna, "the mailbox is full", "5551234")
    kit.clock.advance(60)
    nobody = miss(None, "nobody has mailbox 299")
    assert (full.caller, nobody.caller) == ("5551234", "unknown caller")
    assert store.missed_calls(anna) == [full]
    assert store.missed_calls(None) == [nobody]
    assert store.missed_calls(kit.person("bob").id) == []
    assert store.missed_calls(anna, full.at) == [full]
    assert store.missed_calls(anna, full.at + 0.001) == []
    assert store.missed_call_counts() == {anna: 1, None: 1}
    assert store.missed_call_counts(nobody.at) == {None: 1}
    row = store.history()[-2]
    assert (row.verb, row.door, row.by, row.person, row.detail) == (
        *("missed call", "phone", "line1", anna),
        "5551234, the mailbox is full",
    )
    assert [change.verb for change in store.changes(seen)] == ["missed call", "missed call"]


def test_missed_calls_go_to_the_heir_and_are_forgotten_with_the_history(kit: StoreKit) -> None:
    anna, bob, store = kit.person("anna").id, kit.person("bob").id, kit.store
    call = kit.db.now(lambda tx: store.missed_call(tx, anna, line="line1", reason="no room"))
    kit.db.now(lambda tx: store.give_all(tx, anna, bob, "admin", "root"))
    assert (store.missed_calls(anna), store.missed_calls(bob)) == ([], [replace(call, person=bob)])
    kit.db.now(lambda tx: store.audit_log.trim(tx, 1000, call.id - 1, 0))
    assert len(store.missed_calls(bob)) == 1
    kit.db.now(lambda tx: store.audit_log.trim(tx, 1000, call.id, 0))
    assert store.missed_calls(bob) == []


def test_history_of_a_person_has_all_of_theirs_and_none_of_others(kit: StoreKit) -> None:
    anna = kit.put("anna")
    kit.put("bob")
    rows = kit.store.history(person_id=kit.person("anna").id)
    assert [row.verb for row in rows] == ["person added", "delivered"]
    assert rows[1].entry == anna.id
    assert len(kit.store.history()) == 5


def test_used_octets_follow_every_change(kit: StoreKit) -> None:
    anna, bob = kit.person("anna").id, kit.person("bob").id
    one, two = kit.put("anna", b"x" * 1000), kit.put("anna", b"y" * 10)

    def used() -> int:
        used = kit.store.used(anna)
        assert used == sum(entry.size for entry in kit.inbox("anna"))
        return used

    assert used() == 1010
    kit.db.now(lambda tx: kit.store.mark(tx, [one.id]))
    assert used() == 1010
    remove(kit, one.id)
    assert used() == 10
    restore(kit, one.id)
    assert used() == 1010
    content = kit.db.now(lambda tx: kit.store.contents.write(tx, (LETTER,)))
    leaving = enter(kit, content, state=EntryState.LEAVING)
    assert used() == 1010
    kit.db.now(lambda tx: kit.store.returned(tx, leaving, "550"))
    assert used() == 1010 + len(LETTER)
    kit.db.now(lambda tx: kit.store.give_all(tx, anna, bob, "admin", "root"))
    assert (used(), kit.store.used(bob)) == (0, 1010 + len(LETTER))
    remove(kit, two.id)
    kit.db.now(lambda tx: kit.store.empty_bin(tx, math.inf))
    assert kit.store.used(bob) == 1000 + len(LETTER)


def test_empty_bin_deletes_the_oldest_first_with_their_content(kit: StoreKit) -> None:
    newer, old, kept = kit.put("anna"), kit.put("anna"), kit.put("anna")
    remove(kit, old.id)
    kit.clock.advance(100)
    remove(kit, newer.id)
    kit.clock.advance(100)
    limit = kit.box_s()
    assert kit.store.bin_octets() == 2 * len(LETTER)
    assert kit.db.now(lambda tx: kit.store.empty_bin(tx, limit, entries=1)) == 1
    assert kit.store.entry(old.id) is None and kit.store.entry(newer.id) is not None
    assert kit.db.now(lambda tx: kit.store.empty_bin(tx, limit - 100)) == 0
    assert kit.db.now(lambda tx: kit.store.empty_bin(tx, limit)) == 1
    with pytest.raises(ContentGone):
        kit.store.contents.chunk(old.content, 0)
    assert kit.text(kept) == LETTER
    assert [row.verb for row in kit.store.history(entry=old.id)][-1] == "purged"
    with pytest.raises(NoSuchEntry):
        kit.store.need(old.id)


def test_empty_bin_stops_at_the_limit_in_octets(kit: StoreKit) -> None:
    ids = [kit.put("anna", b"x" * 1000).id for _ in range(5)]
    remove(kit, *ids)
    assert kit.db.now(lambda tx: kit.store.empty_bin(tx, math.inf, octets=1500)) == 2
    assert kit.db.now(lambda tx: kit.store.empty_bin(tx, math.inf, octets=1)) == 1


def test_content_of_two_entries_stays_until_both_are_purged(kit: StoreKit) -> None:
    kit.mail("anna", "bob")
    mine, theirs = kit.inbox("anna")[0], kit.inbox("bob")[0]
    assert mine.content == theirs.content and mine.uidl != theirs.uidl
    remove(kit, mine.id)
    kit.db.now(lambda tx: kit.store.empty_bin(tx, math.inf))
    assert kit.text(theirs).endswith(LETTER)


def test_content_that_nobody_got_is_found_up_to_a_number_only_and_deleted(kit: StoreKit) -> None:
    entry = kit.put("anna")
    lost = kit.db.now(kit.store.contents.begin)
    kit.db.now(lambda tx: kit.store.contents.add_chunk(tx, lost, 0, b"half"))
    coming = kit.db.now(kit.store.contents.begin)
    kit.db.now(lambda tx: kit.store.contents.add_chunk(tx, coming, 0, b"half"))
    assert kit.db.now(kit.store.contents.last) == coming
    assert kit.store.contents.unused(0, lost) == [lost]
    kit.db.now(lambda tx: kit.store.contents.drop_unused(tx, [lost]))
    with pytest.raises(ContentGone):
        kit.db.now(lambda tx: kit.store.contents.add_chunk(tx, lost, 1, b"late"))
    with pytest.raises(ContentGone):
        kit.db.now(lambda tx: kit.store.contents.seal(tx, lost, 4, 0))
    kit.db.now(lambda tx: kit.store.contents.seal(tx, coming, 4, 0))
    assert kit.store.contents.unused(lost, coming) == [coming]
    assert kit.text(entry) == LETTER


def test_changes_after_a_seq_are_listed_in_order(kit: StoreKit) -> None:
    before, version = kit.store.last_change(), kit.store.data_version()
    entry = kit.put("anna")
    remove(kit, entry.id)
    seen = kit.store.changes(before)
    assert [(c.entry, c.verb) for c in seen] == [(entry.id, "delivered"), (entry.id, "removed")]
    assert all(b.seq > a.seq for a, b in pairwise(seen))
    assert kit.store.last_change() == seen[-1].seq
    assert kit.store.changes(seen[-1].seq) == []
    assert kit.store.data_version() != version
    assert kit.store.data_version() == kit.store.data_version()


def test_trimmed_change_log_keeps_its_last_seq(kit: StoreKit) -> None:
    kit.put("anna")
    last = kit.store.last_change()
    kit.db.now(lambda tx: kit.store.audit_log.trim(tx, 1000, 1000, last))
    assert kit.store.last_change() == last
    assert len(kit.store.changes(0)) == 1
    kit.put("anna")
    assert kit.store.last_change() == last + 1


def test_work_that_fails_leaves_neither_entry_nor_history(kit: StoreKit) -> None:
    entry, rows = kit.put("anna"), len(kit.store.history())

    def half(tx):  # type: ignore[no-untyped-def]
        kit.store.remove(tx, [entry.id], "pop3", "anna")
        raise ValueError

    with pytest.raises(ValueError):
        kit.db.now(half)
    assert kit.store.need(entry.id).state is EntryState.NEW
    assert len(kit.store.history()) == rows


def test_a_recording_keeps_its_samples_until_it_is_delivered(kit: StoreKit) -> None:
    store, anna = kit.store, kit.person("anna").id
    number = kit.db.now(
        lambda tx: store.recordings.begin(tx, anna, "line1", "5551234", "CARL", 12.5)
    )
    for seq, piece in enumerate((b"\0\1" * 100, b"\2\3" * 50)):
        kit.db.now(lambda tx, s=seq, p=piece: store.recordings.add_samples(tx, number, s, p))  # type: ignore[misc]
    running = store.recordings.get(number)
    assert running is not None and running.octets == 300 and running.why is None
    assert store.recordings.all(unfinished_only=True) == [running]
    kit.db.now(lambda tx: store.recordings.end(tx, number, "hung up"))
    ended = store.recordings.all()[0]
    assert (ended.why, ended.ended_at) == ("hung up", kit.clock.now())
    assert store.recordings.all(unfinished_only=True) == []
    assert list(store.recordings.samples(number)) == [
        (0, b"\0\1" * 100),
        (1, b"\2\3" * 50),
    ]
    kit.db.now(lambda tx: store.recordings.drop(tx, number))
    assert store.recordings.all() == [] and list(store.recordings.samples(number)) == []
    with pytest.raises(ContentGone):
        kit.db.now(lambda tx: store.recordings.end(tx, number, "again"))


def test_recording_that_is_dropped_leaves_the_samples_of_others(kit: StoreKit) -> None:
    recordings, anna = kit.store.recordings, kit.person("anna").id
    numbers = [
        kit.db.now(lambda tx, n=n: recordings.begin(tx, anna, f"line{n}", "5551234", "CARL", 12.5))  # type: ignore[misc]
        for n in (1, 2, 3)
    ]
    for number in numbers:
        kit.db.now(lambda tx, n=number: recordings.add_samples(tx, n, 0, bytes([n]) * 10))  # type: ignore[misc]
    kit.db.now(lambda tx: recordings.drop(tx, numbers[1]))
    kept = [b"".join(octets for _, octets in recordings.samples(n)) for n in numbers]
    assert kept == [bytes([numbers[0]]) * 10, b"", bytes([numbers[2]]) * 10]


def test_header_that_ends_across_two_pieces_is_found(kit: StoreKit) -> None:
    for cut in range(1, 4):
        head = b"Subject: " + b"s" * (CHUNK - 9 - cut) + b"\r\n\r\n"
        entry = kit.put("anna", head + b"and a body")
        assert kit.store.header(entry) == head


def test_header_that_never_ends_is_read_up_to_its_limit(kit: StoreKit) -> None:
    entry = kit.put("anna", b"Subject: " + b"s" * (5 * CHUNK))
    assert len(kit.store.header(entry)) == 2 * CHUNK


def test_prefix_lines_that_begin_with_a_dot_are_counted_with_those_of_the_content(
    kit: StoreKit,
) -> None:
    content = kit.db.now(lambda tx: kit.store.contents.write(tx, (b"S: a\r\n\r\n.one\r\n",)))
    entry = kit.store.need(enter(kit, content, b"Return-Path: <a>\r\n.odd: b\r\n"))
    assert entry.dotted == 2


@pytest.mark.parametrize("length", [0, 1, CHUNK])
def test_small_message_is_stored_whole_in_two_statements(kit: StoreKit, length: int) -> None:
    octets, store = b"." + b"a" * (length - 1) if length else b"", kit.store
    statements: list[str] = []

    def work(tx: Tx) -> int:
        tx.set_trace_callback(statements.append)
        content = store.contents.write_small(tx, octets, dotted=1)
        tx.set_trace_callback(None)
        return content

    content = kit.db.now(work)
    assert len(statements) == (2 if length else 1)
    entry = store.need(enter(kit, content))
    assert kit.text(entry) == octets
    assert (entry.size, entry.chunks, entry.dotted) == (length, 1 if length else 0, 1)


def test_small_message_has_one_chunk_at_most(kit: StoreKit) -> None:
    with pytest.raises(ValueError, match="at most"):
        kit.db.now(lambda tx: kit.store.contents.write_small(tx, b"x" * (CHUNK + 1), 0))


def test_content_that_was_dropped_or_undone_is_not_taken_for_sealed(kit: StoreKit) -> None:
    store, drafts = kit.store, []

    def dropped(tx: Tx) -> None:
        drafts.append(store.contents.write_small(tx, b"x\r\n", 0))
        store.contents.drop_unused(tx, drafts)
        store.contents.sealed(tx, drafts[0])

    with pytest.raises(ContentGone):
        kit.db.now(dropped)

    def undone(tx: Tx) -> None:
        drafts.append(store.contents.write_small(tx, b"x\r\n", 0))
        raise ValueError("undone")

    with pytest.raises(ValueError, match="undone"):
        kit.db.now(undone)
    with pytest.raises(ContentGone):
        kit.db.now(lambda tx: store.contents.sealed(tx, drafts[-1]))
