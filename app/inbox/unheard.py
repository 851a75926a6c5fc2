"""Voicemail that nobody has heard: urgent messages first, then the others, each by number.

That order is what telephone and pages show; an index has it, so that a page of it costs the same
however many there are.
"""

from app.inbox.entries import ENTRY_COLUMNS, Entry, entry_of
from app.store.database import Database


class Unheard:
    """The unheard voicemails of one store."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def beyond(
        self, person_id: int, urgent: bool, beyond: int, most: int, downwards: bool = False
    ) -> list[Entry]:
        """A person's first `most` urgent ones, or others, with numbers above `beyond`, upwards.

        Or those below it, downwards.
        """
        way, order = ("<", "DESC") if downwards else (">", "ASC")
        rows = self._db.reader().execute(
            f"SELECT {ENTRY_COLUMNS} FROM entry INDEXED BY entry_unheard WHERE kind = 'voicemail'"
            f" AND state = 'new' AND person = ? AND urgent = ? AND id {way} ? ORDER BY id {order}"
            " LIMIT ?",
            (person_id, urgent, beyond, most),
        )
        return list(map(entry_of, rows.fetchall()))
