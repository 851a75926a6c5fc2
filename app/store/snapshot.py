"""A copy of the store for a backup, and the check of a copy before it is used."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from app.store.errors import StoreFailed
from app.store.schema import STEPS, check


@dataclass(frozen=True)
class SnapshotFacts:
    """What is in a copy."""

    version: int
    """Of its schema."""
    people: int
    """How many have a box."""
    entries: int
    """Messages of all people together, those in the bin included."""


def copy_store(store: Path, to: Path) -> None:
    """Copy the store as it is at this moment, while others go on reading and writing.

    The copy is one file without a WAL [SQLite, Online Backup API]. Raises StoreFailed.
    """
    to.unlink(missing_ok=True)
    try:
        source = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
        target = sqlite3.connect(to, isolation_level=None)
        try:
            source.backup(target)  # in one step: a store that is written to would never end
            target.execute("PRAGMA journal_mode = DELETE").fetchone()
        finally:
            target.close()
            source.close()
    except sqlite3.Error as problem:
        raise StoreFailed(f"{store} cannot be copied to {to}: {problem}") from problem


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
            people = connection.execute("SELECT count(*) FROM person WHERE removed_at IS NULL")
            entries = connection.execute("SELECT count(*) FROM entry")
            return SnapshotFacts(version, people.fetchone()[0], entries.fetchone()[0])
        finally:
            connection.close()
    except sqlite3.Error as problem:
        raise StoreFailed(f"{copy} is no store of this program: {problem}") from problem


def newest_schema() -> int:
    """The schema version that this program makes."""
    return STEPS[-1].version
