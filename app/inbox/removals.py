"""Removals of so many entries that one transaction would keep others from writing too long.

It is one removal all the same: a small transaction notes all of it, in parts, and from then on it
is going to be done, whatever happens. The parts are done one by one, and between them others write;
what a crash leaves of them is done at the next start, before anybody can look.

    parts = await db.submit(lambda tx: removals.note(tx, entries, "pop3", "anna", "from …"))
    for part in parts:
        await db.submit(lambda tx: removals.do(tx, part))
"""

import json
from collections.abc import Iterator, Sequence
from typing import cast

from app.core.records import parse_json
from app.inbox.entries import Door
from app.inbox.store import Store
from app.store.database import Database, Tx

AT_ONCE = 250
"""Entries that are moved in one transaction: about 12 ms of a PC, 50 ms of the board."""


def parts(entries: Sequence[int]) -> Iterator[Sequence[int]]:
    """The entries, AT_ONCE at a time."""
    return (entries[at : at + AT_ONCE] for at in range(0, len(entries), AT_ONCE))


class Removals:
    """The large removals of one store."""

    def __init__(self, db: Database, store: Store) -> None:
        self._db = db
        self._store = store

    def note(
        self, tx: Tx, entries: Sequence[int], door: Door, by: str, detail: str = ""
    ) -> list[int]:
        """Decide on the removal of these entries; returns the numbers of its parts, for `do`.

        The rest as for Store.remove.
        """
        insert = "INSERT INTO removal (door, by, detail, entries) VALUES (?, ?, ?, ?)"
        return [
            cast(int, tx.execute(insert, (door, by, detail, json.dumps(some))).lastrowid)
            for some in parts(entries)
        ]

    def do(self, tx: Tx, part: int) -> int:
        """Do one part; returns how many entries moved to the bin, 0 if it was done before."""
        row = tx.execute(
            "DELETE FROM removal WHERE id = ? RETURNING entries, door, by, detail", (part,)
        ).fetchone()
        if row is None:
            return 0
        entries, door, by, detail = row
        return self._store.remove(tx, parse_json(entries), door, by, detail)

    def waiting(self) -> list[int]:
        """The numbers of the parts that are still to be done, in their order."""
        rows = self._db.reader().execute("SELECT id FROM removal ORDER BY id").fetchall()
        return [part for (part,) in rows]
