"""What is counted as entries move (triggers in app/store/schema.py), so that asking costs nothing.

`usage` and `kept` are what limits count, `held` is what is new and what the bin holds.
"""

from typing import cast

from app.store.database import Database


class Counts:
    """The counts of one store."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def unheard(self, person_id: int) -> tuple[int, int]:
        """(new voicemails, new e-mails) of a person."""
        row = self._db.reader().execute(
            "SELECT voicemails, emails FROM held WHERE person = ?", (person_id,)
        )
        return cast("tuple[int, int]", row.fetchone() or (0, 0))

    def unheard_by_handset(self) -> dict[str, int]:
        """How many unheard voicemails the owner of each handset has."""
        rows = self._db.reader().execute(
            "SELECT handset, coalesce(voicemails, 0) FROM person"
            " LEFT JOIN held ON held.person = person.id"
            " WHERE removed_at IS NULL AND handset > ''"
        )
        return dict(rows.fetchall())

    def voicemails(self, person_id: int) -> int:
        """How many voicemails are in a person's inbox, heard or not."""
        row = self._db.reader().execute(
            "SELECT voicemails FROM kept WHERE person = ?", (person_id,)
        )
        found = row.fetchone()
        return 0 if found is None else int(found[0])

    def used(self, person_id: int) -> int:
        """Octets in a person's inbox; neither the bin nor what is leaving counts."""
        row = self._db.reader().execute("SELECT octets FROM usage WHERE person = ?", (person_id,))
        found = row.fetchone()
        return 0 if found is None else int(found[0])

    def bin_octets(self) -> int:
        """Octets in all bins together."""
        row = self._db.reader().execute("SELECT coalesce(sum(bin_octets), 0) FROM held")
        return int(row.fetchone()[0])
