"""What is kept of a box for its owner's next login: always the truth, cheap, and bounded."""

import random
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.inbox.entries import INBOX, EntryState, Kind
from app.inbox.listing import Listed, ListingReader
from app.mail.pop3.maildrop import MarkedMaildrop
from app.mail.pop3.service import StoreMaildrop
from app.mail.pop3.snapshot import Snapshot
from app.mail.pop3.snapshots import Snapshots
from tests.kit.maildrop import MemoryMaildrop
from tests.kit.pop3_talk import session
from tests.kit.steps import Counting
from tests.kit.store import StoreKit, open_store

ALL = tuple(Kind)
MAIL = (Kind.EMAIL,)


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[StoreKit]:
    kit = open_store(tmp_path)
    yield kit
    kit.close()


def fill(kit: StoreKit, login: str, count: int) -> None:
    """So many mails at once."""
    for _ in range(count):
        kit.put(login)


def truth(kit: StoreKit, person: int, kinds: tuple[Kind, ...]) -> list[tuple[int, str, int]]:
    """Entry, UIDL and size of what there is, by the store's other road."""
    return [(e.id, e.uidl, e.size) for e in kit.store.entries(person, kinds)]


def shown(messages: Snapshot) -> list[tuple[int, str, int]]:
    """The same as a snapshot has it; both its listings must say so, too."""
    rows = [
        (messages.entry(n), messages.uidl(n).decode(), messages.size(n))
        for n in range(len(messages))
    ]
    assert messages.octets == sum(size for _, _, size in rows)
    lines = enumerate(rows, 1)
    told = [f"{n} {size}\r\n{n} {uidl}\r\n" for n, (_, uidl, size) in lines]
    sizes = messages.sizes_told.decode().splitlines(keepends=True)
    uidls = messages.uidls_told.decode().splitlines(keepends=True)
    assert ["".join(pair) for pair in zip(sizes, uidls, strict=True)] == told
    return rows


class Doors:
    """Everything that can happen to the boxes of a house, at random."""

    def __init__(self, kit: StoreKit, seed: int) -> None:
        self.kit, self.draw = kit, random.Random(seed)
        self.people = {login: kit.person(login).id for login in ("anna", "bob")}

    def step(self) -> str:
        """Let one thing happen; its name."""
        name = self.draw.choice([name for name in dir(self) if name.startswith("do_")])
        getattr(self, name)(self.draw.choice(list(self.people)))
        return name

    def some(self, login: str, *states: EntryState) -> list[int]:
        """Up to three of a person's entries in these states."""
        entries = self.kit.store.entries(self.people[login], states=states)
        return [entry.id for entry in self.draw.sample(entries, min(3, len(entries)))]

    def do_mail(self, login: str) -> None:
        self.kit.put(login)

    def do_voicemail(self, login: str) -> None:
        self.kit.put(login, kind=Kind.VOICEMAIL)

    def do_on_its_way_out(self, login: str) -> None:
        self.kit.put(login, state=EntryState.LEAVING)

    def do_mark(self, login: str) -> None:
        some = self.some(login, *INBOX)
        self.kit.db.now(lambda tx: self.kit.store.mark(tx, some, saved=self.draw.random() < 0.5))

    def do_remove(self, login: str) -> None:
        some = self.some(login, *INBOX, EntryState.LEAVING)
        self.kit.db.now(lambda tx: self.kit.store.remove(tx, some, "phone", login))

    def do_restore(self, login: str) -> None:
        some = self.some(login, EntryState.BIN)
        self.kit.db.now(lambda tx: self.kit.store.restore(tx, some, "admin", login))

    def do_return(self, login: str) -> None:
        for entry in self.some(login, EntryState.LEAVING):
            self.kit.db.now(lambda tx, one=entry: self.kit.store.returned(tx, one, "full"))  # type: ignore[misc]

    def do_hand_over(self, login: str) -> None:
        (heir,) = set(self.people) - {login}
        if self.draw.random() < 0.2:
            ids = self.people[login], self.people[heir]
            self.kit.db.now(lambda tx: self.kit.store.give_all(tx, *ids, "admin", "admin"))

    def do_purge(self, login: str) -> None:
        self.kit.db.now(lambda tx: self.kit.store.empty_bin(tx, 1e12, entries=2))


@pytest.mark.parametrize("seed", range(6))
def test_it_is_what_a_fresh_look_shows_whatever_happens(kit: StoreKit, seed: int) -> None:
    doors, snapshots, done = Doors(kit, seed), Snapshots(kit.db), list[str]()
    for _ in range(150):
        done.append(doors.step())
        if doors.draw.random() < 0.5:
            login, kinds = doors.draw.choice(list(doors.people)), doors.draw.choice((ALL, MAIL))
            person = doors.people[login]
            found = shown(snapshots.of(person, kinds))
            assert found == truth(kit, person, kinds), f"{login}, {kinds}, after {done[-5:]}"
    assert len(set(done)) > 8


def test_a_box_that_has_not_changed_costs_one_look_and_new_mail_is_put_behind(
    kit: StoreKit,
) -> None:
    anna, bob, counting = kit.person("anna").id, kit.person("bob").id, Counting(kit)
    fill(kit, "anna", 300)
    snapshots = Snapshots(kit.db)
    first = snapshots.of(anna, ALL)
    assert counting.reading(lambda: snapshots.of(anna, ALL)) <= 3, "tens of SQLite's steps"
    assert snapshots.of(anna, ALL) is first
    kit.put("bob")
    kit.db.now(lambda tx: kit.store.mark(tx, [first.entry(0)], EntryState.HEARD))
    assert snapshots.of(anna, ALL) is first, "no affair of Anna's list"
    kit.put("anna")
    assert counting.reading(lambda: snapshots.of(anna, ALL)) <= 30
    assert len(snapshots.of(anna, ALL)) == 301
    assert len(first) == 300, "a session that has it keeps it"
    assert len(snapshots.of(bob, ALL)) == 1


def test_mail_that_comes_while_a_box_is_read_is_in_it_once(
    kit: StoreKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, read = kit.person("anna").id, ListingReader.all

    def late(reader: ListingReader, person: int, kinds: tuple[Kind, ...]) -> list[Listed]:
        kit.put("anna")
        return read(reader, person, kinds)

    monkeypatch.setattr(ListingReader, "all", late)
    snapshots = Snapshots(kit.db)
    assert len(snapshots.of(anna, ALL)) == 1
    assert len(snapshots.of(anna, ALL)) == 1, "its change is noticed only now"
    kit.put("anna")
    assert shown(snapshots.of(anna, ALL)) == truth(kit, anna, ALL)


def test_changes_that_are_forgotten_or_too_many_leave_nothing_kept(
    kit: StoreKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = kit.person("anna").id
    snapshots = Snapshots(kit.db)
    fill(kit, "anna", 3)
    snapshots.of(anna, ALL)
    fill(kit, "anna", 3)
    kit.db.now(
        lambda tx: tx.execute("DELETE FROM change WHERE seq < (SELECT max(seq) FROM change)")
    )
    assert shown(snapshots.of(anna, ALL)) == truth(kit, anna, ALL)
    monkeypatch.setattr("app.mail.pop3.snapshots.MOST_FOLLOWED", 2)
    monkeypatch.setattr("app.mail.pop3.snapshots.MOST_NEW", 1)
    fill(kit, "anna", 2)
    assert len(snapshots.of(anna, ALL)) == 8
    fill(kit, "anna", 4)
    assert len(snapshots.of(anna, ALL)) == 12


def test_what_is_kept_has_a_bound(kit: StoreKit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.mail.pop3.snapshots.MOST_KEPT", 100)
    monkeypatch.setattr("app.mail.pop3.snapshots.OWN_COST", 30)
    snapshots = Snapshots(kit.db)
    for login, mails in (("anna", 10), ("bob", 25), ("cleo", 60), ("anna", 50)):
        fill(kit, login, mails)
        snapshots.of(kit.person(login).id, ALL)
        assert snapshots.cost <= 100
    assert snapshots.cost == 90, "Anna's alone is kept"


def rows(count: int) -> list[Listed]:
    """A large box, as the store gives it."""
    return [Listed(1000 + n, 500_000 + n, f"Xy7{n:013}", 2000 + n, 1, 0) for n in range(count)]


def test_two_sessions_of_10000_messages_cost_4_megabytes_at_most(kit: StoreKit) -> None:
    """All marked for removal and fetched, which is the most that they can hold."""
    listed = rows(10_000)
    tracemalloc.start()
    held = []
    for _ in range(2):
        talk = session()
        maildrop = StoreMaildrop(kit.store, Snapshot(listed), kit.db.condition.damage)
        talk.logged_in(maildrop)
        marked = MarkedMaildrop(maildrop)
        for index in range(10_000):
            marked.sent(index)
            marked.delete(index)
        held.append((talk, marked))
    octets = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert octets <= 4 << 20, f"{octets / (1 << 20):.1f} MB"
    assert octets > 500_000, "the two are there"


def test_the_listings_are_whole_however_long_they_are_and_with_marks() -> None:
    messages = [b"x" * (n % 7 + 1) for n in range(12_000)]
    drop = MarkedMaildrop(MemoryMaildrop(messages))
    assert b"".join(drop.sizes()).split(b"\r\n")[11_999:] == [b"12000 2", b".", b""]
    assert b"".join(drop.uidls()).count(b"\r\n") == 12_001
    drop.delete(0)
    drop.delete(11_998)
    for lines in (list(drop.sizes()), list(drop.uidls())):
        assert max(map(len, lines)) < 100_000, "made by and by"
        numbers = [line.split()[0] for line in b"".join(lines).split(b"\r\n")[:-1]]
        assert numbers == [b"%d" % n for n in range(2, 12_001) if n != 11_999] + [b"."]


def test_without_leaves_out_contents_and_numbers_anew() -> None:
    messages = Snapshot(rows(5)).without({500_001, 500_004})
    assert [entry for entry, _, _ in shown(messages)] == [1000, 1002, 1003]
    assert [messages[n].content for n in range(3)] == [500_000, 500_002, 500_003]


def test_what_is_listed_is_read_by_an_index(kit: StoreKit) -> None:
    reader, anna = ListingReader(kit.db), kit.person("anna").id
    counting = Counting(kit)
    counting.reading(
        lambda: (reader.all(anna, ALL), reader.some(anna, ALL, [1]), reader.since(0, 9))
    )
    assert counting.plans
    assert not [plan for plan in counting.plans if plan.startswith("SCAN entry")], counting.plans
