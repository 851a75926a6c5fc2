"""Calls that left no message: for their owner, or for the administrator."""

from typing import cast

from app.core.clock import Clock
from app.inbox.audit import AuditEvent, AuditLog
from app.inbox.entries import MissedCall
from app.store.database import Database, Tx


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
            "SELECT id, at, person, caller_number, caller_name, line, reason FROM missed_call"
            " WHERE person IS ? AND at >= ? ORDER BY id",
            (person_id, since),
        )
        return [MissedCall(*row) for row in rows.fetchall()]

    def counts(self, since: float = 0.0) -> dict[int | None, int]:
        """How many calls each person has missed from `since` on; None: those for nobody.

        Who has missed none is not in it.
        """
        rows = self._db.reader().execute(
            "SELECT person, count(*) FROM missed_call WHERE at >= ? GROUP BY +person", (since,)
        )
        return dict(rows.fetchall())
