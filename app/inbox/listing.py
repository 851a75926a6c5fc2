"""What a mail program's list of a person's messages needs, and what has changed since.

A listing of 10,000 messages by whole entries costs six times as much as by the columns below, and
most of the memory. `since` lets whoever keeps a list bring it up to date instead of reading it
again; it follows the log of changes, to which everything is written that moves an entry.
"""

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from app.inbox.entries import INBOX, Kind
from app.inbox.transcripts import TRANSCRIBED
from app.store.database import Database

_COLUMNS = "id, content, uidl, size, chunks, dotted"
_HERE = f"person = ? AND state IN ({', '.join('?' * len(INBOX))}) AND kind IN "
_LEAVES_IT = ("marked", "leaving", "purged", "queued", "retry", "finished", TRANSCRIBED)
"""Verbs of the log that change nothing of what an inbox lists."""


class Listed(NamedTuple):
    """One message of a list. Order of fields = order of columns read."""

    entry: int
    content: int
    uidl: str
    size: int
    """Octets with the entry's prefix, CRLF line ends included."""
    chunks: int
    dotted: int
    """Lines that begin with a dot."""


class Moved(NamedTuple):
    """An entry has moved: to whom (None: to or from anybody), and whether it is a new one."""

    person: int | None
    entry: int
    is_new: bool


class ListingReader:
    """Reads the lists of one store's inboxes."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def all(self, person: int, kinds: Sequence[Kind]) -> list[Listed]:
        """A person's messages of these kinds, in the order of delivery."""
        rows = self._db.reader().execute(
            f"SELECT {_COLUMNS} FROM entry WHERE {_HERE}({_marks(kinds)})",
            (person, *INBOX, *kinds),
        )
        return sorted(map(Listed._make, rows.fetchall()))

    def some(self, person: int, kinds: Sequence[Kind], entries: Iterable[int]) -> list[Listed]:
        """Those of them with these numbers."""
        rows = self._db.reader().execute(
            f"SELECT {_COLUMNS} FROM entry WHERE id IN (SELECT value FROM json_each(?))"
            f" AND {_HERE}({_marks(kinds)})",
            (json.dumps(list(entries)), person, *INBOX, *kinds),
        )
        return sorted(map(Listed._make, rows.fetchall()))

    def since(self, change: int, most: int) -> tuple[int, list[Moved] | None]:
        """The number of the last change, and what has moved after change number `change`.

        None instead if that were more than `most` changes, or some of them are forgotten already.
        """
        read = self._db.reader().execute
        last = read("SELECT coalesce(max(seq), 0) FROM change").fetchone()[0]
        if last == change:
            return last, []
        first = read("SELECT coalesce(min(seq), 0) FROM change").fetchone()[0]
        if first > change + 1 or not change < last <= change + most:
            return last, None
        rows = read(
            "SELECT person, entry, verb FROM change WHERE seq > ? AND seq <= ?"
            f" AND entry IS NOT NULL AND verb NOT IN ({_marks(_LEAVES_IT)})",
            (change, last, *_LEAVES_IT),
        ).fetchall()
        return last, [
            Moved(None if verb == "handed over" else person, entry, verb == "delivered")
            for person, entry, verb in rows
        ]


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
