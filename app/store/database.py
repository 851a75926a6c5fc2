"""The store's file: who may read it, who may write it, and what a commit promises.

One SQLite file in WAL mode beside three lock files and a directory of listeners' sockets:

    inbox.db  inbox.db-wal  inbox.db-shm    SQLite's own
    inbox.db.next  .write  .ckpt            the write lock and the checkpointer's lock (locks.py)
    inbox.db.open                           held, shared, by every process that has it open
    inbox.db.damage                         there while the store is damaged (condition.py)
    notices/                                sockets of whoever wants to know (core/notices.py)

Reading is possible at any time and sees what was committed when the statement began [SQLite, WAL
§2.2]. Writing is a unit of work, a function of the transaction: `now` runs it in the calling
thread, `submit` in the writer thread together with whatever else is queued. When `now` has
returned, or the future of `submit` has resolved, it is on the disk.
"""

import logging
import sqlite3
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar, cast

from app.core.clock import Clock, SystemClock
from app.core.notices import Listener, Notices
from app.store.box_time import BoxTime
from app.store.change_over import change_over, repaired
from app.store.condition import StoreCondition, is_about_the_file
from app.store.connection import BUSY_S, Tx, WriteConnection, connect_writer
from app.store.errors import SchemaTooNew, StoreDamaged, StoreFailed, as_file_error
from app.store.group_commit import GroupCommitter
from app.store.locks import FairLock, FileLock
from app.store.presence import identity
from app.store.schema import check, migrate, prepare

__all__ = ["Database", "SchemaTooNew", "StoreDamaged", "StoreFailed", "Tx"]

log = logging.getLogger(__name__)

T = TypeVar("T")


class Reader(sqlite3.Connection):
    """A thread's own reading connection; goes when its thread goes.

    Damage and errors of the disk are noted in `condition` and raised as StoreDamaged and
    StoreFailed; whatever else is wrong, the statement is, and sqlite3's error is raised.
    """

    condition: StoreCondition

    def execute(self, *arguments: Any) -> Any:
        """As sqlite3.Connection.execute, by a cursor with these errors."""
        return self.cursor(ReadCursor).execute(*arguments)


class ReadCursor(sqlite3.Cursor):
    """The cursor of a Reader."""

    def execute(self, *arguments: Any) -> "ReadCursor":
        """As sqlite3.Cursor.execute. Raises StoreDamaged and StoreFailed."""
        try:
            sqlite3.Cursor.execute(self, *arguments)
        except sqlite3.Error as problem:
            raise self._error(problem) from problem
        return self

    def fetchone(self) -> Any:
        """As sqlite3.Cursor.fetchone. Raises StoreDamaged and StoreFailed."""
        try:
            return sqlite3.Cursor.fetchone(self)
        except sqlite3.Error as problem:
            raise self._error(problem) from problem

    def fetchall(self) -> list[Any]:
        """As sqlite3.Cursor.fetchall. Raises StoreDamaged and StoreFailed."""
        try:
            return sqlite3.Cursor.fetchall(self)
        except sqlite3.Error as problem:
            raise self._error(problem) from problem

    def __next__(self) -> Any:
        try:
            return sqlite3.Cursor.__next__(self)
        except sqlite3.Error as problem:
            raise self._error(problem) from problem

    def _error(self, problem: sqlite3.Error) -> Exception:
        if not is_about_the_file(problem):
            return problem
        return cast(Reader, self.connection).condition.error_of(
            problem, "the store could not be read"
        )


class Database:
    """The store's file; one object a process, usable from any thread."""

    def __init__(self, path: Path, clock: Clock | None = None, lock_s: float | None = None) -> None:
        """Open the store at `path`; create or migrate it first.

        `lock_s` is how long this process waits for others who write, in seconds; None: for ever.
        What takes longer raises StoreFailed.

        Raises SchemaTooNew if a newer program has left it in a state this one cannot work on,
        StoreDamaged if its first pages are, and StoreFailed if the place cannot be used at all,
        such as on a disk that the system has made read-only.
        """
        self.path = Path(path)
        self._lock_s = lock_s
        self.clock: Clock = clock if clock is not None else SystemClock()
        self.box_time: BoxTime
        """What ages and deadlines are counted by."""
        self.condition = StoreCondition(self.path, self.clock)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._open = FileLock(self.path.with_name(self.path.name + ".open"))
            self._prepare()
        except OSError as problem:
            raise as_file_error(problem, self.path) from problem
        except sqlite3.Error as problem:
            raise self.condition.error_of(problem, f"{self.path} cannot be opened") from problem
        except StoreDamaged as problem:
            self.condition.note(str(problem.__cause__))
            raise
        self._file = identity(self.path)
        self.notices = Notices(self.notices_directory)
        self._local = threading.local()
        self._lock = threading.Lock()
        self._readers: weakref.WeakSet[Reader] = weakref.WeakSet()
        self._write_connections: weakref.WeakSet[WriteConnection] = weakref.WeakSet()
        self._writer: GroupCommitter | None = None

    @property
    def notices_directory(self) -> Path:
        """Where listeners put their sockets."""
        return self.path.parent / "notices"

    @property
    def in_place(self) -> bool:
        """Whether the file that is open is still the one at `path`; else what is written is lost.

        Costs one look at a name.
        """
        return self._file == identity(self.path)

    def listener(self, name: str) -> Listener:
        """A new listener for changes of this store; `name` says who listens."""
        return Listener(self.notices_directory, name)

    def reader(self) -> sqlite3.Connection:
        """The calling thread's own read connection: autocommit, rows by index.

        Fetch every row of a statement before leaving it: a read that stays open holds up the
        checkpointer.
        """
        try:
            return cast(sqlite3.Connection, self._local.reader)
        except AttributeError:
            return self._open_reader()

    def now(self, work: Callable[[Tx], T]) -> T:
        """Run one unit of work and commit it, in the calling thread; returns what it returns.

        Raises what the work raises (nothing is then stored), or StoreFailed.
        """
        connection = self._write_connection()
        outcome = connection.write((work,))[0]
        connection.finish()
        if outcome.error is not None:
            raise outcome.error
        return cast(T, outcome.value)

    def submit(self, work: Callable[[Tx], T]) -> "Future[T]":
        """Queue one unit of work for the writer thread; the future resolves once it is durable.

        The future's error is the work's own, or StoreFailed. Raises RuntimeError once closed.
        """
        writer = self._writer
        if writer is None:
            with self._lock:
                if self._writer is None:
                    self._writer = GroupCommitter(self._new_write_connection, self.clock)
                writer = self._writer
        return writer.submit(work)

    def checkpoint(self) -> None:
        """Copy the WAL into the store now, whatever its size, in the calling thread."""
        self._write_connection().checkpoint()

    def close(self) -> None:
        """Commit what is queued, then close every connection of this process."""
        if self._writer is not None:
            self._writer.close()
        for connection in list(self._write_connections):
            connection.close()
        for reader in list(self._readers):
            reader.close()
        self._keeper.close()
        self._open.close()
        self.notices.close()
        self._local = threading.local()

    def _prepare(self) -> None:
        """Create, recover and migrate the file, and keep it open for as long as we live.

        The keeper's connection is what makes a failed commit harmless: while anybody has the file
        open, frames whose sync failed are not part of it and the next writer overwrites them. Were
        the last connection closed and the file opened again, SQLite would find those frames in the
        page cache, take them for committed, and build on what the disk may never have got.
        """
        lock = FairLock(self.path, self._lock_s)
        try:
            with lock.hold():
                self._take_repaired()
                check(self.path)  # by a reader: the last writer to leave would take the WAL away
                self._keeper = connect_writer(self.path, make=True)
                prepare(self._keeper)
                migrate(self._keeper, self.path)
                self.box_time = BoxTime(self._keeper, self.clock)
                if self._open.try_acquire():
                    self._recover()
                self._open.acquire_shared()
        finally:
            lock.close()

    def _take_repaired(self) -> None:
        """Go on with the store that a repair has made, unless the damaged one is in use."""
        if repaired(self.path).exists() and self._open.try_acquire():
            change_over(self.path)
            self._open.release()

    def _recover(self) -> None:
        """The first to open the file after a crash: bring the WAL into it before adding more.

        For the reason above: its last frames may be in the page cache only.
        """
        try:
            self._keeper.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as problem:
            log.error("the WAL of %s could not be brought in: %s", self.path, problem)

    def _open_reader(self) -> Reader:
        reader = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=rw",  # one that has gone is not made anew
            uri=True,
            timeout=BUSY_S,
            isolation_level=None,
            check_same_thread=False,
            factory=Reader,
            cached_statements=256,
        )
        reader.execute("PRAGMA query_only = ON").fetchall()
        reader.execute("PRAGMA temp_store = MEMORY").fetchall()
        with self._lock:
            self._readers.add(reader)
        reader.condition = self.condition
        self._local.reader = reader
        return reader

    def _write_connection(self) -> WriteConnection:
        try:
            return cast(WriteConnection, self._local.connection)
        except AttributeError:
            self._local.connection = self._new_write_connection()
            return cast(WriteConnection, self._local.connection)

    def _new_write_connection(self) -> WriteConnection:
        connection = WriteConnection(self.path, self.notices, self.condition, self._lock_s)
        with self._lock:
            self._write_connections.add(connection)
        return connection

    def wal_octets(self) -> int:
        """Size of the WAL file in octets, for status and bench."""
        wal = self.path.with_name(self.path.name + "-wal")
        return wal.stat().st_size if wal.exists() else 0

    def pragma(self, name: str) -> Any:
        """The value of a PRAGMA on the calling thread's reader, for status and bench."""
        return self.reader().execute(f"PRAGMA {name}").fetchone()[0]
