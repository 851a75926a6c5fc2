"""Keeping the store small: what is old in the bin, what never arrived, what the logs may forget.

What is old is told by box time (app/store/box_time.py). Rows of the logs and content on its way in
have numbers that only grow, so they need no time of their own: each round writes a mark, the last
numbers there are, and what is not above a mark is at least as old as the mark.

The admin service calls `clean_up` now and then. It works in small transactions, so that other
writers do not wait long, and it may stop between any two of them.
"""

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.inbox.addresses import DeliveryConfig
from app.inbox.contents import UNSEALED_FOR_S
from app.inbox.expiry import DAY_S, expire, expire_days, least_expire_days, longest_days
from app.inbox.limits import PersonLimits
from app.inbox.people import People
from app.inbox.quota import QuotaWarnings, level, percent
from app.inbox.store import Store
from app.store.database import Database, Tx

__all__ = ["DAY_S", "CleanedUp", "Retention", "clean_up", "expire_days", "least_expire_days"]

_PAGES_AT_ONCE = 256
_PAGES_KEPT_FREE = 4_096  # 16 MiB for the next messages, without growing the file again


@dataclass(frozen=True)
class Retention:
    """How long things are kept."""

    grace_s: float
    """How long a removed entry can be restored."""
    bin_share: float
    """Share of the disk that all bins together may take; beyond it the oldest go early."""
    delivery: DeliveryConfig
    """With the limits of inboxes, and the names that warnings bear."""
    history_s: float = 400 * DAY_S
    """How long the history remembers."""
    changes_s: float = DAY_S
    """How long a listener may sleep before it must look at everything afresh."""


@dataclass(frozen=True)
class CleanedUp:
    """What one round did."""

    expired: int
    """Entries that went to the bin because of their age."""
    warned: int
    """People whom the room in their inbox was looked after for."""
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
    db: Database, store: Store, keep: Retention, disk: Callable[[], int] | None = None
) -> CleanedUp:
    """One round of housekeeping, in the calling thread.

    `disk` returns the size of the disk in octets; by default the store's disk is asked.
    """
    now = db.box_time.now()
    size = disk() if disk is not None else disk_octets(store.directory)
    people = People(db, db.clock)
    limits = PersonLimits(people.templates, keep.delivery.limits)
    expired, longest = _expire(db, store, people, limits)
    warned = _warn(db, store, people, QuotaWarnings(store, limits, keep.delivery), limits)
    _repeat(db, lambda tx: store.adopt_bin(tx, keep.grace_s / 2))
    purged = _empty_bins(db, store, people, keep.grace_s)
    purged += _shrink_bin(db, store, int(size * keep.bin_share))
    came = _mark_of(db, now - UNSEALED_FOR_S)
    swept = _sweep(db, store, came.content)
    logged, changed = _mark_of(db, now - keep.history_s), _mark_of(db, now - keep.changes_s)
    forgotten = _repeat(
        db, lambda tx: store.audit_log.trim(tx, logged.audit, logged.missed_call, changed.change)
    )
    kept_s = max(keep.history_s, keep.changes_s, UNSEALED_FOR_S, longest * DAY_S)
    db.now(lambda tx: _write_mark(db, tx, now - kept_s))
    return CleanedUp(expired, warned, purged, swept, forgotten, shrink_file(db))


def _expire(db: Database, store: Store, people: People, limits: PersonLimits) -> tuple[int, int]:
    """Remove what is too old, of everybody; how many entries, and the longest limit in days."""
    expired, longest = 0, 0
    for person in people.all():
        held = limits.of(person)
        expired += expire(db, store, person, held, lambda box_s: _mark_of(db, box_s).content)
        longest = max(longest, longest_days(held))
    return expired, longest


def _warn(
    db: Database, store: Store, people: People, warnings: QuotaWarnings, limits: PersonLimits
) -> int:
    """Warn whose inbox is fuller than was said, and forget it where there is room again."""
    warned = dict(db.reader().execute("SELECT person, percent FROM warned").fetchall())
    looked = 0
    for person in people.all():
        used, voicemails = store.used(person.id), store.voicemails(person.id)
        if level(percent(limits.of(person), used, voicemails)) != warned.get(person.id, 0):
            db.now(lambda tx, person=person: warnings.look(tx, person))  # type: ignore[misc]
            looked += 1
    return looked


def _empty_bins(db: Database, store: Store, people: People, grace_s: float) -> int:
    """Purge what was removed longer ago than its owner's grace period; how many entries."""
    now = db.box_time.now()
    templates = people.templates.all()
    own = {one.id: one.grace_days * DAY_S for one in templates if one.grace_days is not None}
    if not own:
        return _repeat(db, lambda tx: store.empty_bin(tx, now - grace_s))
    purged = 0
    for person, template in people.with_bins():
        end = now - own.get(template or 0, grace_s)
        purged += _repeat(
            db,
            lambda tx, person=person, end=end: store.empty_bin(tx, end, person_id=person),  # type: ignore[misc]
        )
    return purged


def _write_mark(db: Database, tx: Tx, needed: float) -> None:
    """Note which rows there are at this box time, and save the box time.

    Marks go that a newer one makes needless at the box time `needed` and after it.
    """
    db.box_time.save(tx)
    tx.execute(
        "INSERT OR REPLACE INTO mark VALUES (?, (SELECT coalesce(max(id), 0) FROM audit),"
        " (SELECT coalesce(max(seq), 0) FROM change),"
        " (SELECT coalesce(max(id), 0) FROM missed_call),"
        " (SELECT coalesce(max(id), 0) FROM content))",
        (db.box_time.now(),),
    )
    tx.execute(
        "DELETE FROM mark WHERE box_s < (SELECT max(box_s) FROM mark WHERE box_s <= ?)", (needed,)
    )


@dataclass(frozen=True)
class _Mark:
    """The last rows that there were at some time; 0 where there was none."""

    audit: int = 0
    change: int = 0
    missed_call: int = 0
    content: int = 0


def _mark_of(db: Database, box_s: float) -> _Mark:
    """The newest mark that is not younger than a box time."""
    found = db.reader().execute(
        "SELECT audit, change, missed_call, content FROM mark WHERE box_s <= ?"
        " ORDER BY box_s DESC LIMIT 1",
        (box_s,),
    )
    return _Mark(*(found.fetchone() or ()))


def _repeat(db: Database, work: Callable[[Tx], int]) -> int:
    done = 0
    while some := db.now(work):
        done += some
    return done


def looked_through(db: Database) -> int:
    """Up to which number housekeeping has looked for content that nobody has got.

    Each round looks up to a mark UNSEALED_FOR_S old and writes one at its end. The last but one is
    older than the beginning of the last round, so that round has looked at least as far as this.
    """
    marks = db.reader().execute("SELECT box_s FROM mark ORDER BY box_s DESC LIMIT 2").fetchall()
    return _mark_of(db, marks[1][0] - UNSEALED_FOR_S).content if len(marks) == 2 else 0


def _sweep(db: Database, store: Store, last: int) -> int:
    """Delete content with numbers up to `last` that nobody has got; how many."""
    swept, after = 0, looked_through(db)
    while unused := store.contents.unused(after, last):
        db.now(lambda tx, unused=unused: store.contents.drop_unused(tx, unused))  # type: ignore[misc]
        swept, after = swept + len(unused), unused[-1]
    return swept


def _shrink_bin(db: Database, store: Store, most: int) -> int:
    """Purge the oldest, whatever their age, until all bins together fit into `most` octets."""
    purged = 0
    while (excess := store.bin_octets() - most) > 0:
        some = db.now(lambda tx, excess=excess: store.empty_bin(tx, math.inf, octets=excess))  # type: ignore[misc]
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
