"""Messages that somebody is being told of: one row each, begun by triggers.

app/store/notify_tables.py has the triggers. What a look costs does not depend on how many messages
there are: the row that is due first is found by an index.
"""

from collections.abc import Sequence
from typing import Any

from app.inbox.notification_rules import Run, Step
from app.store.database import Database, Tx

_RUN = "minute, level, done, held, call, due_box_s"


class Runs:
    """The runs of one store."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def next_look(self) -> float | None:
        """Box time at which the first of them wants to be looked at; None: there is none."""
        row = self._db.reader().execute("SELECT min(look_box_s) FROM notification_run").fetchone()
        return None if row[0] is None else float(row[0])

    def due(self, tx: Tx, box_s: float) -> tuple[int, int, Run] | None:
        """The run (entry, person, how far it has come) that has been due for longest, if any is."""
        row = tx.execute(
            f"SELECT entry, person, {_RUN} FROM notification_run"
            " WHERE look_box_s <= ? ORDER BY look_box_s, entry LIMIT 1",
            (box_s,),
        ).fetchone()
        return None if row is None else (row[0], row[1], _run(row[2:]))

    def of_call(self, tx: Tx, call: int) -> tuple[int, int, Run] | None:
        """The run that waits for this call to end, in the same form; None: none does."""
        row = tx.execute(
            f"SELECT entry, person, {_RUN} FROM notification_run WHERE call = ? AND call > 0",
            (call,),
        ).fetchone()
        return None if row is None else (row[0], row[1], _run(row[2:]))

    def is_called(self, tx: Tx, person: int) -> bool:
        """Whether a call to this person is under way."""
        return bool(
            tx.execute(
                "SELECT 1 FROM notification_run WHERE call > 0 AND person = ?", (person,)
            ).fetchone()
        )

    def calling(self) -> list[tuple[int, int, int, Run]]:
        """The calls under way: number, entry, person and run."""
        rows = self._db.reader().execute(
            f"SELECT call, entry, person, {_RUN} FROM notification_run WHERE call > 0 ORDER BY call"
        )
        return [(row[0], row[1], row[2], _run(row[3:])) for row in rows.fetchall()]

    def save(self, tx: Tx, entry: int, run: Run, look: float | None = None) -> None:
        """Keep how far it has come; it is looked at again at `look` (box time; None: when due)."""
        looked = run.due if look is None else look
        tx.execute(
            "UPDATE notification_run SET minute = ?, level = ?, done = ?, held = ?, call = ?,"
            " due_box_s = ?, look_box_s = ? WHERE entry = ?",
            (
                run.last.minute,
                run.last.level,
                run.done,
                run.held,
                run.call,
                run.due,
                looked or 0.0,
                entry,
            ),
        )

    def end(self, tx: Tx, entries: Sequence[int]) -> None:
        """Nobody is told of these entries any more."""
        tx.executemany("DELETE FROM notification_run WHERE entry = ?", [(one,) for one in entries])


def _run(row: Sequence[Any]) -> Run:
    minute, level, done, held, call, due = row
    return Run(Step(minute, level), done, bool(held), call, due)
