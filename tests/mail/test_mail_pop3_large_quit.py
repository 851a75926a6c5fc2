"""A QUIT that removes much: others write meanwhile, and it is one removal all the same."""

import poplib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.inbox.entries import Kind
from app.inbox.removals import AT_ONCE, Removals
from app.store.database import Tx
from tests.kit.mail_box import MailBox
from tests.kit.pop3_house import EntryState, Pop3House, pop3_house

MAIL = b"Subject: x\r\n\r\nx\r\n"
COUNT = 4 * AT_ONCE + 7


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Pop3House]:
    with pop3_house(tmp_path) as running:
        filled(running)
        yield running


def filled(house: Pop3House) -> None:
    """Anna with COUNT messages, the first of them a voicemail; Bob with none."""
    anna = house.add("anna", "201")
    house.add("bob", "202")

    def work(tx: Tx) -> None:
        content = house.store.contents.write(tx, [MAIL])
        tx.execute(
            "INSERT INTO entry (person, content, uidl, kind, state, prefix, size, chunks, dotted,"
            " received_at, sender, subject) SELECT ?, ?, 'u' || value, 'email', 'new', x'', ?, 1,"
            " 0, 0, '', '' FROM json_each(?)",
            (anna, content, len(MAIL), str(list(range(COUNT)))),
        )

    house.deliver(anna, MAIL, Kind.VOICEMAIL)
    house.db.now(work)


def in_bin(house: Pop3House) -> int:
    """How many of Anna's messages are in the bin."""
    anna = house.people.by_login("anna")
    assert anna is not None
    return len(house.store.entries(anna.id, states=(EntryState.BIN,)))


def marked(house: Pop3House, count: int = COUNT) -> poplib.POP3:
    """A session that has marked so many messages as deleted."""
    client = house.logged_in()
    wanted = b"".join(b"DELE %d\r\n" % (n + 1) for n in range(count))
    client.sock.sendall(wanted)
    for _ in range(count):
        assert client.file.readline().startswith(b"+OK")
    return client


class Writes:
    """What is written while a QUIT is under way: how many entries each transaction moves."""

    def __init__(self, house: Pop3House, monkeypatch: pytest.MonkeyPatch) -> None:
        self.moved: list[int] = []
        self.others: list[int] = []  # how much was removed when another's work was done
        self._house = house
        self._do = Removals.do
        writes = self
        monkeypatch.setattr(
            Removals, "do", lambda removals, tx, part: writes.done(removals, tx, part)
        )

    def done(self, removals: Removals, tx: Tx, part: int) -> int:
        moved = self._do(removals, tx, part)
        self.moved.append(moved)
        self._house.db.submit(lambda tx: self.others.append(sum(self.moved)))
        return moved


def test_others_write_between_the_parts_of_a_large_removal(
    house: Pop3House, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = Writes(house, monkeypatch)
    client = marked(house)
    assert client.quit() == f"+OK bye, {COUNT} messages removed".encode()
    assert writes.moved == [AT_ONCE] * 4 + [7]
    assert writes.others[:2] == [AT_ONCE, 2 * AT_ONCE], "another's work waits for one part alone"
    assert in_bin(house) == COUNT
    assert house.logged_in().stat()[0] == 1


def test_history_says_the_same_of_each_message_of_a_large_removal(house: Pop3House) -> None:
    marked(house).quit()
    rows = [row for row in house.store.history() if row.verb == "removed"]
    assert len(rows) == COUNT
    assert {(row.door, row.by, row.detail) for row in rows} == {("pop3", "anna", "from 127.0.0.1")}


def test_many_messages_that_were_fetched_are_read(
    house: Pop3House, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    mark = house.store.mark

    def counted(tx: Tx, entries: Any, **said: Any) -> int:
        sizes.append(len(entries))
        return mark(tx, entries, **said)

    monkeypatch.setattr(house.store, "mark", counted)
    client = house.logged_in()
    for start in range(0, COUNT + 1, 100):
        numbers = range(start + 1, min(start + 100, COUNT + 1) + 1)
        client.sock.sendall(b"".join(b"RETR %d\r\n" % n for n in numbers))
        for _ in numbers:
            while client.file.readline() != b".\r\n":
                pass
    assert client.quit() == b"+OK bye, 0 messages removed"
    anna = house.people.by_login("anna")
    assert anna is not None
    assert house.store.unheard(anna.id) == (1, 0)
    assert max(sizes) == AT_ONCE


class Cut(Exception):
    """The power, say."""


def cut_off(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Let every part of a removal fail behind the first so many."""
    done = 0
    do = Removals.do

    def failing(removals: Removals, tx: Tx, part: int) -> int:
        nonlocal done
        done += 1
        if done > after:
            raise Cut
        return do(removals, tx, part)

    monkeypatch.setattr(Removals, "do", failing)


def test_what_was_cut_off_is_whole_after_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pop3_house(tmp_path) as house, monkeypatch.context() as patched:
        filled(house)
        cut_off(patched, 2)
        with pytest.raises(poplib.error_proto, match="not all is removed yet"):
            marked(house).quit()
        assert in_bin(house) == 2 * AT_ONCE
    with MailBox(tmp_path) as box:
        assert len(box.store.entries(1)) == 1, "done before anybody could look"
        assert box.db.reader().execute("SELECT count(*) FROM removal").fetchone() == (0,)


def test_what_failed_goes_on_at_the_next_login_and_what_was_restored_stays(
    house: Pop3House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        cut_off(patched, 1)
        with pytest.raises(poplib.error_proto, match=r"\[SYS/TEMP\] not all is removed yet"):
            marked(house).quit()
    anna = house.people.by_login("anna")
    assert anna is not None
    first = house.store.entries(anna.id, states=(EntryState.BIN,))[0]
    house.db.now(lambda tx: house.store.restore(tx, [first.id], "admin", "admin"))
    house.logged_in("bob").quit()
    house.await_that(lambda: in_bin(house) == COUNT - 1)
    assert house.store.need(first.id).state is EntryState.NEW, "its part was done before"


def test_a_large_removal_that_cannot_be_noted_removes_nothing(
    house: Pop3House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> list[int]:
        raise Cut

    client = marked(house)
    monkeypatch.setattr(Removals, "note", full)
    with pytest.raises(poplib.error_proto, match=r"\[SYS/TEMP\] nothing was removed"):
        client.quit()
    assert in_bin(house) == 0


def test_a_part_is_done_once(house: Pop3House) -> None:
    removals = Removals(house.db, house.store)
    (part,) = house.db.now(lambda tx: removals.note(tx, [1], "pop3", "anna"))
    assert removals.waiting() == [part]
    assert [house.db.now(lambda tx: removals.do(tx, part)) for _ in range(2)] == [1, 0]
    assert removals.waiting() == []
