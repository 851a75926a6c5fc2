"""Whatever fails around a commit, everybody who waits for an answer gets one."""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from app.core.clock import ManualClock
from app.core.notices import Notices
from app.store import connection as connection_module
from app.store.connection import WAL_PASSIVE, Outcome, Tx, Work, WriteConnection
from app.store.database import Database
from app.store.errors import StoreFailed
from app.store.group_commit import GROUP_WORKS, GroupCommitter

WAIT_S = 20  # how long a thread may take before we call it stuck; never waited in a good run


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "inbox.db", ManualClock())
    yield database
    database.close()


def put(tx: Tx, number: int) -> int:
    tx.execute("INSERT INTO content (id, begun_at) VALUES (?, 0)", (number,))
    return number


def numbers(db: Database) -> list[int]:
    return [row[0] for row in db.reader().execute("SELECT id FROM content ORDER BY id").fetchall()]


class Faults(WriteConnection):
    """A write connection whose next step of a kind raises what a test has set for it."""

    def __init__(self, path: Path, notices: Notices) -> None:
        super().__init__(path, notices)
        self.next: dict[str, BaseException] = {}

    def _due(self, step: str) -> None:
        if step in self.next:
            raise self.next.pop(step)

    def write(self, works: Iterable[Work]) -> list[Outcome]:
        self._due("write")
        lock = self._write_lock

        @contextmanager
        def hold() -> Iterator[None]:
            self._due("lock")
            with type(lock).hold(lock):
                yield

        self._write_lock.hold = hold  # type: ignore[method-assign]
        return super().write(works)

    def _begin(self) -> Tx:
        self._due("begin")
        return super()._begin()

    def _run_all(self, tx: Tx, works: Iterable[Work]) -> list[Outcome]:
        outcomes = super()._run_all(tx, works)
        self._due("commit")  # everything is drawn and nothing is committed
        return outcomes


@contextmanager
def committing(make: Callable[[], WriteConnection]) -> Iterator[GroupCommitter]:
    committer = GroupCommitter(make, ManualClock())
    try:
        yield committer
    finally:
        committer.close()


FULL = sqlite3.OperationalError("database or disk is full")


@pytest.mark.parametrize(
    "step, problem",
    [
        ("write", RuntimeError("no")),
        ("lock", OSError(37, "No locks available")),
        ("begin", FULL),
        ("begin", OSError(28, "No space left on device")),
        ("begin", KeyboardInterrupt()),
        ("commit", FULL),
        ("commit", MemoryError()),
    ],
    ids=lambda given: given if isinstance(given, str) else type(given).__name__,
)
def test_step_that_fails_answers_everybody_and_the_next_one_works(
    db: Database, step: str, problem: BaseException
) -> None:
    pen = Faults(db.path, db.notices)
    with committing(lambda: pen) as committer:
        entered, go_on = threading.Event(), threading.Event()

        def hold(tx: Tx) -> None:
            entered.set()
            assert go_on.wait(WAIT_S)
            pen.next[step] = problem  # for the group of what is queued behind, or for its own end

        first = committer.submit(hold)
        assert entered.wait(WAIT_S)
        rest = [committer.submit(lambda tx, n=n: put(tx, n)) for n in range(1, 2 * GROUP_WORKS)]  # type: ignore[misc]
        go_on.set()
        errors = [future.exception(WAIT_S) for future in (first, *rest)]
        failed = [error for error in errors if error is not None]
        assert failed and all(isinstance(error, StoreFailed) for error in failed)
        done = [n for n, error in enumerate(errors) if error is None and n]
        assert numbers(db) == done, "what was answered with an error is not stored"
        assert committer.submit(lambda tx: put(tx, 1000)).result(WAIT_S) == 1000


def test_connection_that_cannot_be_made_is_an_error_to_who_waits_and_made_at_the_next_work(
    db: Database,
) -> None:
    problems: list[BaseException] = [OSError(28, "No space left on device"), FULL]

    def make() -> WriteConnection:
        if problems:
            raise problems.pop(0)
        return WriteConnection(db.path, db.notices)

    with committing(make) as committer:
        for reason in ("No space left", "is full"):
            with pytest.raises(StoreFailed, match=reason):
                committer.submit(lambda tx: put(tx, 1)).result(WAIT_S)
        assert committer.submit(lambda tx: put(tx, 2)).result(WAIT_S) == 2
    assert numbers(db) == [2]


@pytest.mark.parametrize("problem", [OSError("no"), FULL, ValueError("no")])
def test_fault_after_the_commit_is_nobodys_error(
    db: Database, problem: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    class Unnotified(WriteConnection):
        def checkpoint(self) -> None:
            raise problem

    pen = Unnotified(db.path, db.notices)
    pen._wal = WAL_PASSIVE
    with committing(lambda: pen) as committer, caplog.at_level(logging.ERROR):
        assert committer.submit(lambda tx: put(tx, 1)).result(WAIT_S) == 1
        assert committer.submit(lambda tx: put(tx, 2)).result(WAIT_S) == 2
    assert numbers(db) == [1, 2]
    assert "after a commit" in caplog.text


def test_now_returns_what_is_stored_even_if_the_checkpoint_after_it_fails(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def checkpoint(_self: WriteConnection) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(WriteConnection, "checkpoint", checkpoint)
    monkeypatch.setattr(connection_module, "WAL_PASSIVE", 1)
    assert db.now(lambda tx: put(tx, 1)) == 1
    assert numbers(db) == [1]


def test_lock_file_that_cannot_be_opened_is_an_error_of_now_and_the_next_one_works(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_lock(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(connection_module, "FairLock", no_lock)
        with pytest.raises(OSError, match="No space"):
            db.now(lambda tx: put(tx, 1))
    assert db.now(lambda tx: put(tx, 2)) == 2


def test_work_submitted_while_the_store_closes_is_done_or_refused(db: Database) -> None:
    committer = GroupCommitter(lambda: WriteConnection(db.path, db.notices), ManualClock())
    futures: list[Future[Any]] = []
    under_way = threading.Semaphore(0)

    def submit_until_refused() -> None:
        for number in range(1, 100_000):
            try:
                futures.append(committer.submit(lambda tx, n=number: put(tx, n)))  # type: ignore[misc]
            except RuntimeError:
                return
            under_way.release()

    thread = threading.Thread(target=submit_until_refused)
    thread.start()
    for _ in range(50):
        assert under_way.acquire(timeout=WAIT_S)
    committer.close()
    thread.join(WAIT_S)
    assert not thread.is_alive()
    assert [future.exception(WAIT_S) for future in futures] == [None] * len(futures)
    assert len(numbers(db)) == len(futures) >= 50


@pytest.mark.parametrize("bad", [0, 1, 2])
def test_work_that_fails_undoes_itself_alone_wherever_it_stands(db: Database, bad: int) -> None:
    db.now(lambda tx: tx.execute("CREATE TABLE noted (n)"))

    def work(number: int) -> Work:
        def insert(tx: Tx) -> int:
            tx.execute("INSERT INTO noted VALUES (?)", (number,))
            if number == bad:
                raise ValueError("bad")
            return number

        return insert

    outcomes = db._write_connection().write([work(number) for number in range(3)])
    assert [type(outcome.error) for outcome in outcomes] == [
        ValueError if number == bad else type(None) for number in range(3)
    ]
    rows = db.reader().execute("SELECT n FROM noted ORDER BY n").fetchall()
    assert [number for (number,) in rows] == [number for number in range(3) if number != bad]


def test_savepoint_is_only_for_works_behind_the_first(db: Database) -> None:
    connection = db._write_connection()
    connection.write([lambda tx: None])
    assert connection._tx is not None
    statements: list[str] = []
    connection._tx.set_trace_callback(statements.append)
    connection.write([lambda tx: None])
    connection.write([lambda tx: None] * 3)
    assert statements.count("SAVEPOINT work") == 2
