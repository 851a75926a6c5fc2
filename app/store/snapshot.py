"""A copy of the store for a backup, and the check of a copy before it is used."""

import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.store.by_root import open_read_only
from app.store.condition import State, StoreCondition
from app.store.errors import StoreDamaged, StoreFailed
from app.store.schema import STEPS, check

COPIED_AT_ONCE = 1024
"""Pages that are copied in one piece: 4 MiB."""


@dataclass(frozen=True)
class SnapshotFacts:
    """What is in a copy."""

    version: int
    """Of its schema."""
    people: int
    """How many have a box."""
    entries: int
    """Messages of all people together, those in the bin included."""


def copy_store(store: Path, to: Path, between: Callable[[], None] = lambda: None) -> None:
    """Copy the store as it is at this moment, while others go on reading and writing.

    The copy is one file without a WAL [SQLite, Online Backup API]. `between` is called after each
    piece. Raises StoreFailed; StoreDamaged if the store is, because nothing could be restored from
    such a copy.
    """
    damage = StoreCondition(store).damage()
    if damage.state is State.DAMAGED:
        raise StoreDamaged(f"nothing is copied: {damage.text}")
    to.unlink(missing_ok=True)
    try:
        source = open_read_only(store)
        file = os.open(to, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        target = sqlite3.connect(to, isolation_level=None)
        try:
            _copy(source, target, file, between)
            target.execute("PRAGMA journal_mode = DELETE").fetchone()
        finally:
            target.close()
            source.close()
            os.close(file)
    except sqlite3.Error as problem:
        raise StoreFailed(f"{store} cannot be copied to {to}: {problem}") from problem


def _copy(
    source: sqlite3.Connection,
    target: sqlite3.Connection,
    file: int,
    between: Callable[[], None],
) -> None:
    """Copy in pieces out of one read transaction; without it each commit would begin it anew.

    Each piece is written out at once: a commit must wait for what the system has still to write,
    and behind the whole copy that was 0.4 s.
    """

    def written_out(_status: int, _remaining: int, _total: int) -> None:
        os.fdatasync(file)
        between()

    source.isolation_level = None
    source.execute("BEGIN")
    source.execute("SELECT count(*) FROM sqlite_master").fetchone()  # which begins it in fact
    target.execute("PRAGMA synchronous = OFF")
    source.backup(target, pages=COPIED_AT_ONCE, progress=written_out)
    source.execute("ROLLBACK")


def examine(copy: Path) -> SnapshotFacts:
    """Check a copy from its first page to its last; what is in it.

    Raises StoreFailed if it is damaged, SchemaTooNew if a newer program has made it.
    """
    check(copy)
    try:
        connection = sqlite3.connect(f"file:{copy}?mode=ro", uri=True)
        try:
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if found != "ok":
                raise StoreFailed(f"{copy} is damaged: {found}")
            version = connection.execute("SELECT version FROM schema").fetchone()[0]
            _check_shape(connection, version)
            people = connection.execute("SELECT count(*) FROM person WHERE removed_at IS NULL")
            entries = connection.execute("SELECT count(*) FROM entry")
            return SnapshotFacts(version, people.fetchone()[0], entries.fetchone()[0])
        finally:
            connection.close()
    except sqlite3.Error as problem:
        raise StoreFailed(f"{copy} is no store of this program: {problem}") from problem


def _check_shape(connection: sqlite3.Connection, version: int) -> None:
    """A copy has our tables, indexes and triggers and no others: a trigger would act for us.

    Raises StoreFailed.
    """
    ours = sqlite3.connect(":memory:", isolation_level=None)
    try:
        for step in STEPS:
            if step.version <= version:
                for statement in step.statements:
                    ours.execute(statement)
        ask = "SELECT type, name, sql FROM sqlite_master WHERE substr(name, 1, 7) <> 'sqlite_'"
        foreign = set(connection.execute(ask)) ^ set(ours.execute(ask))
    finally:
        ours.close()
    if foreign:
        names = ", ".join(sorted({str(name) for _, name, _ in foreign}))
        raise StoreFailed(f"the copy is not a store of this program as it was made: {names}")


def newest_schema() -> int:
    """The schema version that this program makes."""
    return STEPS[-1].version
