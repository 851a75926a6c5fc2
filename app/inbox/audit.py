"""Who did what, and what listeners have not seen yet: the audit and the change log.

Both are written in the transaction of what they describe, so they can neither lie nor be forgotten.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from app.core.clock import Clock
from app.inbox.entries import AuditRow, Change, Door
from app.store.database import Database, Tx


@dataclass(frozen=True)
class AuditEvent:
    """One line of the audit, still without its time: whose entry, and a detail in words."""

    person: int | None
    entry: int | None
    detail: str = ""


class AuditLog:
    """The two logs of one store."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def write(self, tx: Tx, verb: str, door: Door, by: str, events: Iterable[AuditEvent]) -> None:
        """Write events of one kind to both logs; `verb` says what happened, `by` who did it."""
        at = self._clock.now()
        rows = [(at, door, by, verb, event.person, event.entry, event.detail) for event in events]
        tx.executemany(
            "INSERT INTO audit (at, door, by, verb, person, entry, detail)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        tx.executemany(
            "INSERT INTO change (at, person, entry, verb) VALUES (?, ?, ?, ?)",
            [(at, person, entry, verb) for (_, _, _, _, person, entry, _) in rows],
        )
        tx.changed = tx.changed or bool(rows)

    def note(self, tx: Tx, verb: str, person: int | None, entry: int | None) -> None:
        """Wake listeners without a line in the audit: something moved, nothing was decided."""
        tx.execute(
            "INSERT INTO change (at, person, entry, verb) VALUES (?, ?, ?, ?)",
            (self._clock.now(), person, entry, verb),
        )
        tx.changed = True

    def history(self, person_id: int | None = None, entry: int | None = None) -> list[AuditRow]:
        """Audit rows of a person, of an entry, or all, oldest first."""
        wanted = {"person": person_id, "entry": entry}
        terms = [f"{column} = ?" for column, value in wanted.items() if value is not None]
        where = f" WHERE {' AND '.join(terms)}" if terms else ""
        rows = self._db.reader().execute(
            f"SELECT at, door, by, verb, entry, detail, person FROM audit{where} ORDER BY id",
            [value for value in wanted.values() if value is not None],
        )
        return [AuditRow(*row) for row in rows.fetchall()]

    def last_change(self) -> int:
        """The newest seq; 0 while nothing has ever changed."""
        row = self._db.reader().execute("SELECT max(seq) FROM change").fetchone()
        return int(row[0] or 0)

    def changes(self, after: int) -> list[Change]:
        """What happened after the seq a listener has seen, oldest first.

        A listener that has slept for longer than the log is kept gets what is left of it; it must
        compute its state afresh from the inbox anyway when it starts.
        """
        rows = self._db.reader().execute(
            "SELECT seq, person, entry, verb FROM change WHERE seq > ? ORDER BY seq", (after,)
        )
        return [Change(*row) for row in rows.fetchall()]

    def trim(self, tx: Tx, audit_before: float, changes_before: float) -> int:
        """Forget old rows; the newest change always stays, so that seq never goes back.

        Rows from before `audit_before` and `changes_before` go (seconds since 1970 UTC), missed
        calls with the history. Returns how many rows went.
        """
        gone = tx.execute("DELETE FROM audit WHERE at < ?", (audit_before,)).rowcount
        gone += tx.execute("DELETE FROM missed_call WHERE at < ?", (audit_before,)).rowcount
        gone += tx.execute(
            "DELETE FROM change WHERE at < ? AND seq < (SELECT max(seq) FROM change)",
            (changes_before,),
        ).rowcount
        return gone
