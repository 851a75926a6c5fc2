"""A fresh store of all that can be read of a damaged one. UIDLs stay; what is lost is said.

The damaged store is only read, and stays in use meanwhile: mail can be fetched, nothing is written
(its condition says so). change_over.py puts the fresh one in its place.
"""

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.core.clock import Clock
from app.core.files import sync_folder
from app.store.change_over import kept, repaired, report_of, salvaged
from app.store.condition import StoreCondition
from app.store.errors import StoreFailed
from app.store.locks import FairLock, FileLock
from app.store.mending import Mending
from app.store.pages import PageFile
from app.store.salvage import Salvage
from app.store.schema import migrate, prepare

log = logging.getLogger(__name__)

SPARE = 64 << 20
"""Octets of the disk that a repair leaves free."""


@dataclass(frozen=True)
class Lost:
    """Something that could not be kept as it was."""

    login: str
    """Whose it was; "" if nobody's or nobody knows."""
    what: str


@dataclass(frozen=True)
class RepairReport:
    """What a repair has kept, and what it has not."""

    people: int
    """Number of people."""
    messages: int
    """Number of messages."""
    rows: int
    """All rows that were brought over, of whatever table."""
    losses: tuple[Lost, ...]

    @property
    def text(self) -> str:
        """The report for the owner: what is kept, then person by person what is not."""
        lines = [f"kept: {self.people} people, {self.messages} messages, {self.rows} rows in all"]
        for login in sorted({loss.login for loss in self.losses}):
            lines.append(f"{login or 'nobody in particular'}:")
            lines += [f"  lost: {loss.what}" for loss in self.losses if loss.login == login]
        if not self.losses:
            lines.append("lost: nothing")
        return "\n".join(lines) + "\n"


@contextmanager
def only_one(store: Path) -> Iterator[None]:
    """Keep out every other repair or check of this store; waits for one that is under way."""
    lock = FileLock(store.with_name(store.name + ".repair"))
    lock.acquire()
    try:
        yield
    finally:
        lock.close()


def salvage(store: Path, clock: Clock) -> RepairReport:
    """Make the repaired store beside the damaged one; the caller is `only_one`.

    Raises StoreFailed if there is no room for it, or if it does not come out whole.
    """
    _demand_room(store)
    checkpoints = FileLock(store.with_name(store.name + ".ckpt"))
    checkpoints.acquire()  # the WAL stays as it is while it is read
    try:
        _stop_writing(store, clock)
        fresh = salvaged(store)
        _remove(fresh)
        report = _fill(store, fresh, clock.now())
        _like(store, fresh)
        report_of(kept(store)).write_text(report.text)
        salvaged(store).replace(repaired(store))
        sync_folder(store.parent)
    except (OSError, sqlite3.Error) as problem:
        _remove(salvaged(store))
        raise StoreFailed(f"the repair of {store} has failed: {problem}") from problem
    finally:
        checkpoints.close()
    return report


def _demand_room(store: Path) -> None:
    wal = store.with_name(store.name + "-wal")
    octets = sum(path.stat().st_size for path in (store, wal) if path.exists())
    from shutil import disk_usage  # it loads what unpacks archives

    free = disk_usage(store.parent).free + _size(salvaged(store))
    if free < octets + SPARE:
        raise StoreFailed(
            f"the repair needs {(octets + SPARE) // 1_000_000} MB beside the damaged store, and"
            f" {free // 1_000_000} MB are free. Empty the bin or delete what else takes room on"
            f" this disk, such as {store.name}.damaged-… of an earlier repair, and try again"
        )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _stop_writing(store: Path, clock: Clock) -> None:
    """From here on nobody writes; whoever is writing now is waited for."""
    StoreCondition(store, clock).note("a repair is under way, or was cut off")
    lock = FairLock(store)
    with lock.hold():
        pass
    lock.close()


def _fill(store: Path, fresh: Path, now: float) -> RepairReport:
    target = sqlite3.connect(fresh, isolation_level=None)
    with closing(target), PageFile(store) as old:
        prepare(target)
        migrate(target, fresh)
        for pragma in ("journal_mode = DELETE", "journal_mode = OFF", "synchronous = OFF"):
            target.execute(f"PRAGMA {pragma}").fetchall()
        triggers = target.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        for name, _ in triggers:
            target.execute(f"DROP TRIGGER {name}")
        target.execute("BEGIN")
        rows = Salvage(old, target)
        rows.copy_tables()
        Mending(target, rows, now).mend()
        report = _report(target, rows)
        target.execute(
            "INSERT INTO audit (at, door, by, verb, detail)"
            " VALUES (?, 'repair', '', 'repaired', ?)",
            (now, f"{report.messages} messages kept, {len(report.losses)} losses"),
        )
        target.execute("COMMIT")
        for _, sql in triggers:
            target.execute(sql)
        target.execute("PRAGMA journal_mode = WAL").fetchone()
        _verify(target)
    return report


def _report(target: sqlite3.Connection, rows: Salvage) -> RepairReport:
    logins = dict(target.execute("SELECT id, login FROM person").fetchall())
    people = target.execute("SELECT count(*) FROM person WHERE removed_at IS NULL").fetchone()[0]
    messages = target.execute("SELECT count(*) FROM entry").fetchone()[0]
    losses = []
    for loss in rows.found.losses:
        number = f"message {loss.entry}: " if loss.entry is not None else ""
        losses.append(Lost(logins.get(loss.person, ""), number + loss.what))
    return RepairReport(people, messages, sum(rows.found.rows.values()), tuple(losses))


def _verify(target: sqlite3.Connection) -> None:
    """Raise StoreFailed unless the fresh store is whole."""
    found = [row[0] for row in target.execute("PRAGMA integrity_check(10)")]
    found += [
        f"a row of {row[0]} leads nowhere" for row in target.execute("PRAGMA foreign_key_check")
    ]
    if found != ["ok"]:
        raise StoreFailed(f"the repaired store is not whole: {'; '.join(map(str, found))}")


def _like(store: Path, fresh: Path) -> None:
    """Give the fresh store the owner and rights of the old one, and wait for the disk."""
    was = store.stat()
    now = fresh.stat()
    if (was.st_uid, was.st_gid) != (now.st_uid, now.st_gid):
        os.chown(fresh, was.st_uid, was.st_gid)
    fresh.chmod(was.st_mode & 0o7777)
    fd = os.open(fresh, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _remove(fresh: Path) -> None:
    for end in ("", "-wal", "-shm", "-journal"):
        fresh.with_name(fresh.name + end).unlink(missing_ok=True)
