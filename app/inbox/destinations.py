"""Where queued mail goes: whose turn it is, and what is down and left alone for a while.

A destination is the domain behind the last "@" of a recipient. Its row exists while mail waits for
it (triggers in app/store/schema.py see to that and count), and says when to look at it again:

    failures = 0    when the first of its mails is due; after each of its turns at the end of the
                    line, so that one destination with much mail does not hold up the others
    failures > 0    it could not be reached so many times in a row: none of its mails is read, let
                    alone tried, before that time, and one alone is tried then

What stands in for all of them, a smarthost, has the name WHOLE and a row only while it is down.
What leaves by a person's own account is counted under "@" and the person's id: that no smarthost
stands in for.
So whatever lies in the queue, finding what to do next reads a few rows. Times are box time.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from app.store.database import Database, Tx

WHOLE = ""
"""The destination of everything: the smarthost."""
PERSONAL = "@"
"""What the names of destinations begin with that are people's own accounts."""
_PERSONAL = "name >= '@' AND name < 'A'"


def person_of(name: str) -> int | None:
    """The id of the person by whose own account the mail for a destination leaves, if it does."""
    return int(name[1:]) if name.startswith(PERSONAL) else None


@dataclass(frozen=True)
class Destination:
    """Where some queued mail goes."""

    name: str
    """A domain in small letters, or WHOLE."""
    failures: int
    """How often in a row it could not be reached."""
    waiting: int
    """How many recipients wait for it; of WHOLE, how many wait at all."""
    next_box_s: float
    """When to look at it again; box time."""
    reply: str
    """Why it could not be reached; "" if it could."""


_SELECT = (
    "SELECT name, failures, CASE name WHEN '' THEN (SELECT waiting FROM queue_count)"
    " ELSE waiting END, next_box_s, reply FROM destination"
)


class Destinations:
    """The destinations of one store's queue."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def due(self, limit: int) -> list[Destination]:
        """Those to look at now, longest due first: `limit` that are up, then `limit` that were not.

        Only people's own accounts while what stands for all others is down.
        """
        now = self._db.box_time.now()
        whole = self.get(WHOLE)
        if whole is not None and whole.next_box_s > now:
            terms = f"WHERE {_PERSONAL} AND next_box_s <= ? ORDER BY next_box_s LIMIT ?"
            return self._select(terms, now, limit)
        found: list[Destination] = []
        for state in ("failures = 0", "failures > 0"):
            found += self._select(
                f"WHERE {state} AND name <> '' AND next_box_s <= ? ORDER BY next_box_s LIMIT ?",
                now,
                limit,
            )
        return found

    def next_due(self) -> float | None:
        """When the next one is due; None if nothing waits."""
        first = [
            self._first(f"{state} AND name <> ''") for state in ("failures = 0", "failures > 0")
        ]
        firsts = [at for at in first if at is not None]
        if not firsts:
            return None
        whole = self.get(WHOLE)
        if whole is None:
            return min(firsts)
        personal = self._first(_PERSONAL)
        held = max(min(firsts), whole.next_box_s)
        return held if personal is None else min(held, personal)

    def _first(self, terms: str) -> float | None:
        found = self._select(f"WHERE {terms} ORDER BY next_box_s LIMIT 1")
        return found[0].next_box_s if found else None

    def down(self, limit: int) -> list[Destination]:
        """Those that could not be reached, the one to be tried next first; `limit` at most."""
        return self._select("WHERE failures > 0 ORDER BY next_box_s LIMIT ?", limit)

    def get(self, name: str) -> Destination | None:
        """One of them; None if nothing waits for it, or if WHOLE is not down."""
        return next(iter(self._select("WHERE name = ?", name)), None)

    def _select(self, terms: str, *values: object) -> list[Destination]:
        rows = self._db.reader().execute(f"{_SELECT} {terms}", values).fetchall()
        return [Destination(*row) for row in rows]

    # ---- writing

    def failed(self, tx: Tx, name: str, failures: int, reply: str, next_box_s: float) -> None:
        """Note that one could not be reached, `reply` says why; try it again at a box time.

        `failures` is how many there had been when that try began: of several tries at the same time
        one counts.
        """
        if name == WHOLE:
            tx.execute("INSERT OR IGNORE INTO destination (name, next_box_s) VALUES ('', 0)")
        tx.execute(
            "UPDATE destination SET failures = failures + 1, reply = ?, next_box_s = ?"
            " WHERE name = ? AND failures = ?",
            (reply, next_box_s, name, failures),
        )

    def answered(self, tx: Tx, name: str) -> None:
        """Note that one could be reached: its mails go as they are due."""
        if name == WHOLE:
            tx.execute("DELETE FROM destination WHERE name = ''")
            return
        done = tx.execute(
            "UPDATE destination SET failures = 0, reply = '' WHERE name = ? AND failures > 0",
            (name,),
        )
        if done.rowcount:
            self.reschedule(tx, [name])

    def reschedule(self, tx: Tx, names: Iterable[str]) -> None:
        """Look at these again when the first of their mails is due, after all that are due now."""
        now = self._db.box_time.now()
        for name in dict.fromkeys(names):
            tx.execute(
                "UPDATE destination SET next_box_s = max(?, coalesce((SELECT min(next_box_s)"
                " FROM queue WHERE state = 'waiting' AND way = name), 0))"
                " WHERE name = ? AND failures = 0",
                (now, name),
            )

    def put_right(self, tx: Tx, name: str) -> None:
        """Count again what waits for one that was due while nothing was due there."""
        waiting = "(SELECT count(*) FROM queue WHERE state = 'waiting' AND way = ?1)"
        tx.execute(f"UPDATE destination SET waiting = {waiting} WHERE name = ?1", (name,))
        tx.execute("DELETE FROM destination WHERE name = ? AND waiting = 0", (name,))
        self.reschedule(tx, [name])

    def hurry(self, tx: Tx, name: str) -> None:
        """Look at one now, though it may have been down."""
        tx.execute(
            "UPDATE destination SET next_box_s = min(next_box_s, ?) WHERE name IN (?, '')",
            (self._db.box_time.now(), name),
        )

    def begin(self, tx: Tx, by_smarthost: bool) -> None:
        """Forget what was down by the other way out; call it when the way out is known."""
        if by_smarthost:
            tx.execute(
                "UPDATE destination SET failures = 0, reply = '', next_box_s = 0"
                f" WHERE failures > 0 AND name <> '' AND NOT ({_PERSONAL})"
            )
        else:
            tx.execute("DELETE FROM destination WHERE name = ''")
