"""A damaged store is a state: whoever meets damage notes it, and all processes go by the note."""

import sqlite3
from pathlib import Path

import pytest

from app.core.clock import ManualClock
from app.store.condition import Finding, State, StoreCondition
from app.store.database import Database
from app.store.errors import StoreDamaged
from app.store.schema import STEPS, Step, migrate
from app.store.snapshot import copy_store
from tests.kit.store import StoreKit, open_store
from tests.kit.store_damage import PAGE, pages, spoil, spoil_content

BIG = b"Subject: big\r\n\r\n" + b"x" * 62 * 1024 + b"\r\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A closed store: ten mails of anna's and ten of bob's, 64 kB each."""
    kit = open_store(tmp_path)
    for login in ("anna", "bob"):
        for _ in range(10):
            kit.put(login, BIG)
    kit.close()
    return kit.path


def reopened(path: Path) -> StoreKit:
    return StoreKit(path)


def test_octets_that_cannot_be_read_are_damage_of_that_message_alone(path: Path) -> None:
    spoil_content(path, 3)
    kit = reopened(path)
    with pytest.raises(StoreDamaged, match="`inbox repair`"):
        kit.store.contents.chunk(3, 0)
    damage = kit.db.condition.damage()
    assert (damage.state, damage.unreadable) == (State.DAMAGED, frozenset({3}))
    assert damage.since == kit.clock.now()
    assert kit.store.contents.chunk(4, 0) == BIG
    assert kit.text(kit.put("anna")), "mail still comes in"
    kit.close()


def test_message_that_cannot_be_read_is_not_deleted_because_its_pages_lead_anywhere(
    path: Path,
) -> None:
    bad = spoil_content(path, 3, page=2)
    spoil(path, bad, octets=(bad + 5).to_bytes(4, "big") + bytes(PAGE - 4))
    kit = reopened(path)
    kit.db.condition.note("it cannot be read", 3)
    entries = [entry.id for entry in kit.inbox("anna") if entry.content in (3, 4)]
    kit.db.now(lambda tx: kit.store.remove(tx, entries, "test", "anna"))
    assert kit.db.now(lambda tx: kit.store.empty_bin(tx, kit.db.box_time.now() + 1)) == 2
    there = kit.db.reader().execute("SELECT id FROM content WHERE id IN (3, 4)").fetchall()
    assert there == [(3,)]
    kit.close()


def test_page_of_a_table_that_cannot_be_read_stops_writing(path: Path) -> None:
    spoil(path, *pages(path, "entry"))
    kit = reopened(path)
    with pytest.raises(StoreDamaged):
        kit.inbox("anna")
    assert not kit.db.condition.damage().writable
    with pytest.raises(StoreDamaged, match="Nothing is written"):
        kit.put("anna")
    kit.close()


def test_damage_met_while_writing_is_noted(path: Path) -> None:
    spoil(path, *pages(path, "entry"))
    kit = reopened(path)
    with pytest.raises(StoreDamaged, match="could not be written"):
        kit.db.now(lambda tx: kit.store.mark(tx, [3], door="test"))
    assert kit.db.condition.damage().state is State.DAMAGED
    kit.close()


def test_first_page_that_cannot_be_read_is_noted_by_whoever_opens_the_store(path: Path) -> None:
    spoil(path, 1)
    with pytest.raises(StoreDamaged, match="not a database"):
        Database(path)
    assert "not a database" in StoreCondition(path).read().text


def test_damaged_store_is_not_migrated(path: Path) -> None:
    StoreCondition(path).note("a page is gone")
    connection = sqlite3.connect(path)
    with pytest.raises(StoreDamaged, match="a page is gone"):
        migrate(connection, path, (*STEPS, Step(99, 1, ("CREATE TABLE new (id INTEGER)",))))
    connection.close()


def test_damaged_store_is_not_copied_because_nothing_could_be_restored(path: Path) -> None:
    copy_store(path, path.with_name("copy"))
    StoreCondition(path).note("it cannot be read", 3)
    with pytest.raises(StoreDamaged, match="`inbox repair`"):
        copy_store(path, path.with_name("copy"))
    assert path.with_name("copy").exists(), "an earlier copy stays"


def test_damage_outlives_a_restart_and_is_known_to_other_processes(path: Path) -> None:
    clock = ManualClock()
    StoreCondition(path, clock).note("a page is gone")
    clock.advance(3600)
    other = StoreCondition(path, clock)
    other.note("another page is gone")
    assert other.read() == StoreCondition(path).read()
    assert other.read().since == clock.now() - 3600
    assert "a page is gone" in other.read().text
    assert other.check_is_wanted


def test_error_of_the_disk_asks_for_a_check_and_is_no_damage_yet(path: Path) -> None:
    condition = StoreCondition(path)
    problem = sqlite3.OperationalError("disk I/O error")
    problem.sqlite_errorcode = sqlite3.SQLITE_IOERR_READ
    assert not isinstance(condition.error_of(problem, "the store could not be read"), StoreDamaged)
    assert condition.read().state is State.WELL
    assert condition.check_is_wanted


def test_note_that_is_cut_off_is_damage_all_the_same(path: Path) -> None:
    path.with_name("inbox.db.damage").write_text('{"at": 1, "wh')
    damage = StoreCondition(path).damage()
    assert (damage.state, damage.writable) == (State.DAMAGED, False)


def test_check_that_finds_nothing_makes_the_store_well_again(path: Path) -> None:
    condition = StoreCondition(path)
    condition.note("an error")
    condition.found(())
    assert condition.read().state is State.WELL


def test_check_that_finds_unreadable_messages_only_lets_writing_go_on(path: Path) -> None:
    condition = StoreCondition(path, ManualClock(1000.0))
    condition.note("an error")
    condition.found([Finding("content 7 cannot be read", 7, stops_writing=False)])
    damage = StoreCondition(path).damage()
    assert (damage.writable, damage.unreadable, damage.since) == (True, frozenset({7}), 1000.0)


def test_store_that_is_not_there_is_missing(tmp_path: Path) -> None:
    assert StoreCondition(tmp_path / "inbox.db").read().state is State.MISSING
