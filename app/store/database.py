"""The store's file: who may read it, who may write it, and what a commit promises.

One SQLite file in WAL mode beside three lock files and a directory of listeners' sockets:

    inbox.db  inbox.db-wal  inbox.db-shm    SQLite's own
    inbox.db.next  .write  .ckpt            the write lock and the checkpointer's lock (locks.py)
    inbox.db.open                           held, shared, by every process that has it open
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
from app.store.connection import BUSY_S, Tx, WriteConnection, connect_writer
from app.store.errors import SchemaTooNew, StoreFailed
from app.store.group_commit import GroupCommitter
from app.store.locks import FairLock, FileLock
from app.store.schema import check, migrate, prepare

__all__ = ["Database", "SchemaTooNew", "StoreFailed", "Tx"]

log = logging.getLogger(__name__)

T = TypeVar("T")


class Reader(sqlite3.Connection):
    """A thread's own reading connection; goes when its thread goes."""


class Database:
    """The store's file; one object a process, usable from any thread."""

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        """Open the store at `path`; create or migrate it first.

        Raises SchemaTooNew if a newer program has left it in a state this one cannot work on, and
        StoreFailed or OSError if the place cannot be used at all.
        """
        self.path = Path(path)
        self.clock: Clock = clock if clock is not None else SystemClock()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._open = FileLock(self.path.with_name(self.path.name + ".open"))
        try:
            self._prepare()
        except sqlite3.Error as problem:
            raise StoreFailed(f"{self.path} cannot be opened: {problem}") from problem
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
        lock = FairLock(self.path)
        try:
            with lock.hold():
                check(self.path)  # by a reader: the last writer to leave would take the WAL away
                self._keeper = connect_writer(self.path)
                prepare(self._keeper)
                migrate(self._keeper, self.path)
                if self._open.try_acquire():
                    self._recover()
                self._open.acquire_shared()
        finally:
            lock.close()

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
            self.path,
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
        self._local.reader = reader
        return reader

    def _write_connection(self) -> WriteConnection:
        try:
            return cast(WriteConnection, self._local.connection)
        except AttributeError:
            self._local.connection = self._new_write_connection()
            return cast(WriteConnection, self._local.connection)

    def _new_write_connection(self) -> WriteConnection:
        connection = WriteConnection(self.path, self.notices)
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
