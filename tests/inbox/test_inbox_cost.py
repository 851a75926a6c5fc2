"""What a mail, a call, a login or a status costs does not grow with what lies in the store."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.inbox.bin_search import BinSearch, only_in_bin
from app.inbox.delivery import Envelope
from app.inbox.entries import INBOX, EntryState, Facts, Kind
from app.inbox.errors import NoSpace
from app.inbox.expiry import remove_some
from app.inbox.queue import Purpose, QueueItem
from app.inbox.retention import DAY_S, clean_up, looked_through
from app.inbox.room import purge
from app.mail.pop3.snapshots import Snapshots
from app.store.database import Tx
from tests.kit.defaults import RETENTION, add_person
from tests.kit.steps import Counting
from tests.kit.store import LETTER, RECEIVED, StoreKit, open_store

Costs = dict[str, Callable[[], int]]
KEEP = replace(RETENTION, grace_s=30 * DAY_S, bin_share=0.5)


def fill(kit: StoreKit, count: int) -> None:
    """So many mails each that Anna has not read, has read and has removed, and their history."""
    anna = kit.person("anna").id
    numbers = json.dumps(list(range(1, count + 1)))
    rows = "FROM json_each(:numbers) AS given"

    def work(tx):  # type: ignore[no-untyped-def]  # a Tx in
        for place, state in enumerate(("new", "heard", "bin")):
            values = {"numbers": numbers, "first": place * count, "state": state, "anna": anna}
            tx.execute(f"INSERT INTO content SELECT :first + value, 0, 10, 0, 0 {rows}", values)
            tx.execute(
                "INSERT INTO entry (person, content, uidl, kind, state, prefix, size, chunks,"
                " dotted, received_at, sender, subject, removed_box_s) SELECT :anna,"
                " :first + value, 'u' || (:first + value), 'email', :state, '', 10, 0, 0, 0,"
                f" 'carl', 'Hello', iif(:state = 'bin', value, NULL) {rows}",
                values,
            )
        values = {"numbers": numbers, "anna": anna}
        for statement in (
            "INSERT INTO audit (at, door, by, verb, person, detail)"
            f" SELECT 0, 'smtp', '', 'delivered', :anna, '' {rows}",
            f"INSERT INTO change (at, person, verb) SELECT 0, :anna, 'delivered' {rows}",
            "INSERT INTO missed_call (at, person, line, reason)"
            f" SELECT 0, iif(value % 2, :anna, NULL), 'line1', '' {rows}",
            f"INSERT INTO pin_guess SELECT :anna + 1, 'line1 ' || value, 1, 0, 0 {rows}",
        ):
            tx.execute(statement, values)

    kit.db.now(work)


def opened(directory: Path, count: int) -> StoreKit:
    """A store with so many of everything that a day and more of housekeeping has seen."""
    directory.mkdir()
    kit = open_store(directory)
    kit.alias("family", "anna", "bob")
    fill(kit, count)
    for wait_s in (0.0, 1.1 * DAY_S, 3600.0, 3600.0):
        kit.clock.advance(wait_s)
        clean_up(kit.db, kit.store, KEEP)
    anna = kit.person("anna").id
    last_seen = kit.store.latest_missed_calls(anna, 20)[-1].id
    kit.db.now(lambda tx: kit.people.change(tx, anna, missed_lamp=True))
    kit.db.now(lambda tx: tx.execute("UPDATE person SET missed_seen = ?", (last_seen,)))
    for kind in (Kind.VOICEMAIL, Kind.EMAIL):
        for _ in range(3):
            kit.put("anna", kind=kind)
    return kit


def read(kit: StoreKit) -> Costs:
    """What is asked for a mail, a call, a login, a status, a minute."""
    store, people, anna = kit.store, kit.people, kit.person("anna")
    now, contents, count = kit.clock.now(), kit.store.contents, Counting(kit)
    last = store.entries(anna.id, [Kind.VOICEMAIL])[-1]
    snapshots = Snapshots(kit.db)
    snapshots.of(anna.id, tuple(Kind))

    def no_room() -> None:
        kit.disk.free = 0
        with pytest.raises(NoSpace):
            kit.delivery.room.check(1 << 40, Kind.EMAIL)

    asked: dict[str, Callable[[], object]] = {
        "lamps": store.unheard_by_handset,
        "new messages": lambda: store.unheard(anna.id),
        "room in an inbox": lambda: kit.delivery.inboxes.percent_full(anna),
        "octets in the bin": store.bin_octets,
        "voicemails": lambda: store.entries(anna.id, [Kind.VOICEMAIL]),
        "limits": lambda: kit.delivery.limits.of(anna),
        "voicemail answered": lambda: store.newest(anna.id, 2, voicemail=True),
        "page of the inbox": lambda: store.newest(anna.id, 20, INBOX),
        "page of the bin": lambda: store.newest(anna.id, 20, (EntryState.BIN,), before=1 << 40),
        "page of history": lambda: store.history(anna.id, limit=20),
        "history of an entry": lambda: store.history(anna.id, last.id),
        "entry": lambda: store.entry(last.id),
        "octets": lambda: kit.text(last),
        "beginning of a message": lambda: contents.opening(last.id, last.content),
        "box as it was": lambda: snapshots.of(anna.id, tuple(Kind)),
        "last change": store.last_change,
        "changes": lambda: store.changes(store.last_change() - 3),
        "route": lambda: kit.delivery.route("family@example.org"),
        "route to postmaster": lambda: kit.delivery.route("postmaster@example.org"),
        "sender": lambda: kit.delivery.local_sender("anna@example.org"),
        "no room": no_room,
        "bin searched": lambda: BinSearch().look(kit.db.reader(), 30, 1),
        "lock-outs": people.pin_locks,
        "lock-outs of one": lambda: people.pin_locked_until(anna.id),
        "missed calls": lambda: store.missed_calls(anna.id, now),
        "missed calls of nobody": lambda: store.missed_calls(None, now),
        "missed calls by person": lambda: store.missed_call_counts(now),
        "unseen calls": lambda: store.unseen_missed_calls(anna.id),
        "latest calls": lambda: store.latest_missed_calls(anna.id, 5),
        "unheard": lambda: store.unheard_beyond(anna.id, False, 0, 10),
        "unheard urgent": lambda: store.unheard_beyond(anna.id, True, 0, 10, True),
        "recordings": store.recordings.all,
        "never arrived": lambda: contents.unused(
            looked_through(kit.db), contents.last(kit.db.reader())
        ),
    }
    return {name: lambda work=work: count.reading(work) for name, work in asked.items()}  # type: ignore[misc]


def written(kit: StoreKit) -> Costs:
    """What is done under the write lock."""
    store, anna, count = kit.store, kit.person("anna"), Counting(kit)
    newest = store.entries(anna.id, [Kind.EMAIL])[-1]
    call = store.entries(anna.id, [Kind.VOICEMAIL])[-1]
    ids, routes = [newest.id, call.id], (kit.delivery.route("family@example.org"),)
    facts = Facts(kit.clock.now(), "carl", "Hello")
    expiring = [
        {"person": anna.id, "kind": kind, "state": state, "most": 10, "box_s": 0.0, "content": 0}
        for kind in Kind
        for state in INBOX
    ]
    envelope = Envelope("carl@elsewhere.example", routes, Kind.EMAIL, facts, RECEIVED)
    done: dict[str, Callable[[Tx], object]] = {
        "delivered": lambda tx: kit.delivery.deliver(
            tx, envelope, store.contents.write(tx, (LETTER,))
        ),
        "heard": lambda tx: store.mark(tx, ids, door="phone", by="anna"),
        "removed": lambda tx: store.remove(tx, ids, "pop3", "anna"),
        "restored": lambda tx: store.restore(tx, ids, "admin", "anna"),
        "warned": lambda tx: kit.delivery.warnings.look(tx, anna, newest.id),
        "expired": lambda tx: [remove_some(tx, store, kind) for kind in expiring],
        "purged": lambda tx: store.empty_bin(tx, 20.0, entries=10),
        "purged for room": lambda tx: purge(store, tx, only_in_bin(tx, [201, 202])),
        "bin adopted": lambda tx: store.adopt_bin(tx, 1.0),
        "history trimmed": lambda tx: store.audit_log.trim(tx, 50, 50, 50, at_once=10),
        "not delivered": lambda tx: store.contents.drop_unused(
            tx, [store.contents.write(tx, (b"x",))]
        ),
        "missed call": lambda tx: store.missed_call(tx, anna.id, line="line1", reason="busy"),
        "box time": kit.db.box_time.save,
        "queue adopted": lambda tx: kit.queue.adopt(tx, 1.0, 1.0),
    }
    return {name: lambda work=work: count.writing(work) for name, work in done.items()}  # type: ignore[misc]


def dearer(few: Costs, many: Costs) -> dict[str, tuple[int, int]]:
    """What costs clearly more in the second store, in tens of steps; a deeper tree costs a few."""
    costs = {name: (few[name](), many[name]()) for name in few}
    return {name: (was, now) for name, (was, now) in costs.items() if now > 1.1 * was + 5}


def test_nothing_asked_or_written_costs_more_with_10000_messages_than_with_100(
    tmp_path: Path,
) -> None:
    few, many = opened(tmp_path / "few", 100), opened(tmp_path / "many", 10_000)
    found = dearer(read(few), read(many)) | dearer(written(few), written(many))
    few.close()
    many.close()
    assert not found, f"tens of SQLite's steps with 100 messages of each state and 10,000: {found}"


def with_people(directory: Path, count: int) -> Costs:
    """What is asked of people, where so many without a telephone are, and as many were."""
    directory.mkdir()
    kit = open_store(directory)
    kit.db.now(
        lambda tx: [
            add_person(kit.people, tx, f"p{number}", "P", str(1000 + number))
            for number in range(2 * count)
        ]
    )
    kit.db.now(
        lambda tx: [kit.people.remove(tx, kit.person(f"p{number}").id) for number in range(count)]
    )
    count_, people = Counting(kit), kit.people
    asked: dict[str, Callable[[], object]] = {
        "login": lambda: people.by_login("bob"),
        "password": lambda: people.credential("bob"),
        "mailbox": lambda: people.by_mailbox("202"),
        "handset": lambda: people.by_handset("102"),
        "address": lambda: people.by_address("cleo@cleo.example"),
        "first administrator": people.first_admin,
        "who answers lines": people.answers_lines,
        "who was here": lambda: people.former("p0"),
        "lamps": kit.store.unheard_by_handset,
        "route": lambda: kit.delivery.route("bob@example.org"),
    }
    return {name: lambda work=work: count_.reading(work) for name, work in asked.items()}  # type: ignore[misc]


def test_nobody_is_found_at_a_higher_cost_among_1000_people_than_among_10(tmp_path: Path) -> None:
    found = dearer(with_people(tmp_path / "few", 10), with_people(tmp_path / "many", 1000))
    assert not found, f"tens of SQLite's steps with 10 people and with 1,000: {found}"


def outcomes_of_one_mail(directory: Path, count: int) -> tuple[int, int]:
    """Steps of each of so many recipients' outcomes in one mail, and of the reading before."""
    directory.mkdir()
    kit = open_store(directory)
    anna, counting = kit.person("anna").id, Counting(kit)
    names = [f"n{number}@far.example" for number in range(count)]

    def queue(tx: Tx) -> list[int]:
        content = kit.store.contents.write(tx, (LETTER,))
        item = QueueItem(Purpose.COPY, content, b"", "carl@elsewhere.example", owner=anna)
        return kit.queue.add(tx, item, names)

    ids = kit.db.now(queue)
    written = read_ = 0
    for at in range(0, count, 100):
        read_ += counting.reading(lambda: kit.queue.due_mail("far.example"))
        written += counting.writing(
            lambda tx, some=ids[at : at + 100]: [  # type: ignore[misc]
                kit.queue.succeeded(tx, one, "250 2.0.0 Ok") for one in some
            ]
        )
    assert kit.queue.page() == []
    kit.close()
    return written // count, read_ // count


def test_a_recipient_of_a_mail_to_1000_costs_what_one_of_100_costs(tmp_path: Path) -> None:
    few = outcomes_of_one_mail(tmp_path / "few", 100)
    many = outcomes_of_one_mail(tmp_path / "many", 1000)
    assert all(now <= 1.3 * was + 5 for was, now in zip(few, many, strict=True)), (few, many)
