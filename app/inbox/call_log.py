"""Calls that have ended: a row each, the newest KEPT of them."""

from typing import cast

from app.core.clock import Clock
from app.inbox.entries import CallLine
from app.store.database import Database, Tx

KEPT = 5_000
"""Number of calls that are remembered."""
_COLUMNS = (
    "id, at, line, caller_number, caller_name, reached, outcome, waited_s, talked_s, trunk, way"
)


class CallLog:
    """The calls of one store."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def note(
        self,
        tx: Tx,
        line: str,
        caller_number: str | None,
        caller_name: str | None,
        to: str,
        outcome: str,
        waited_s: int,
        talked_s: int,
        trunk: str = "",
        way: str = "",
    ) -> int:
        """Note a call that has just ended; see CallLine. The oldest goes. Gives its number."""
        at = self._clock.now()
        row = at, line, caller_number, caller_name, to, outcome, waited_s, talked_s, trunk, way
        cursor = tx.execute(
            "INSERT INTO call (at, line, caller_number, caller_name, reached, outcome, waited_s,"
            " talked_s, trunk, way) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        )
        number = cast(int, cursor.lastrowid)
        tx.execute("DELETE FROM call WHERE id <= ?", (number - KEPT,))
        return number

    def newest(self, limit: int, before: int | None = None) -> list[CallLine]:
        """The newest `limit` calls, newest first; `before`: of those with smaller numbers."""
        rows = self._db.reader().execute(
            f"SELECT {_COLUMNS} FROM call WHERE id < ? ORDER BY id DESC LIMIT ?",
            (before if before is not None else 1 << 62, limit),
        )
        return [CallLine(*row) for row in rows.fetchall()]
