"""What is true of a store whenever nothing is on its way, whatever has happened to it before.

check_store(paths.database)     while nobody writes; AssertionError names what is wrong
unheard(paths.database)         unheard voicemails by handset: what the lamps must show
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.store.locks import FileLock

LOCKS = (".next", ".write", ".ckpt")

NOBODY: dict[str, str] = {
    "broken references": "PRAGMA foreign_key_check",
    "content that never arrived whole": "SELECT id FROM content WHERE size IS NULL",
    "content that no entry and no queued mail needs": "SELECT id FROM content WHERE"
    " id NOT IN (SELECT content FROM entry) AND id NOT IN (SELECT content FROM queue)",
    "chunks without content": "SELECT place FROM chunk WHERE place >> 20 NOT IN"
    " (SELECT id FROM content)",
    "content whose chunks are not its size": "SELECT id, size, chunks FROM content WHERE"
    " (chunks, size) <> (SELECT count(*), coalesce(sum(length(octets)), 0) FROM chunk"
    " WHERE place BETWEEN content.id << 20 AND (content.id << 20) + 1048575)",
    "entries of another size than their content": "SELECT entry.id FROM entry JOIN content"
    " ON content.id = content WHERE entry.size <> content.size + length(prefix)"
    " OR entry.chunks <> content.chunks",
    "samples without a recording": "SELECT place FROM sample WHERE place >> 20 NOT IN"
    " (SELECT id FROM recording)",
    "a wrong sum of octets": "SELECT person FROM usage WHERE octets <> (SELECT"
    " coalesce(sum(size), 0) FROM entry WHERE entry.person = usage.person"
    " AND state IN ('new', 'heard'))",
    "people without a sum of octets": "SELECT id FROM person WHERE removed_at IS NULL AND"
    " id NOT IN (SELECT person FROM usage)",
    "a wrong count of what is new or in the bin": "SELECT person.id FROM person LEFT JOIN held"
    " ON held.person = person.id WHERE (coalesce(voicemails, 0), coalesce(emails, 0),"
    " coalesce(bin_octets, 0)) <> (SELECT coalesce(sum(state = 'new' AND kind = 'voicemail'), 0),"
    " coalesce(sum(state = 'new' AND kind = 'email'), 0),"
    " coalesce(sum(iif(state = 'bin', size, 0)), 0) FROM entry WHERE entry.person = person.id)",
    "two messages of one name": "SELECT person, uidl FROM entry GROUP BY person, uidl"
    " HAVING count(*) > 1",
    "entries on their way out that nothing sends": "SELECT id FROM entry WHERE state = 'leaving'"
    " AND id NOT IN (SELECT entry FROM queue WHERE entry IS NOT NULL AND state = 'waiting')"
    " AND id NOT IN (SELECT entry FROM fax_job)",
    "faxes without their mail": "SELECT entry FROM fax_job WHERE entry NOT IN"
    " (SELECT id FROM entry WHERE state = 'leaving')",
}
"""What a query that must find nothing would find."""

_UNHEARD = (
    "SELECT handset, count(entry.id) FROM person LEFT JOIN entry ON entry.person = person.id"
    " AND entry.kind = 'voicemail' AND entry.state = 'new'"
    " WHERE person.removed_at IS NULL AND handset IS NOT NULL GROUP BY handset"
)


@contextmanager
def _reading(database: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        yield connection
    finally:
        connection.close()


def check_store(database: Path, locks: bool = True) -> None:
    """SQLite finds no fault, nothing lies in it that nobody can reach, and its locks are free.

    `locks` False: somebody may be writing meanwhile, and only the locks are left out.
    """
    with _reading(database) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        for what, query in NOBODY.items():
            found = connection.execute(query).fetchall()
            assert found == [], f"{what}: {found[:5]}"
    if locks:
        check_locks(database)


def check_locks(database: Path) -> None:
    """Whoever wants to write, or to checkpoint, can."""
    for suffix in LOCKS:
        lock = FileLock(database.with_name(database.name + suffix))
        try:
            assert lock.try_acquire(), f"the lock {suffix} is held by nobody who works"
        finally:
            lock.close()


def unheard(database: Path) -> dict[str, int]:
    """Unheard voicemails by handset, those with none left out."""
    with _reading(database) as connection:
        return {handset: count for handset, count in connection.execute(_UNHEARD) if count}
