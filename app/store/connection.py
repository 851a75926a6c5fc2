"""How one thread writes to the store: its connection, its transactions, its checkpoints.

A unit of work (`Work`) is a function of the transaction. A write connection runs one or more of
them in one transaction, each under a savepoint, holding the store's write lock (locks.py). What was
not committed for certain is reported as failed, and a connection that has seen an I/O error is
closed and replaced, so that nothing of its page cache is trusted any more. (Never the last one of
the process: see Database._prepare.)

Why a failed COMMIT loses nothing that was promised [SQLite, Database File Format §4]: SQLite
first writes the frames to the WAL, then fdatasyncs it (synchronous = FULL), and only then publishes
them in the WAL index. If the sync fails nothing is published, the next writer overwrites the same
frames, and everything promised earlier was synced before it was promised. Were there no next writer
before the service is killed, whoever opens the file would find those frames in the page cache and
take them for committed: mail that was refused would come, a removal that failed would be done. So
they are overwritten at once. Only after a power cut may they turn out to be whole all the same,
where that, too, did not reach the disk.
"""

import logging
import os
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.core.notices import Notices
from app.store.condition import StoreCondition, is_about_the_file
from app.store.errors import StoreFull
from app.store.locks import FairLock, FileLock

log = logging.getLogger(__name__)

BUSY_S = 5.0
"""SQLite's busy timeout. Only a program that does not use our locks can make us wait this long."""
TRUNCATE_BUSY_MS = 50
"""The same while the WAL is truncated: a reader that lingers must not hold up other writers."""
PAGE = 4096
"""Octets in a page of the store."""
WAL_PASSIVE = 1 << 20
"""Octets in the WAL after which it is copied into the store [SQLite, WAL §2.1]."""
WAL_TRUNCATE = 8 << 20
"""Octets in the WAL after which it is also cut to nothing."""
COMMIT_OCTETS = 1 << 20
"""Octets of content in one transaction at most: whoever waits for the lock waits for them."""
_FIXED_PAGES = 8  # pages every commit touches: tree roots, counters, pointer map


class Tx(sqlite3.Connection):
    """A connection inside a transaction, as units of work receive it."""

    changed: bool = False
    """A change row was written: listeners are notified after the commit."""
    octets: int = 0
    """Octets of content written, for the estimate of how full the WAL is."""
    sealed: tuple[int, int, int, int] | None = None
    """Number, size, chunks and dotted lines of the content that was sealed last, in this unit of
    work (app/inbox/contents.py): its entries need not look it up."""


Work = Callable[[Tx], Any]
"""One unit of work: what it does is stored as a whole, or not at all."""


@dataclass
class Outcome:
    """What became of one unit of work: the value it returned, or the error it raised."""

    value: Any = None
    error: BaseException | None = None


def connect_writer(path: Path, make: bool = False) -> Tx:
    """Open the store for writing; every COMMIT waits until the WAL is on the disk.

    A store that is not there is only made if `make` says so. Raises sqlite3.Error or OSError.
    """
    if (
        make and not path.exists()
    ):  # SQLite would not let the group write, whatever the umask; services share a group
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660))
    tx = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={'rwc' if make else 'rw'}",
        uri=True,
        timeout=BUSY_S,
        isolation_level=None,
        check_same_thread=False,
        factory=Tx,
        cached_statements=256,
    )
    for pragma in (
        "synchronous = FULL",
        "secure_delete = OFF",
        "foreign_keys = ON",
        "temp_store = MEMORY",
        "wal_autocheckpoint = 0",
        f"journal_size_limit = {WAL_TRUNCATE}",
    ):
        tx.execute(f"PRAGMA {pragma}").fetchall()
    return tx


class WriteConnection:
    """The only way to write to the store; each belongs to one thread."""

    def __init__(
        self,
        path: Path,
        notices: Notices,
        condition: StoreCondition | None = None,
        lock_s: float | None = None,
    ) -> None:
        """`lock_s` is how long it waits for the write lock; None: without limit."""
        self._path = path
        self._notices = notices
        self._condition = condition if condition is not None else StoreCondition(path)
        self._write_lock = FairLock(path, lock_s)
        self._checkpoint_lock = FileLock(path.with_name(path.name + ".ckpt"))
        self._tx: Tx | None = None
        self._wal = 0  # octets we guess to have written since the last checkpoint
        self._changed = False
        self._busy = False

    def write(self, works: Iterable[Work]) -> list[Outcome]:
        """Run units of work in one transaction and commit it; one that fails undoes only itself.

        Draws them until there are none or COMMIT_OCTETS have been written, and returns an outcome
        for each one drawn, in order. Call `finish` afterwards, once those who wait for the outcomes
        have them. Raises StoreFailed if none of them may count as done (the caller must remember
        which ones were drawn): StoreFull for want of room, StoreDamaged because of the store's
        condition. Raises RuntimeError inside a transaction of the same thread.
        """
        if self._busy:
            raise RuntimeError("a transaction is open in this thread: use the Tx it was given")
        self._busy = True
        try:
            with self._write_lock.hold():
                return self._transaction(works)
        except StoreFull:
            self.checkpoint()  # what is copied leaves its room in the WAL to the next transaction
            raise
        finally:
            self._busy = False

    def _transaction(self, works: Iterable[Work]) -> list[Outcome]:
        self._condition.require_writable()
        try:
            tx = self._begin()
            before = tx.total_changes
            outcomes = self._run_all(tx, works)
            self._commit(tx)
        except sqlite3.Error as problem:
            self._discard()
            raise self._condition.error_of(problem, "the store could not be written") from problem
        except BaseException:
            self._discard()
            raise
        self._wal += PAGE * (_FIXED_PAGES + tx.total_changes - before) + tx.octets
        self._changed = self._changed or tx.changed
        return outcomes

    def _begin(self) -> Tx:
        if self._tx is None:
            self._tx = connect_writer(self._path)
        self._tx.execute("BEGIN IMMEDIATE")
        self._tx.changed, self._tx.octets = False, 0
        return self._tx

    def _commit(self, tx: Tx) -> None:
        try:
            tx.execute("COMMIT")
        except sqlite3.Error:
            self._discard()
            self._overwrite()
            raise

    def _overwrite(self) -> None:
        """Make the first frame of a commit that failed one that changes nothing.

        The frames behind it are void then, since the checksum of each goes on from the one before
        [SQLite, WAL-mode File Format §4.1].
        """
        try:
            tx = self._begin()
            (version,) = tx.execute("PRAGMA user_version").fetchone()
            tx.execute(f"PRAGMA user_version = {version}")  # writes the first page, as it is
            tx.execute("COMMIT")
        except sqlite3.Error as problem:
            log.warning("after a commit that failed: %s", problem)
            self._discard()

    def _run_all(self, tx: Tx, works: Iterable[Work]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for work in works:
            outcomes.append(self._run(tx, work, not outcomes))
            if tx.octets >= COMMIT_OCTETS:
                break
        return outcomes

    def _run(self, tx: Tx, work: Work, first: bool) -> Outcome:
        tx.sealed = None
        if first:
            return self._run_first(tx, work)
        tx.execute("SAVEPOINT work")
        try:
            value = work(tx)
        except Exception as problem:
            self._demand_trust(tx, problem)
            tx.execute("ROLLBACK TO work")
            tx.execute("RELEASE work")
            return Outcome(error=problem)
        tx.execute("RELEASE work")
        return Outcome(value)

    def _run_first(self, tx: Tx, work: Work) -> Outcome:
        """The first unit of work, often the only one: what it undoes is the transaction."""
        try:
            return Outcome(work(tx))
        except Exception as problem:
            self._demand_trust(tx, problem)
            tx.execute("ROLLBACK")
            self._begin()
            return Outcome(error=problem)

    def _demand_trust(self, tx: Tx, problem: Exception) -> None:
        """Raise the problem again if what was done before it may be lost or wrong as well."""
        # After an I/O error or a full disk SQLite may have rolled everything back by itself, and
        # even where it has not, what the page cache holds is no longer worth trusting.
        if isinstance(problem, sqlite3.Error) and (
            not tx.in_transaction or is_about_the_file(problem)
        ):
            raise problem

    def _discard(self) -> None:
        tx, self._tx = self._tx, None
        if tx is None:
            return
        try:
            tx.close()  # rolls back what is open
        except sqlite3.Error as problem:
            log.warning("closing a broken connection: %s", problem)

    def finish(self) -> None:
        """Notify listeners after a commit, and checkpoint if the WAL has grown enough.

        What goes wrong here is only logged: everything that was promised is stored.
        """
        try:
            if self._changed:
                self._changed = False
                self._notices.send()
            if self._wal >= WAL_PASSIVE:
                self.checkpoint()
        except Exception:
            log.exception("after a commit")

    def checkpoint(self) -> None:
        """Copy the WAL into the store, unless another process does; truncate it when it is large.

        A failing disk is only logged: the WAL still holds everything, and the next checkpoint tries
        again [SQLite, PRAGMA wal_checkpoint: PASSIVE, TRUNCATE].
        """
        if not self._checkpoint_lock.try_acquire():
            return
        try:
            if self._copy_wal() * PAGE > WAL_TRUNCATE:
                self._truncate()
            self._wal = 0
        except sqlite3.Error as problem:
            log.error("checkpoint failed: %s", problem)
            self._wal = 0
            self._discard()
        finally:
            self._checkpoint_lock.release()

    def _copy_wal(self) -> int:
        """Copy what can be copied without waiting for anybody; the WAL's length in pages."""
        if self._tx is None:
            self._tx = connect_writer(self._path)
        _busy, pages, _copied = self._tx.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        return max(0, int(pages))

    def _truncate(self) -> None:
        # Under our own lock: SQLite holds its writer lock meanwhile, and other writers then queue
        # fairly instead of polling.
        assert self._tx is not None
        with self._write_lock.hold():
            self._tx.execute(f"PRAGMA busy_timeout = {TRUNCATE_BUSY_MS}").fetchall()
            self._tx.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self._tx.execute(f"PRAGMA busy_timeout = {int(BUSY_S * 1000)}").fetchall()

    def close(self) -> None:
        """Close the connection and the lock files."""
        self._discard()
        self._write_lock.close()
        self._checkpoint_lock.close()
