"""What is counted as entries move (triggers in app/store/schema.py), so that asking costs nothing.

`usage` and `kept` are what limits count, `held` is what is new and what the bin holds.
"""

import json
from collections.abc import Iterable
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

    def unheard_by_handset(self, boxes: Iterable[int] | None = None) -> dict[str, int]:
        """How much waits for the owner of each handset: unheard voicemails, and missed calls.

        With `boxes` (ids of people), only the handsets of those who listen to one of these.

        Those in their own mailbox and in those they are a member of (shared.py), without what
        somebody else has taken. Missed calls of a mailbox that nobody has seen count as one, where
        its owner wants a lamp for them.
        """
        read = self._db.reader().execute
        if boxes is None:
            return dict(read(_BY_HANDSET.format(people="person")).fetchall())
        return dict(read(_BY_HANDSET.format(people=_LISTENERS), {"boxes": json.dumps([*boxes])}))

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

    def used_by_all(self) -> dict[int, int]:
        """The same by the id of everybody who has anything."""
        return dict(self._db.reader().execute("SELECT person, octets FROM usage").fetchall())

    def bin_octets(self) -> int:
        """Octets in all bins together."""
        row = self._db.reader().execute("SELECT coalesce(sum(bin_octets), 0) FROM held")
        return int(row.fetchone()[0])


_LISTENERS = """(SELECT value AS one FROM json_each(:boxes)
            UNION SELECT member FROM mailbox_member JOIN json_each(:boxes) ON mailbox = value)
            CROSS JOIN person ON person.id = one"""
# The people with a handset are looked up by it, so that those without cost nothing.
_BY_HANDSET = """
    WITH listens (handset, person, box) AS (
        SELECT handset, id, id FROM {people} WHERE removed_at IS NULL AND handset > ''
        UNION ALL SELECT person.handset, member, mailbox_member.mailbox FROM {people}
            JOIN mailbox_member ON member = person.id
            JOIN person AS owner ON owner.id = mailbox_member.mailbox AND owner.removed_at IS NULL
            WHERE person.removed_at IS NULL AND person.handset > '')
    SELECT handset, sum(coalesce(held.voicemails, 0) - (
        SELECT count(*) FROM entry_claim INDEXED BY entry_claim_open
        WHERE open AND entry_claim.mailbox = listens.box
            AND entry_claim.person <> listens.person)
        + (SELECT missed_lamp AND EXISTS (
            SELECT 1 FROM missed_call INDEXED BY missed_call_unseen
            WHERE missed_call.person = person.id AND missed_call.id > missed_seen)
            FROM person WHERE person.id = listens.box))
    FROM listens LEFT JOIN held ON held.person = listens.box
    GROUP BY handset"""
