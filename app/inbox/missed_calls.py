"""Calls that left no message: for their owner, or for the administrator."""

from typing import cast

from app.core.clock import Clock
from app.inbox.audit import AuditEvent, AuditLog
from app.inbox.entries import Door, MissedCall
from app.store.database import Database, Tx

UNSEEN_MOST = 99
"""Missed calls that are counted as new at most, so that the count costs the same in every box."""
_COLUMNS = "id, at, person, caller_number, caller_name, line, reason"


class MissedCalls:
    """The missed calls of one store."""

    def __init__(self, db: Database, clock: Clock, audit_log: AuditLog) -> None:
        self._db = db
        self._clock = clock
        self._audit_log = audit_log

    def note(
        self,
        tx: Tx,
        person_id: int | None,
        *,
        line: str,
        caller_number: str | None = None,
        caller_name: str | None = None,
        reason: str,
    ) -> MissedCall:
        """Note a call that left no message, for its owner, or for the administrator (None).

        `line` is the jack it came in on, `reason` why there is no message. It is written to the
        history, too, and listeners are notified.
        """
        values = (self._clock.now(), person_id, caller_number, caller_name, line, reason)
        cursor = tx.execute(
            "INSERT INTO missed_call (at, person, caller_number, caller_name, line, reason)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            values,
        )
        call = MissedCall(cast(int, cursor.lastrowid), *values)
        event = AuditEvent(person_id, None, f"{call.caller}, {reason}")
        self._audit_log.write(tx, "missed call", "phone", line, [event])
        return call

    def all(self, person_id: int | None, since: float = 0.0) -> list[MissedCall]:
        """A person's missed calls from `since` (seconds since 1970) on, oldest first.

        None: those that were for nobody.
        """
        rows = self._db.reader().execute(
            f"SELECT {_COLUMNS} FROM missed_call WHERE person IS ? AND at >= ? ORDER BY id",
            (person_id, since),
        )
        return [MissedCall(*row) for row in rows.fetchall()]

    def latest(self, person_id: int, most: int) -> list[MissedCall]:
        """A person's latest missed calls, the latest one first."""
        rows = self._db.reader().execute(
            f"SELECT {_COLUMNS} FROM missed_call INDEXED BY missed_call_unseen"
            " WHERE person = ? ORDER BY id DESC LIMIT ?",
            (person_id, most),
        )
        return [MissedCall(*row) for row in rows.fetchall()]

    def unseen(self, person_id: int) -> int:
        """How many a person has missed and nobody has seen yet, up to UNSEEN_MOST."""
        row = self._db.reader().execute(
            "SELECT count(*) FROM (SELECT 1 FROM missed_call INDEXED BY missed_call_unseen"
            " WHERE person = :person AND id > (SELECT missed_seen FROM person WHERE id = :person)"
            " LIMIT :most)",
            {"person": person_id, "most": UNSEEN_MOST},
        )
        return int(row.fetchone()[0])

    def seen(self, tx: Tx, person_id: int, last: int, door: Door, by: str) -> bool:
        """A person's missed calls up to this one are seen; whether that changes anything.

        It is written to the history, and listeners are notified.
        """
        done = tx.execute(
            "UPDATE person SET missed_seen = ?2 WHERE id = ?1 AND missed_seen < ?2",
            (person_id, last),
        ).rowcount
        if done:
            self._audit_log.write(tx, "missed calls seen", door, by, [AuditEvent(person_id, None)])
        return bool(done)

    def counts(self, since: float = 0.0) -> dict[int | None, int]:
        """How many calls each person has missed from `since` on; None: those for nobody.

        Who has missed none is not in it.
        """
        rows = self._db.reader().execute(
            "SELECT person, count(*) FROM missed_call WHERE at >= ? GROUP BY +person", (since,)
        )
        return dict(rows.fetchall())
