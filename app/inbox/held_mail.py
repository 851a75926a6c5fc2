"""Mail that came back with a backup: held, since it may have been sent after the backup was made.

A held row is not tried, has no age and does not count as waiting. Released, it waits as if it had
been queued just now; removed, it goes back to whoever answers for it, as a refused one does.
"""

from app.inbox.audit import AuditEvent, AuditLog
from app.inbox.entries import Door
from app.store.database import Database, Tx


class HeldMail:
    """The held rows of one store's queue."""

    def __init__(self, db: Database, audit_log: AuditLog) -> None:
        self._db = db
        self._audit_log = audit_log

    def count(self) -> int:
        """How many recipients' mail is held."""
        row = self._db.reader().execute("SELECT count(*) FROM queue WHERE state = 'held'")
        return int(row.fetchone()[0])

    def ids(self) -> list[int]:
        """The held rows, oldest first."""
        rows = self._db.reader().execute("SELECT id FROM queue WHERE state = 'held' ORDER BY id")
        return [row for (row,) in rows.fetchall()]

    def hold_all(self, tx: Tx) -> int:
        """Hold everything that waits; how many rows."""
        return tx.execute("UPDATE queue SET state = 'held' WHERE state = 'waiting'").rowcount

    def release(self, tx: Tx, row_ids: list[int], by: str, door: Door = "admin") -> int:
        """Let held rows wait to be sent, due at once; how many there were of these."""
        now = self._db.box_time.now()
        released = 0
        for row in row_ids:
            found = tx.execute(
                "UPDATE queue SET state = 'waiting', created_box_s = ?, next_box_s = ?,"
                " attempts = 0 WHERE id = ? AND state = 'held' RETURNING owner, entry, recipient",
                (now, now, row),
            ).fetchall()
            events = [AuditEvent(owner, entry, f"to {to}") for owner, entry, to in found]
            self._audit_log.write(tx, "released", door, by, events)
            released += len(found)
        return released
