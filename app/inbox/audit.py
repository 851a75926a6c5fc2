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
    uidl: str | None = None
    """Of an entry that is new: known here as well, should its own row be lost (app/store)."""
    message_id: str = ""
    """Of an entry that is new: by which it is found."""


class AuditLog:
    """The two logs of one store."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def write(self, tx: Tx, verb: str, door: Door, by: str, events: Iterable[AuditEvent]) -> None:
        """Write events of one kind to both logs; `verb` says what happened, `by` who did it."""
        at = self._clock.now()
        rows = [
            (at, door, by, verb, x.person, x.entry, x.detail, x.uidl, x.message_id or None)
            for x in events
        ]
        tx.executemany(
            "INSERT INTO audit (at, door, by, verb, person, entry, detail, uidl, message_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        tx.executemany(
            "INSERT INTO change (at, person, entry, verb) VALUES (?, ?, ?, ?)",
            [(at, person, entry, verb) for (_, _, _, _, person, entry, *_) in rows],
        )
        tx.changed = tx.changed or bool(rows)
        self._db.box_time.save_now_and_then(tx)

    def note(self, tx: Tx, verb: str, person: int | None, entry: int | None) -> None:
        """Wake listeners without a line in the audit: something moved, nothing was decided."""
        tx.execute(
            "INSERT INTO change (at, person, entry, verb) VALUES (?, ?, ?, ?)",
            (self._clock.now(), person, entry, verb),
        )
        tx.changed = True
        self._db.box_time.save_now_and_then(tx)

    def history(
        self,
        person_id: int | None = None,
        entry: int | None = None,
        before: int | None = None,
        limit: int = -1,
    ) -> list[AuditRow]:
        """Audit rows of a person, of an entry, or all, oldest first.

        With `limit`, the newest so many; with `before`, of those with smaller numbers.
        """
        # An entry has few rows, its person may have thousands.
        person = "person" if entry is None else "+person"
        wanted = {f"{person} =": person_id, "entry =": entry, "id <": before}
        terms = [f"{term} ?" for term, value in wanted.items() if value is not None]
        where = f" WHERE {' AND '.join(terms)}" if terms else ""
        rows = self._db.reader().execute(
            f"SELECT at, door, by, verb, entry, detail, person, id FROM audit{where}"
            " ORDER BY id DESC LIMIT ?",
            [*(value for value in wanted.values() if value is not None), limit],
        )
        return [AuditRow(*row) for row in reversed(rows.fetchall())]

    def by_message_id(self, message_id: str, limit: int) -> list[int]:
        """The entries of a message, whoever has it: the newest `limit`, newest first.

        Also those that are deleted for good, as long as the history knows them.
        """
        rows = self._db.reader().execute(
            "SELECT DISTINCT entry FROM audit WHERE message_id = ? ORDER BY id DESC LIMIT ?",
            (message_id, limit),
        )
        return [entry for (entry,) in rows.fetchall()]

    def last_change(self) -> int:
        """The newest seq; 0 while nothing has ever changed."""
        row = self._db.reader().execute("SELECT max(seq) FROM change").fetchone()
        return int(row[0] or 0)

    def changes(self, after: int, limit: int = -1) -> list[Change]:
        """What happened after the seq a listener has seen, oldest first; with `limit`, so many.

        A listener that has slept for longer than the log is kept gets what is left of it; it must
        compute its state afresh from the inbox anyway when it starts.
        """
        rows = self._db.reader().execute(
            "SELECT seq, person, entry, verb FROM change WHERE seq > ? ORDER BY seq LIMIT ?",
            (after, limit),
        )
        return [Change(*row) for row in rows.fetchall()]

    def trim(self, tx: Tx, audit: int, missed_call: int, change: int, at_once: int = 1000) -> int:
        """Forget the oldest rows of history, missed calls and change log, up to these numbers.

        Of each about `at_once`: call it again until it returns 0, so that other writers do not wait
        long. The newest change always stays, so that seq never goes back. Returns how many rows
        went.
        """
        gone = 0
        last = tx.execute("SELECT coalesce(max(seq), 0) FROM change").fetchone()[0]
        ends = (("audit", "id", audit), ("missed_call", "id", missed_call))
        for table, number, end in (*ends, ("change", "seq", min(change, last - 1))):
            gone += tx.execute(
                f"DELETE FROM {table} WHERE {number} <= min(?,"
                f" (SELECT min({number}) FROM {table}) + ?)",
                (end, at_once - 1),
            ).rowcount
        return gone
