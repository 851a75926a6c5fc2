"""Whom a change of people concerns: numbers that only grow, for whoever keeps a copy of them."""

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from app.store.database import Database, ReadCursor

T = TypeVar("T")

MOST = 500
"""Values that a Remembered keeps at most; then it begins anew."""


class PeopleChanges:
    """What app/store/people_tables.py notes in one store."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._local = threading.local()

    def last(self) -> int:
        """The number of the last change; one step, whatever there is."""
        reader, cursor = self._db.reader(), getattr(self._local, "cursor", None)
        if cursor is None or cursor.connection is not reader:  # the store was opened anew
            # asked several times for every mail: a cursor is kept
            cursor = self._local.cursor = reader.cursor(ReadCursor)
        row = cursor.execute("SELECT max(seq) FROM person_change").fetchone()
        return int(row[0] or 0)

    def since(self, number: int) -> list[int]:
        """The ids of those who have changed after this number; 0 for aliases and templates."""
        rows = self._db.reader().execute(
            "SELECT person FROM person_change WHERE seq > ?", (number,)
        )
        return [person for (person,) in rows.fetchall()]


class Remembered(Generic[T]):
    """What was read of people, until the next change of any of them; from any thread."""

    def __init__(self, changes: PeopleChanges) -> None:
        self._changes = changes
        self._known: dict[Hashable, tuple[int, T]] = {}

    def get(
        self, key: Hashable, read: Callable[[], T], keeps: Callable[[T], bool] = lambda _: True
    ) -> T:
        """What is kept under this key, else what `read` gives; errors are not kept.

        `keeps` says whether it is small enough to be kept.
        """
        number = self._changes.last()  # before it is read: what is kept is never older than that
        kept = self._known.get(key)
        if kept is not None and kept[0] == number:
            return kept[1]
        found = read()
        if keeps(found):
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[key] = number, found
        return found
