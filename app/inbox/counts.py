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
        """How many unheard voicemails wait for the owner of each handset.

        Those in their own mailbox and in those they are a member of (shared.py), without what
        somebody else has taken.
        """
        return dict(self._db.reader().execute(_BY_HANDSET).fetchall())

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


_BY_HANDSET = """
    WITH listens (person, box) AS (
        SELECT id, id FROM person
        UNION ALL SELECT member, mailbox_member.mailbox FROM mailbox_member
            JOIN person ON person.id = mailbox_member.mailbox AND removed_at IS NULL)
    SELECT handset, sum(coalesce(held.voicemails, 0) - (
        SELECT count(*) FROM entry_claim INDEXED BY entry_claim_open
        WHERE open AND entry_claim.mailbox = listens.box
            AND entry_claim.person <> listens.person))
    FROM person JOIN listens ON listens.person = person.id
    LEFT JOIN held ON held.person = listens.box
    WHERE removed_at IS NULL AND handset > ''
    GROUP BY handset"""
