"""What a message is marked as besides heard and saved: urgent, or private."""

from app.inbox.audit import AuditEvent, AuditLog
from app.inbox.entries import Door
from app.store.database import Tx


def set_marks(
    tx: Tx, audit_log: AuditLog, entry: int, urgent: bool, private: bool, door: Door, by: str
) -> bool:
    """Mark an entry as urgent or not, private or not; whether that changes anything."""
    row = tx.execute(
        "UPDATE entry SET urgent = ?, private = ? WHERE id = ? AND (urgent <> ? OR private <> ?)"
        " RETURNING person",
        (urgent, private, entry, urgent, private),
    ).fetchone()
    if row is None:
        return False
    said = [word for word, holds in (("urgent", urgent), ("private", private)) if holds]
    detail = " and ".join(said) or "neither urgent nor private"
    audit_log.write(tx, "marked", door, by, [AuditEvent(row[0], entry, detail)])
    return True
