"""Keeping the store small: what is old in the bin, what never arrived, what the logs may forget.

The admin service calls `clean_up` now and then. It works in small transactions, so that other
writers do not wait long, and it may stop between any two of them.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.inbox.store import Store
from app.store.database import Database, Tx

DAY_S = 86_400.0
_PAGES_AT_ONCE = 256
_PAGES_KEPT_FREE = 4_096  # 16 MiB for the next messages, without growing the file again


@dataclass(frozen=True)
class Retention:
    """How long things are kept."""

    grace_s: float
    """How long a removed entry can be restored."""
    bin_share: float
    """Share of the disk that all bins together may take; beyond it the oldest go early."""
    history_s: float = 400 * DAY_S
    """How long the history remembers."""
    changes_s: float = DAY_S
    """How long a listener may sleep before it must look at everything afresh."""


@dataclass(frozen=True)
class CleanedUp:
    """What one round did."""

    purged: int
    """Entries deleted for good."""
    swept: int
    """Messages that never arrived whole."""
    forgotten: int
    """Rows of history and change log."""
    pages: int
    """Pages of 4 kB given back to the file system."""


def disk_octets(directory: Path) -> int:
    """Size of the disk that holds `directory`, in octets."""
    disk = os.statvfs(directory)
    return disk.f_blocks * disk.f_frsize


def clean_up(
    db: Database,
    store: Store,
    now: float,
    keep: Retention,
    disk: Callable[[], int] | None = None,
) -> CleanedUp:
    """One round of housekeeping, in the calling thread; `now` is seconds since 1970 UTC.

    `disk` returns the size of the disk in octets; by default the store's disk is asked.
    """
    size = disk() if disk is not None else disk_octets(store.directory)
    purged = _repeat(db, lambda tx: store.empty_bin(tx, now - keep.grace_s))
    purged += _shrink_bin(db, store, now, int(size * keep.bin_share))
    swept = _repeat(db, store.contents.sweep)
    forgotten = db.now(
        lambda tx: store.audit_log.trim(tx, now - keep.history_s, now - keep.changes_s)
    )
    return CleanedUp(purged, swept, forgotten, shrink_file(db))


def _repeat(db: Database, work: Callable[[Tx], int]) -> int:
    done = 0
    while some := db.now(work):
        done += some
    return done


def _shrink_bin(db: Database, store: Store, now: float, most: int) -> int:
    """Purge the oldest, whatever their age, until all bins together fit into `most` octets."""
    purged = 0
    while (excess := store.bin_octets() - most) > 0:
        some = db.now(lambda tx, excess=excess: store.empty_bin(tx, now + 1, octets=excess))  # type: ignore[misc]
        if not some:
            break
        purged += some
    return purged


def shrink_file(db: Database, kept: int = _PAGES_KEPT_FREE) -> int:
    """Cut free pages off the file, but for `kept`; returns how many went."""
    gone = 0
    while (free := int(db.pragma("freelist_count"))) > kept:
        pages = min(_PAGES_AT_ONCE, free - kept)
        db.now(lambda tx, pages=pages: _vacuum(tx, pages))  # type: ignore[misc]
        gone += pages
    return gone


def _vacuum(tx: Tx, pages: int) -> None:
    # One page a statement: the sqlite3 module steps a statement without columns only once, and
    # this PRAGMA moves one page a step.
    for _ in range(pages):
        tx.execute("PRAGMA incremental_vacuum(1)")
