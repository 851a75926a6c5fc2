"""The store's file: its settings, its migrations, its locks, and what a commit promises."""

import os
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import Future
from pathlib import Path

import pytest

from app.core.clock import ManualClock
from app.inbox.store import CHUNK
from app.store.connection import (
    COMMIT_OCTETS,
    WAL_PASSIVE,
    WAL_TRUNCATE,
    WriteConnection,
)
from app.store.database import Database, Tx
from app.store.errors import SchemaTooNew, StoreFailed
from app.store.locks import FairLock, FileLock
from app.store.schema import STEPS, Step, migrate, prepare, version_of
from tests.kit.store import StoreKit, open_store

WAIT_S = 20  # how long a thread may take before we call it stuck; never waited in a good run


@pytest.fixture
def db(tmp_path: Path):  # type: ignore[no-untyped-def]
    database = Database(tmp_path / "inbox.db", ManualClock())
    yield database
    database.close()


def put(tx: Tx, number: int) -> int:
    tx.execute("INSERT INTO content (id, begun_at) VALUES (?, 0)", (number,))
    return number


def numbers(db: Database) -> list[int]:
    return [row[0] for row in db.reader().execute("SELECT id FROM content ORDER BY id").fetchall()]


def test_store_file_has_the_pragmas_of_the_design(db: Database) -> None:
    assert db.pragma("page_size") == 4096
    assert db.pragma("auto_vacuum") == 2  # incremental
    assert db.pragma("journal_mode") == "wal"

    def settings(tx: Tx) -> list[int]:
        names = ("synchronous", "secure_delete", "wal_autocheckpoint", "foreign_keys")
        return [tx.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    assert db.now(settings) == [2, 0, 0, 1]


def test_read_connection_refuses_to_write(db: Database) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        db.reader().execute("DELETE FROM content")


def test_now_commits_and_a_second_process_sees_it(db: Database) -> None:
    assert db.now(lambda tx: put(tx, 7)) == 7
    code = "import sqlite3,sys; print(sqlite3.connect(sys.argv[1]).execute('select id from content').fetchall())"  # noqa: E501
    seen = subprocess.run(
        [sys.executable, "-c", code, db.path], capture_output=True, text=True, check=True
    )
    assert seen.stdout.strip() == "[(7,)]"


def test_work_that_fails_leaves_nothing(db: Database) -> None:
    def work(tx: Tx) -> None:
        put(tx, 1)
        raise LookupError("changed my mind")

    with pytest.raises(LookupError):
        db.now(work)
    assert numbers(db) == []
    db.now(lambda tx: put(tx, 2))
    assert numbers(db) == [2]


def test_a_transaction_inside_a_transaction_is_refused(db: Database) -> None:
    with pytest.raises(RuntimeError, match="use the Tx"):
        db.now(lambda tx: db.now(lambda inner: put(inner, 1)))
    db.now(lambda tx: put(tx, 2))
    assert numbers(db) == [2]


class Gate:
    """A work that holds the writer thread until it is opened, so that others queue up behind."""

    def __init__(self, db: Database) -> None:
        self._entered, self._open = threading.Event(), threading.Event()
        self.future: Future[None] = db.submit(self._work)
        assert self._entered.wait(WAIT_S)

    def _work(self, tx: Tx) -> None:
        self._entered.set()
        assert self._open.wait(WAIT_S)

    def open(self) -> None:
        self._open.set()


def test_a_group_commits_together_and_one_failure_hurts_only_itself(db: Database) -> None:
    gate = Gate(db)
    good = [db.submit(lambda tx, n=n: put(tx, n)) for n in (1, 2, 3)]  # type: ignore[misc]
    bad = db.submit(lambda tx: put(tx, 1))
    late = db.submit(lambda tx: put(tx, 4))
    gate.open()
    assert [future.result(WAIT_S) for future in (*good, late)] == [1, 2, 3, 4]
    with pytest.raises(sqlite3.IntegrityError):
        bad.result(WAIT_S)
    assert numbers(db) == [1, 2, 3, 4]


def test_group_ends_at_its_limit_of_octets(tmp_path: Path) -> None:
    kit = open_store(tmp_path)
    content = kit.db.now(kit.store.contents.begin)
    works = iter(
        [
            lambda tx, seq=seq: kit.store.contents.add_chunk(tx, content, seq, bytes(CHUNK))
            for seq in range(COMMIT_OCTETS // CHUNK + 2)
        ]
    )
    pen = WriteConnection(kit.db.path, kit.db.notices)
    assert len(pen.write(works)) == COMMIT_OCTETS // CHUNK
    assert [outcome.error for outcome in pen.write(works)] == [None, None]
    pen.close()


def test_nothing_of_a_group_is_visible_before_its_futures_resolve(db: Database) -> None:
    gate = Gate(db)
    seen: list[list[int]] = []
    one = db.submit(lambda tx: put(tx, 1))
    two = db.submit(lambda tx: seen.append(numbers(db)))
    assert not one.done()
    gate.open()
    two.result(WAIT_S)
    assert seen == [[]]
    assert numbers(db) == [1]


def test_cancelled_work_is_not_run(db: Database) -> None:
    gate = Gate(db)
    unwanted = db.submit(lambda tx: put(tx, 1))
    assert unwanted.cancel()
    gate.open()
    db.submit(lambda tx: put(tx, 2)).result(WAIT_S)
    assert numbers(db) == [2]


def test_a_commit_that_fails_acknowledges_nothing_and_the_next_one_works(db: Database) -> None:
    def poison(tx: Tx) -> None:  # a deferred foreign key is found out at COMMIT, as EIO would be
        tx.execute("PRAGMA defer_foreign_keys = ON")
        tx.execute("INSERT INTO usage VALUES (12345, 0)")

    gate = Gate(db)
    one, two = db.submit(lambda tx: put(tx, 1)), db.submit(poison)
    gate.open()
    for future in (gate.future, one, two):
        with pytest.raises(StoreFailed):
            future.result(WAIT_S)
    assert numbers(db) == []
    db.submit(lambda tx: put(tx, 2)).result(WAIT_S)
    assert numbers(db) == [2]


def test_a_work_that_raises_beyond_exception_does_not_end_the_writer(db: Database) -> None:
    def leave(tx: Tx) -> None:
        raise SystemExit(1)

    with pytest.raises(StoreFailed):
        db.submit(leave).result(WAIT_S)
    assert db.submit(lambda tx: put(tx, 3)).result(WAIT_S) == 3


def test_closed_store_commits_what_is_queued_and_refuses_more(tmp_path: Path) -> None:
    db = Database(tmp_path / "inbox.db")
    futures = [db.submit(lambda tx, n=n: put(tx, n)) for n in range(1, 50)]  # type: ignore[misc]
    db.close()
    assert all(future.done() for future in futures)
    with pytest.raises(RuntimeError, match="closed"):
        db.submit(lambda tx: put(tx, 99))
    again = Database(tmp_path / "inbox.db")
    assert len(numbers(again)) == 49
    again.close()


def test_migration_runs_step_by_step_and_twice_changes_nothing(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "s.db", isolation_level=None)
    for upto in range(1, len(STEPS) + 1):
        migrate(connection, tmp_path, STEPS[:upto])
        assert version_of(connection) == (upto, STEPS[upto - 1].readable_from)
    migrate(connection, tmp_path)
    assert version_of(connection)[0] == STEPS[-1].version


def test_store_of_version_4_keeps_its_people_and_still_takes_a_program_of_version_4(
    tmp_path: Path,
) -> None:
    path = tmp_path / "inbox.db"
    older = sqlite3.connect(path, isolation_level=None)
    migrate(older, path, STEPS[:4])
    insert = (
        "INSERT INTO person (login, name, mailbox, admin, quota, transfer, fetched_is_heard,"
        " language, added_at) VALUES (?, 'A', ?, 1, 5, 'none', 0, 'en', 0)"
    )
    older.execute(insert, ("anna", "201"))
    kit = StoreKit(path)
    assert (kit.person("anna").key_map, kit.store.missed_calls(None)) == ("switchhook", [])
    assert kit.people.changes.since(0) == [0, kit.person("anna").id]
    migrate(older, path, STEPS[:4])  # what an older program does when it starts: nothing
    older.execute(insert, ("bob", "202"))
    older.close()
    assert kit.person("bob").key_map == "standard"
    assert kit.people.changes.since(2) == [kit.person("bob").id]
    kit.close()


def test_a_step_that_fails_leaves_the_version_before_it(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "s.db", isolation_level=None)
    migrate(connection, tmp_path)
    before = version_of(connection)
    broken = Step(99, 99, ("CREATE TABLE half (a)", "CREATE TABLE half (a)"))
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, tmp_path, (*STEPS, broken))
    assert version_of(connection) == before
    assert not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'half'").fetchone()


def test_an_empty_store_is_made_in_one_transaction(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "s.db", isolation_level=None)
    done: list[str] = []
    connection.set_trace_callback(done.append)
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, tmp_path, (*STEPS, Step(99, 99, ("CREATE TABLE person (a)",))))
    assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    migrate(connection, tmp_path)
    assert done.count("COMMIT") == 1
    assert version_of(connection) == (STEPS[-1].version, STEPS[-1].readable_from)


def test_store_of_a_test_is_as_the_steps_make_it_but_for_a_key_of_its_own(tmp_path: Path) -> None:
    """See tests/kit/quick.py."""
    made = sqlite3.connect(tmp_path / "s.db", isolation_level=None)
    prepare(made)
    migrate(made, tmp_path)
    look = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
    keys = {made.execute("SELECT key FROM loop_key").fetchone()}
    for name in ("first", "second"):
        db = Database(tmp_path / name / "inbox.db")
        assert db.reader().execute(look).fetchall() == made.execute(look).fetchall()
        for pragma in ("page_size", "auto_vacuum", "journal_mode"):
            assert db.pragma(pragma) == made.execute(f"PRAGMA {pragma}").fetchone()[0]
        keys.add(db.reader().execute("SELECT key FROM loop_key").fetchone())
        db.close()
    assert len(keys) == 3


def test_steps_are_numbered_and_never_become_readable_by_less() -> None:
    assert [step.version for step in STEPS] == list(range(1, len(STEPS) + 1))
    floors = [step.readable_from for step in STEPS]
    assert floors == sorted(floors)
    assert all(step.readable_from <= step.version for step in STEPS)


def test_a_store_from_a_newer_program_is_refused_untouched(tmp_path: Path) -> None:
    path, known = tmp_path / "inbox.db", STEPS[-1].version
    Database(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE schema SET version = ?, readable_from = ?", (known + 5, 90))
    connection.close()
    before = path.read_bytes()
    with pytest.raises(SchemaTooNew, match=f"version {known + 5} .* version 90 .* up to {known}"):
        Database(path)
    assert path.read_bytes() == before


def test_a_newer_store_that_we_may_still_use_is_used(tmp_path: Path) -> None:
    path, known = tmp_path / "inbox.db", STEPS[-1].version
    Database(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE schema SET version = ?", (known + 1,))
    connection.close()
    db = Database(path)
    assert db.now(lambda tx: put(tx, 1)) == 1
    db.close()


def test_write_lock_lets_one_write_and_one_wait_in_turn(tmp_path: Path) -> None:
    path = tmp_path / "inbox.db"
    mine, door, probe = FairLock(path), FairLock(path), FileLock(tmp_path / "inbox.db.next")
    order: list[str] = []

    def second() -> None:
        with door.hold():
            order.append("second")

    with mine.hold():
        thread = threading.Thread(target=second)
        thread.start()
        for _ in range(10_000):  # until the second holds `next` and waits for `write`
            if not probe.try_acquire():
                break
            probe.release()
            thread.join(0.001)
        else:
            pytest.fail("nobody stands at the door")
        order.append("first")
    with mine.hold():  # whoever has just finished queues behind it
        order.append("first again")
    thread.join(WAIT_S)
    assert order == ["first", "second", "first again"]


def test_killed_writer_releases_the_write_lock(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from app.store.locks import FairLock\n"
        "with FairLock(Path(sys.argv[1])).hold():\n"
        "    print('in', flush=True); sys.stdin.read()"
    )
    path = tmp_path / "inbox.db"
    child = subprocess.Popen(
        [sys.executable, "-c", code, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert child.stdout is not None and child.stdout.readline() == b"in\n"
    write = FileLock(tmp_path / "inbox.db.write")
    assert not write.try_acquire()
    child.kill()
    child.communicate()
    assert write.try_acquire()


def test_many_threads_write_and_nothing_is_lost_or_doubled(db: Database) -> None:
    def some(start: int) -> None:
        for n in range(start, start + 20):
            if n % 2:
                db.now(lambda tx, n=n: put(tx, n))  # type: ignore[misc]
            else:
                db.submit(lambda tx, n=n: put(tx, n)).result(WAIT_S)  # type: ignore[misc]

    threads = [threading.Thread(target=some, args=(start,)) for start in (100, 200, 300, 400)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    assert len(numbers(db)) == 80


def test_wal_is_copied_and_truncated_when_it_has_grown(tmp_path: Path) -> None:
    kit = open_store(tmp_path)
    piece = b"x" * 262_144
    for _ in range(3 * WAL_TRUNCATE // len(piece)):
        kit.db.submit(lambda tx: kit.store.contents.write(tx, (piece,))).result(WAIT_S)
    kit.db.submit(lambda tx: None).result(WAIT_S)
    kit.db.close()  # the writer has finished its checkpoints
    kit = StoreKit(kit.path)
    assert kit.db.wal_octets() < WAL_TRUNCATE
    assert kit.path.stat().st_size > 2 * WAL_TRUNCATE
    kit.close()


def test_small_commit_stays_in_the_wal_and_a_large_one_is_copied_into_the_store(
    tmp_path: Path,
) -> None:
    kit = open_store(tmp_path)
    kit.db.checkpoint()
    kit.db.now(lambda tx: kit.store.contents.write(tx, (b"a small mail, known by these words",)))
    assert b"known by these words" not in kit.path.read_bytes()  # a checkpoint costs two syncs
    piece = b"x" * 262_144
    for _ in range(WAL_PASSIVE // len(piece) + 1):
        kit.db.now(lambda tx: kit.store.contents.write(tx, (piece,)))
    assert b"known by these words" in kit.path.read_bytes()
    kit.close()


def test_store_in_a_folder_that_is_not_there_yet_makes_it(tmp_path: Path) -> None:
    kit = open_store(tmp_path / "new" / "folder")
    assert kit.path.exists()
    kit.close()
    kit.path.with_name(kit.path.name + "-wal").unlink(missing_ok=True)
    assert kit.db.wal_octets() == 0


def test_closed_store_leaves_no_file_open_whoever_has_read_and_written(tmp_path: Path) -> None:
    def open_files() -> list[str]:
        targets = [os.path.realpath(link) for link in Path("/proc/self/fd").iterdir()]
        return [target for target in targets if target.startswith(str(tmp_path))]

    kit = open_store(tmp_path)
    used, closed = threading.Event(), threading.Event()

    def work() -> None:
        kit.db.reader().execute("SELECT count(*) FROM content").fetchall()
        kit.db.now(lambda tx: put(tx, 7))
        used.set()
        closed.wait(WAIT_S)  # a thread of a service goes on after its store was closed

    thread = threading.Thread(target=work)
    thread.start()
    assert used.wait(WAIT_S)
    assert open_files()
    kit.close()
    left = open_files()
    closed.set()
    thread.join()
    assert left == []


def test_lingering_reader_delays_truncation_but_no_writer(tmp_path: Path) -> None:
    kit = open_store(tmp_path)
    lingering = sqlite3.connect(kit.path, isolation_level=None)
    lingering.execute("BEGIN")
    lingering.execute("SELECT count(*) FROM content").fetchone()
    piece = b"x" * 262_144
    for _ in range(2 * WAL_TRUNCATE // len(piece)):
        kit.db.now(lambda tx: kit.store.contents.write(tx, (piece,)))
    assert kit.db.wal_octets() > WAL_TRUNCATE
    lingering.close()
    kit.db.checkpoint()
    assert kit.db.wal_octets() == 0
    kit.close()


def test_commit_with_changes_notifies_listeners_and_one_without_does_not(tmp_path: Path) -> None:
    kit = open_store(tmp_path)
    listener = kit.db.listener("test")
    kit.db.now(lambda tx: put(tx, 5))
    assert not listener.clear()
    entry = kit.put("anna")
    assert listener.clear()
    kit.db.submit(lambda tx: kit.store.remove(tx, [entry.id], "pop3", "anna")).result(WAIT_S)
    kit.db.submit(lambda tx: None).result(WAIT_S)  # telling comes after the promise
    assert listener.clear()
    listener.close()
    kit.close()


def test_lock_that_is_waited_for_with_a_limit_is_left_and_can_be_had_later(tmp_path: Path) -> None:
    path = tmp_path / "inbox.db"
    holder, mine = FairLock(path), FairLock(path, within_s=0.05)
    with holder.hold():
        for _ in range(3):
            with pytest.raises(StoreFailed, match=r"inbox\.db\.write is held"), mine.hold():
                raise AssertionError("held by two")
    for _ in range(3):
        with mine.hold():
            assert not FileLock(tmp_path / "inbox.db.write").try_acquire()
    with holder.hold():
        pass


def test_store_that_is_made_can_be_written_by_the_group_of_the_services(tmp_path: Path) -> None:
    before = os.umask(0o007)
    try:
        kit = open_store(tmp_path)
    finally:
        os.umask(before)
    kit.put("anna")
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("inbox.db*")}
    kit.close()
    assert {modes["inbox.db"], modes["inbox.db-wal"], modes["inbox.db-shm"]} == {0o660}
