"""Faxes that people have mailed in and that are not sent yet, by box time.

The mail is an entry of its sender that is leaving (EntryState.LEAVING), as a forward's is; it goes
to the bin when its pages have arrived, and back into the inbox when they cannot be sent. A row
here lasts as long as its entry is leaving, which a trigger sees to.
"""

from dataclasses import dataclass

from app.store.database import Database, Tx

TRIES = 3
"""Calls that are made for one fax, at most."""


@dataclass(frozen=True, slots=True)
class FaxJob:
    """A fax that is to be sent. Order of fields = order of columns in the store."""

    entry: int
    """The mail."""
    number: str
    """As it is dialled on an outside line."""
    attempts: int
    """Calls that were made, or begun, for it."""
    next_box_s: float
    """When it is to be tried, by box time."""
    calling: bool
    """Whether a call for it is under way, or was when the phone service ended."""


class FaxQueue:
    """The part of the store that knows which mails are to be faxed."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, tx: Tx, entry: int, number: str) -> None:
        """Have an entry, which is leaving, faxed to this number as soon as a line is free."""
        now = self._db.box_time.now()
        tx.execute("INSERT INTO fax_job VALUES (?, ?, 0, ?, 0)", (entry, number, now))

    def waiting(self) -> int:
        """How many there are."""
        return int(self._db.reader().execute("SELECT count(*) FROM fax_job").fetchone()[0])

    def job(self, entry: int) -> FaxJob | None:
        """What is to be done with this entry."""
        return self._first("WHERE entry = ?", entry)

    def interrupted(self) -> FaxJob | None:
        """One for which a call was under way, for whoever knows that none is."""
        return self._first("WHERE calling")

    def due(self) -> FaxJob | None:
        """The one whose time has come first."""
        return self._first(
            "WHERE NOT calling AND next_box_s <= ? ORDER BY next_box_s, entry",
            self._db.box_time.now(),
        )

    def begin(self, tx: Tx, entry: int) -> int:
        """A call is made for it now; the how manieth."""
        row = tx.execute(
            "UPDATE fax_job SET calling = 1, attempts = attempts + 1 WHERE entry = ?"
            " RETURNING attempts",
            (entry,),
        ).fetchone()
        return 0 if row is None else int(row[0])

    def later(self, tx: Tx, entry: int, seconds: float, counts: bool = True) -> None:
        """Try it again after so long; not `counts`: no call was made after all."""
        tx.execute(
            "UPDATE fax_job SET calling = 0, next_box_s = ?, attempts = attempts - ?"
            " WHERE entry = ?",
            (self._db.box_time.now() + seconds, 0 if counts else 1, entry),
        )

    def _first(self, where: str, *values: object) -> FaxJob | None:
        row = self._db.reader().execute(
            f"SELECT entry, number, attempts, next_box_s, calling FROM fax_job {where} LIMIT 1",
            values,
        )
        found = row.fetchone()
        if found is None:
            return None
        entry, number, attempts, next_box_s, calling = found
        return FaxJob(entry, number, attempts, next_box_s, bool(calling))
