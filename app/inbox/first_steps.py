"""Which steps of setting up a new box are done; "dismissed" is one, after which none is shown."""

from app.core.clock import Clock
from app.store.database import Database, Tx


class FirstSteps:
    """The steps of one store."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def done(self) -> frozenset[str]:
        """The names of those that are done."""
        rows = self._db.reader().execute("SELECT name FROM first_step")
        return frozenset(name for (name,) in rows.fetchall())

    def note(self, tx: Tx, name: str, by: str) -> None:
        """One is done."""
        row = name, self._clock.now(), by
        tx.execute("INSERT OR REPLACE INTO first_step (name, at, by) VALUES (?, ?, ?)", row)

    def begin_again(self, tx: Tx) -> None:
        """None is done."""
        tx.execute("DELETE FROM first_step")
