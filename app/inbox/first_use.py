"""What an owner still has to do at the telephone before the box is theirs: one row for each step.

Who is added has all of it to do; whoever is given a PIN by somebody else is to choose an own one.
"""

from enum import StrEnum

from app.store.database import Database, Tx


class FirstStep(StrEnum):
    """A step, in the order in which they are done."""

    PIN = "pin"
    """Choose an own PIN."""
    NAME = "name"
    """Record the name; may be skipped."""
    GREETING = "greeting"
    """Record a greeting; may be skipped."""


class FirstUse:
    """The steps that are left, of the people of one store."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def left(self, person: int) -> tuple[FirstStep, ...]:
        """What this person (id) has still to do, in order."""
        rows = self._db.reader().execute("SELECT step FROM first_use WHERE person = ?", (person,))
        found = {step for (step,) in rows.fetchall()}
        return tuple(step for step in FirstStep if step.value in found)

    def ask_for(self, tx: Tx, person: int, *steps: FirstStep) -> None:
        """These steps are to be done at the next visit."""
        for step in steps:
            tx.execute("INSERT OR IGNORE INTO first_use VALUES (?, ?)", (person, step.value))

    def done(self, tx: Tx, person: int, *steps: FirstStep) -> None:
        """These steps are done, or skipped."""
        for step in steps:
            tx.execute("DELETE FROM first_use WHERE person = ? AND step = ?", (person, step.value))
