"""A check of the whole store in slices, beside whatever goes on.

A slice is one statement, and its read transaction ends with it, so that the WAL is copied and cut
as ever; after each slice the check may rest. The longest slices are the check of one table with its
indexes (entries, history) and of the octets of one message.

    tables    PRAGMA quick_check of each, but for those of octets; PRAGMA foreign_key_check
    counts    what triggers keep of each person and of the queue is counted again
    octets    every message is read: pages, pointers, length; a NUL in a mail is damage as well
    free list the pages that will be written next: every one is free by the pointer map, and once

What is found decides what may still be written, see condition.py. Octets of a page that changed and
still make sense are not noticed: SQLite keeps no checksum of pages.
"""

import contextlib
import sqlite3
import struct
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from app.core.clock import Clock
from app.store import counts
from app.store.change_over import repaired
from app.store.condition import Condition, Finding, StoreCondition
from app.store.errors import StoreFailed
from app.store.locks import FairLock
from app.store.pages import BadPage, PageFile, Use
from app.store.repair import only_one

OCTETS = "chunk"
"""The table of messages' octets, which is read message by message."""
FINDINGS = 20
"""Findings that are kept of one table."""
_CONTENT = """SELECT c.size, c.chunks, count(k.place), coalesce(sum(length(k.octets)), 0),
    coalesce(max(instr(k.octets, x'00')), 0)
    FROM content c LEFT JOIN chunk k ON k.place BETWEEN c.id << 20 AND (c.id << 20) + 1048575
    WHERE c.id = ? AND c.size IS NOT NULL GROUP BY c.id"""


def check(store: Path, clock: Clock, rest: Callable[[float], None]) -> Condition:
    """Check all of it, note what is found in the store's condition, and return that.

    `rest` is given the seconds that a slice took. Raises StoreFailed if the check itself cannot be
    done, which leaves the condition as it was.
    """
    condition = StoreCondition(store, clock)
    with only_one(store):
        if repaired(store).exists():
            return condition.damage()  # what is here is about to go
        condition.check_begins()
        try:
            findings = list(_findings(store, clock, rest))
        except (OSError, sqlite3.Error) as problem:
            condition.ask_for_check()
            raise StoreFailed(f"{store} could not be checked: {problem}") from problem
        condition.found(findings)
        checked(store).touch()
        return condition.damage()


def checked(store: Path) -> Path:
    """The file whose date tells when the store was checked last."""
    return store.with_name(store.name + ".checked")


def _findings(store: Path, clock: Clock, rest: Callable[[float], None]) -> Iterator[Finding]:
    looking = sqlite3.connect(f"{store.absolute().as_uri()}?mode=ro", uri=True, timeout=5.0)
    with closing(looking):
        slices = _slices(looking)
        while True:
            began = clock.monotonic()
            found = next(slices, None)
            if found is None:
                break
            yield from found
            rest(clock.monotonic() - began)
    yield from _free_list(store)


def _slices(looking: sqlite3.Connection) -> Iterator[list[Finding]]:
    """The findings of one slice after the other."""
    try:
        names = looking.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
    except sqlite3.DatabaseError as problem:
        yield [Finding(f"the list of tables cannot be read: {problem}")]
        return
    for (name,) in names:
        if name != OCTETS:
            yield list(_table(looking, name))
            yield list(_references(looking, name))
    yield from _counts(looking)
    yield from _contents(looking)


def _table(looking: sqlite3.Connection, name: str) -> Iterator[Finding]:
    try:
        rows = looking.execute(f"PRAGMA quick_check({name})").fetchmany(FINDINGS)
    except sqlite3.DatabaseError as problem:
        rows = [(str(problem),)]
    for (text,) in rows:
        if text != "ok":
            yield Finding(f"{name}: {text}")


def _references(looking: sqlite3.Connection, name: str) -> Iterator[Finding]:
    # A row that leads nowhere breaks no page: it is mended by a repair, and does not stop writing.
    with contextlib.suppress(sqlite3.DatabaseError):  # pages that cannot be read are found above
        rows = looking.execute(f"PRAGMA foreign_key_check({name})").fetchmany(FINDINGS)
        for table, row, parent, _ in rows:
            yield Finding(f"row {row} of {table} leads to no {parent}", stops_writing=False)


def _counts(looking: sqlite3.Connection) -> Iterator[list[Finding]]:
    """Counts that are wrong, person by person: they break no page, and a repair counts again."""
    yield _wrong(lambda: counts.wrong_of_queue(looking))
    number = _one(looking, "SELECT max(id) FROM person", ())
    while number:
        yield _wrong(lambda person=number: counts.wrong_of_person(looking, person))  # type: ignore[misc]
        number = _one(looking, "SELECT max(id) FROM person WHERE id < ?", (number,))


def _wrong(found: Callable[[], list[str]]) -> list[Finding]:
    with contextlib.suppress(sqlite3.DatabaseError):  # pages that cannot be read are found above
        return [Finding(text, stops_writing=False) for text in found()]
    return []


def _contents(looking: sqlite3.Connection) -> Iterator[list[Finding]]:
    """Each message that is there now; what comes meanwhile is for the next check."""
    number = _one(looking, "SELECT max(id) FROM content", ())
    while number:
        why = _content(looking, number)
        yield [Finding(f"message content {number}: {why}", number, False)] if why else []
        number = _one(looking, "SELECT max(id) FROM content WHERE id < ?", (number,))


def _one(looking: sqlite3.Connection, sql: str, arguments: tuple[int, ...]) -> int:
    """The number that a query gives; 0 if it gives none, or cannot be answered."""
    try:
        row = looking.execute(sql, arguments).fetchone()
    except sqlite3.DatabaseError:  # found by the check of the table
        return 0
    return int(row[0] or 0)


def _content(looking: sqlite3.Connection, number: int) -> str:
    """What is wrong with the octets of a content; "" if nothing is, or it is gone meanwhile."""
    try:
        row = looking.execute(_CONTENT, (number,)).fetchone()
    except sqlite3.DatabaseError as problem:
        return str(problem)
    if row is None:
        return ""
    size, chunks, found, octets, nul = row
    if (found, octets) != (chunks, size):
        return f"{octets} of {size} octets are there"
    return "octets that are no part of a mail" if nul else ""


def _free_list(store: Path) -> list[Finding]:
    """Whether every page that is to be written next is free, and only once."""
    found = _look_at_free_list(store)
    if not found:
        return []
    lock = FairLock(store)  # somebody may just have written: look again while nobody can
    with lock.hold():
        found = _look_at_free_list(store)
    lock.close()
    return found


def _look_at_free_list(store: Path) -> list[Finding]:
    with PageFile(store) as pages:
        try:
            trunk, told = struct.unpack_from(">II", pages.page(1), 32)
            seen: set[int] = set()
            while trunk:
                page = pages.page(trunk)
                trunk_was, (trunk, count) = trunk, struct.unpack_from(">II", page)
                leaves = struct.unpack_from(f">{min(count, 1022)}I", page, 8)
                for number in (trunk_was, *leaves):
                    if number in seen or pages.use(number)[0] is not Use.FREE:
                        return [Finding(f"page {number} is on the list of free pages, and used")]
                    seen.add(number)
        except BadPage as problem:
            return [Finding(f"the list of free pages cannot be read: {problem}")]
    if len(seen) != told:
        return [Finding(f"the list of free pages has {len(seen)} pages instead of {told}")]
    return []
