"""A repaired store takes the place of the damaged one, in steps that a power cut only delays.

    inbox.db.salvage         being filled (repair.py); of no use if the repair is cut off
    inbox.db.repaired        whole, verified and on the disk: from here on it is to be the store
    inbox.db.damaged-DATE    the store that was damaged, with its WAL; kept, with a report (….txt)

Nobody may have the store open meanwhile: SQLite takes the WAL away by its name, whichever store it
belongs to by then. So whoever opens the store first does it.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

from app.core.files import sync_folder
from app.store.condition import StoreCondition


def salvaged(store: Path) -> Path:
    """The store that a repair is filling."""
    return store.with_name(store.name + ".salvage")


def repaired(store: Path) -> Path:
    """The store that is to take the place of the damaged one."""
    return store.with_name(store.name + ".repaired")


def kept(store: Path) -> Path:
    """Where the damaged store goes: named by the time at which the new one was ready.

    Raises OSError if there is none.
    """
    fresh = repaired(store) if repaired(store).exists() else salvaged(store)
    at = datetime.fromtimestamp(fresh.stat().st_mtime, UTC)
    return store.with_name(f"{store.name}.damaged-{at:%Y%m%dT%H%M%SZ}")


def report_of(kept: Path) -> Path:
    """The file that says what was lost of a damaged store that was kept."""
    return kept.with_name(kept.name + ".txt")


def change_over(store: Path) -> bool:
    """Put a repaired store in its place; False if there is none. Raises OSError.

    The caller holds the store's write lock, and knows that nobody has the store open.
    """
    if not repaired(store).exists():
        return False
    old = kept(store)
    wal = store.with_name(store.name + "-wal")
    if wal.exists():  # first: beside the new store it would be taken for its own
        wal.replace(old.with_name(old.name + "-wal"))
        sync_folder(store.parent)
    store.with_name(store.name + "-shm").unlink(missing_ok=True)
    if store.exists() and not old.exists():
        os.link(store, old)  # so that there is a store at any moment
        sync_folder(store.parent)
    StoreCondition(store).clear()  # what was damaged is not used any more, whatever happens now
    repaired(store).replace(store)
    sync_folder(store.parent)
    return True
