"""What can go wrong with the store's file itself."""

import errno
import sqlite3
from pathlib import Path

from app.core.errors import SwitchhookError


class StoreError(SwitchhookError):
    """Base of the errors of the store's file."""


class SchemaTooNew(StoreError):
    """The store was last written by a newer program whose files this one must not touch."""


class StoreFailed(StoreError):
    """A transaction could not be made durable. Its outcome is unknown: treat it as not done."""


class StoreFull(StoreFailed):
    """The disk has no room for a transaction; the same may succeed when there is room again."""


class StoreDamaged(StoreFailed):
    """Pages of the file are unreadable or contradict each other; the text says what to do."""


TROUBLE: tuple[type[Exception], ...] = (StoreError, sqlite3.Error, OSError)
"""What the store raises when it cannot be used now: its disk, its file, or a lock that stays."""


def as_file_error(problem: OSError, store: Path) -> StoreFailed:
    """StoreFull or StoreFailed for the system's error at a file of the store; says what to do."""
    where = f"the store of messages {store} cannot be used"
    if problem.errno == errno.ENOSPC:
        return StoreFull(f"{where}: the disk is full")
    reason = f"{where}: {problem.strerror or problem} ({problem.filename or store})"
    if problem.errno == errno.EROFS:
        return StoreFailed(
            f"{reason}. The system stops writing to a disk on which it has met errors: what is"
            " there can still be read. Start the box again, and if that does not help, restore a"
            " backup on another disk"
        )
    return StoreFailed(reason)
