"""The outbound queue: one row per outside recipient, and who has custody of what it carries.

A row's purpose says what its outcome means:

    custody   A forward that keeps no copy. The entry is LEAVING. When the last row of its batch is
              closed: all accepted, the entry goes to the bin (door "forward"); any refused, it
              becomes new and its owner gets a notice that says who got it and who did not.
    copy      A forward beside a copy in the inbox. If one is refused, the owner gets a notice.
    relay     Mail submitted by a client. If one is refused, the sender gets a notice at once: into
              the inbox if they live here, by mail with the null sender if not, and not at all for
              the null sender [RFC 5321 §6.1].
    list      Mail that a list sends on. If one is refused, its owner gets a notice at once.
    probe     Mail that tries a forward out. Nobody gets a notice (probes.py).

Rows of one batch stay until all of them have an outcome, so that the notice names every recipient.
Whose turn it is and what is down is kept for each destination (destinations.py), so that nothing
here reads more rows than it gives. When to try again is the caller's decision; sending is
app/mail/outbound/runner.py. Ages and due times are box time (app/store/box_time.py).
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, cast

from app.core.clock import Clock, SystemClock
from app.inbox.addresses import DeliveryConfig
from app.inbox.audit import AuditEvent
from app.inbox.destinations import WHOLE, Destinations
from app.inbox.entries import Door
from app.inbox.held_mail import HeldMail
from app.inbox.people import People
from app.inbox.queue_reports import QueueReports
from app.inbox.queue_rows import Purpose, QueueItem, QueueOutcome, QueueRow, RowState
from app.inbox.store import Store
from app.message.dsn import Asked
from app.store.database import Database, Tx

__all__ = ["Purpose", "Queue", "QueueItem", "QueueOutcome", "QueueRow", "RowState"]

_FIELDS = (
    "queue.id, batch, coalesce(queue.kind, errand), owner, entry, content, prefix, sender,"
    " recipient, queue.way, queue.state, created_at, coalesce(created_box_s, 0),"
    " max(coalesce(queue.next_box_s, 0), coalesce(down.next_box_s, 0),"
    " iif(account IS NULL,"
    " coalesce((SELECT next_box_s FROM destination WHERE name = ''), 0), 0)),"
    " attempts, iif(queue.reply = '', coalesce(down.reply, ''), queue.reply),"
    " length(prefix) + coalesce(content.size, 0), coalesce(asked, '')"
)
_SELECT = (
    f"SELECT {_FIELDS} FROM queue LEFT JOIN content ON content.id = queue.content"
    " LEFT JOIN destination AS down ON down.name = queue.way AND down.failures > 0"
)
RECIPIENTS_AT_ONCE = 100
"""Rows of one mail that go together; every server takes so many [RFC 5321 §4.5.3.1.8]."""


class Queue:
    """The queue of one store."""

    def __init__(
        self,
        db: Database,
        store: Store,
        people: People,
        config: DeliveryConfig,
        clock: Clock | None = None,
    ) -> None:
        self._db = db
        self._store = store
        self._clock = clock if clock is not None else SystemClock()
        self.reports = QueueReports(store, people, config, self._clock, self.add)
        self.destinations = Destinations(db)
        self.held = HeldMail(db, store.audit_log)
        self.next_due = self.destinations.next_due

    # ---- reading

    def due_mail(
        self, destination: str, under_way: Iterable[int] = (), together: bool = False
    ) -> list[QueueRow]:
        """Rows to send to a destination in one go: those of the mail that waits longest.

        At most RECIPIENTS_AT_ONCE, none of those `under_way` (ids). `together` takes the mail's
        recipients at other destinations along, for a smarthost. Empty if nothing is due there.
        """
        terms = "next_box_s <= :time ORDER BY next_box_s, id"
        return self._mail(destination, terms, self._db.box_time.now(), under_way, together)

    def old_mail(
        self, destination: str, created_before: float, under_way: Iterable[int] = ()
    ) -> list[QueueRow]:
        """Rows of the mail that has waited longest for a destination, if that is too long.

        `created_before` is box time; all of WHOLE are asked together. Otherwise as `due_mail`.
        """
        terms = "created_box_s <= :time ORDER BY created_box_s, id"
        together = destination == WHOLE
        return self._mail(destination, terms, created_before, under_way, together)

    def overdue(self, created_before: float) -> list[QueueRow]:
        """What waits of the mail that has waited longest without its sender being told.

        If it was queued before then; box time.
        """
        free = "queue.state = 'waiting' AND warned = 0"
        return self._rows(
            f"WHERE queue.batch = (SELECT batch FROM queue INDEXED BY queue_unwarned WHERE {free}"
            f" AND created_box_s <= ? ORDER BY created_box_s LIMIT 1) AND {free}"
            " ORDER BY queue.id",
            created_before,
        )

    def oldest(self, destination: str) -> float | None:
        """The box time at which the oldest that waits for a destination was queued, if any."""
        there = " AND account IS NULL" if destination == WHOLE else " AND way = :name"
        return cast(
            "float | None",
            self._db.reader()
            .execute(
                f"SELECT min(created_box_s) FROM queue WHERE state = 'waiting'{there}",
                {"name": destination},
            )
            .fetchone()[0],
        )

    def _mail(
        self, name: str, terms: str, time: float, under_way: Iterable[int], together: bool
    ) -> list[QueueRow]:
        """Waiting rows of the mail of the first row that meets `terms`."""
        free = "queue.state = 'waiting' AND queue.id NOT IN (SELECT value FROM json_each(:busy))"
        whole = " AND queue.account IS NULL"
        there = whole if name == WHOLE else " AND queue.way = :name"
        values = {"name": name, "time": time, "busy": json.dumps(list(under_way)), "batch": 0}
        reader = self._db.reader()
        head = f"SELECT batch FROM queue WHERE {free}{there} AND {terms} LIMIT 1"
        found = reader.execute(head, values).fetchone()
        if found is None:
            return []
        values["batch"] = found[0]
        term = terms.partition(" ORDER")[0]
        # Left to itself SQLite goes through all that is due at the destination.
        rows = reader.execute(
            f"{_SELECT} WHERE queue.id IN (SELECT id FROM queue INDEXED BY queue_open"
            f" WHERE batch = :batch AND {free}{whole if together else there} AND {term}"
            f" ORDER BY id LIMIT {RECIPIENTS_AT_ONCE}) ORDER BY queue.id",
            values,
        ).fetchall()
        return [self._row(row) for row in rows]

    def waiting(self) -> int:
        """How many recipients wait."""
        row = self._db.reader().execute("SELECT waiting FROM queue_count").fetchone()
        return int(row[0])

    def waiting_ids(self) -> list[int]:
        """The rows that wait, oldest first."""
        rows = self._db.reader().execute("SELECT id FROM queue WHERE state = 'waiting' ORDER BY id")
        return [row for (row,) in rows.fetchall()]

    def page(self, after: int = 0, limit: int = 100) -> list[QueueRow]:
        """Rows with ids above `after`, oldest first, `limit` at most.

        Those with an outcome are among them for as long as others of their batch wait.
        """
        return self._rows("WHERE queue.id > ? ORDER BY queue.id LIMIT ?", after, limit)

    def get(self, row_id: int) -> QueueRow | None:
        """One row, or None."""
        return next(iter(self._rows("WHERE queue.id = ?", row_id)), None)

    def _rows(self, terms: str, *values: object) -> list[QueueRow]:
        rows = self._db.reader().execute(f"{_SELECT} {terms}", values).fetchall()
        return [self._row(row) for row in rows]

    def _row(self, found: Sequence[Any]) -> QueueRow:
        values = list(found)
        values[2], values[10] = Purpose(values[2]), RowState(values[10])
        values[17:] = self.wall_time(values[13]), Asked.from_text(values[17])
        return QueueRow(*values)

    def wall_time(self, box_s: float) -> float:
        """A box time by the clock as it is now, in seconds since 1970 UTC."""
        return self._clock.now() + box_s - self._db.box_time.now()

    # ---- writing

    def add(self, tx: Tx, item: QueueItem, recipients: Sequence[str]) -> list[int]:
        """Queue a message for outside recipients, due at once; returns the row ids.

        Call it in the transaction that stores the entries of the same message.
        """
        now, box_s = self._clock.now(), self._db.box_time.now()
        ids: list[int] = []
        for recipient in recipients:
            cursor = tx.execute(
                "INSERT INTO queue (batch, errand, kind, owner, entry, content, prefix, sender,"
                " recipient, state, created_at, next_at, created_box_s, next_box_s, asked, account)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
                " (SELECT person FROM outgoing_account WHERE person = ?))",
                (
                    ids[0] if ids else 0,
                    *_stored(item.purpose),
                    item.owner,
                    item.entry,
                    item.content,
                    item.prefix,
                    item.sender,
                    recipient,
                    RowState.WAITING,
                    now,
                    now,
                    box_s,
                    box_s,
                    item.asked.get(recipient, Asked()).to_text() or None,
                    item.owner,
                ),
            )
            ids.append(cast(int, cursor.lastrowid))
        if ids:
            tx.execute("UPDATE queue SET batch = id WHERE id = ?", (ids[0],))
            self._store.audit_log.note(tx, "queued", item.owner, item.entry)
        return ids

    def succeeded(
        self, tx: Tx, row: QueueRow | int, reply: str = "", passed_on: bool = False
    ) -> QueueOutcome:
        """Note that the next hop has accepted a row; `reply` is what it said.

        `passed_on`: it has been told what the sender wants to hear, and will say it [RFC 3461 §6].
        """
        closed = self._close(tx, _id(row), RowState.TAKEN, reply)
        if closed is None:
            return QueueOutcome()
        if not closed.purpose.stands_alone:
            return self._closed_in_batch(tx, closed)
        outcome = QueueOutcome() if passed_on else self.reports.relayed(tx, closed)
        self._forget(tx, [closed])
        return outcome

    def failed(self, tx: Tx, row: QueueRow | int, reply: str) -> QueueOutcome:
        """Note that a row was refused for good; `reply` is what to tell whoever must know."""
        return self.all_failed(tx, [(row, reply)])[0]

    def all_failed(
        self, tx: Tx, refusals: Sequence[tuple[QueueRow | int, str]]
    ) -> list[QueueOutcome]:
        """As `failed`, for rows with their replies; each sender gets one report of each mail."""
        outcomes = [QueueOutcome() for _ in refusals]
        relayed: dict[tuple[object, ...], dict[int, QueueRow]] = {}
        for place, (row, reply) in enumerate(refusals):
            closed = self._close(tx, _id(row), RowState.REFUSED, reply)
            if closed is None:
                continue
            if closed.purpose.stands_alone:
                mail = (closed.content, closed.prefix, closed.owner, closed.sender)
                relayed.setdefault(mail, {})[place] = closed
            else:
                outcomes[place] = self._closed_in_batch(tx, closed)
        for group in relayed.values():
            rows = list(group.values())
            outcomes[min(group)] = self.reports.refused(tx, rows[0], rows)
            self._forget(tx, rows)
        return outcomes

    def deferred(self, tx: Tx, row: QueueRow | int, reply: str, next_box_s: float) -> None:
        """Note that a row could not be sent now; try again at a box time.

        The present puts it behind all others that are due at its destination.
        """
        found = tx.execute(
            "UPDATE queue SET attempts = attempts + 1, reply = ?, next_box_s = ?"
            " WHERE id = ? AND state = 'waiting' RETURNING way",
            (reply, next_box_s, _id(row)),
        ).fetchall()
        self.destinations.reschedule(tx, [name for (name,) in found])

    def warn(self, tx: Tx, rows: Sequence[QueueRow], give_up_s: float) -> QueueOutcome:
        """Tell whoever must know that these rows of one mail still wait; once for each row.

        `give_up_s` is how many seconds after it was queued the mail is given up.
        """
        waiting = []
        for row in rows:
            done = tx.execute(
                "UPDATE queue SET warned = 1 WHERE id = ? AND state = 'waiting' AND warned = 0",
                (row.id,),
            )
            waiting += [row] * done.rowcount
        if not waiting:
            return QueueOutcome()
        until = self.wall_time(waiting[0].created_box_s + give_up_s)
        return self.reports.delayed(tx, waiting, until)

    def retry(self, tx: Tx, row_id: int) -> bool:
        """Make a waiting row the first one due at its destination; False if there is no such."""
        found = tx.execute(
            "UPDATE queue SET next_box_s = min(?, (SELECT min(next_box_s) - 1 FROM queue AS other"
            " WHERE other.state = 'waiting' AND other.way = queue.way))"
            " WHERE id = ? AND state = 'waiting' RETURNING way",
            (self._db.box_time.now(), row_id),
        ).fetchall()
        for (name,) in found:
            self.destinations.hurry(tx, name)
        self._store.audit_log.note(tx, "retry", None, None)
        return bool(found)

    def adopt(self, tx: Tx, oldest_s: float, longest_s: float) -> int:
        """Give rows a box time that were queued by a program that knew none; how many there were.

        It follows from the wall clock's stamps, of which any may be wrong: none counts as queued
        more than `oldest_s` ago, nor waits longer than `longest_s`, nor less than nothing.
        """
        now, box_s = self._clock.now(), self._db.box_time.now()
        return tx.execute(
            "UPDATE queue SET created_box_s = :box - min(max(:now - created_at, 0), :oldest),"
            " next_box_s = :box + min(max(next_at - :now, 0), :longest)"
            " WHERE state = 'waiting' AND created_box_s IS NULL",
            {"box": box_s, "now": now, "oldest": oldest_s, "longest": longest_s},
        ).rowcount

    def remove(self, tx: Tx, row_id: int, by: str = "", door: Door = "admin") -> QueueOutcome:
        """Give up on a row: the same as a refusal, so that nothing disappears silently.

        Who did, and by which door, is in the history.
        """
        found = tx.execute(
            "SELECT owner, entry, recipient FROM queue"
            " WHERE id = ? AND state IN ('waiting', 'held')",
            (row_id,),
        ).fetchall()
        events = [AuditEvent(owner, entry, f"to {to}") for owner, entry, to in found]
        self._store.audit_log.write(tx, "taken out of the queue", door, by, events)
        return self.failed(tx, row_id, f"taken out of the queue by {by or '?'}")

    # ---- what an outcome means

    def _close(self, tx: Tx, row_id: int, state: RowState, reply: str) -> QueueRow | None:
        """The row with its outcome written down; None if it had one before."""
        done = tx.execute(
            "UPDATE queue SET state = ?, reply = ?, attempts = attempts + 1"
            " WHERE id = ? AND state IN ('waiting', 'held')",
            (state, reply, row_id),
        )
        if done.rowcount == 0:
            return None
        row = self._row(tx.execute(f"{_SELECT} WHERE queue.id = ?", (row_id,)).fetchone())
        self.destinations.reschedule(tx, [row.destination])
        return row

    def _closed_in_batch(self, tx: Tx, row: QueueRow) -> QueueOutcome:
        # by the index of those that wait, so that each of a thousand costs the same
        waits = "SELECT 1 FROM queue WHERE batch = :batch AND state = '{}'"
        both = f"{waits.format('waiting')} UNION ALL {waits.format('held')} LIMIT 1"
        if tx.execute(both, {"batch": row.batch}).fetchone() is not None:
            return QueueOutcome()
        batch = self._batch(tx, row.batch)
        outcome = self._finish_batch(tx, row, batch)
        self._forget(tx, batch)
        return outcome

    def _batch(self, tx: Tx, batch: int) -> list[QueueRow]:
        rows = tx.execute(f"{_SELECT} WHERE batch = ? ORDER BY queue.id", (batch,)).fetchall()
        return [self._row(row) for row in rows]

    def _finish_batch(self, tx: Tx, row: QueueRow, batch: list[QueueRow]) -> QueueOutcome:
        refused = any(other.state is RowState.REFUSED for other in batch)
        if not refused:
            return QueueOutcome(removed=self._all_accepted(tx, row))
        returned = None
        if row.purpose is Purpose.CUSTODY and row.entry is not None:
            why = "; ".join(other.reply for other in batch if other.state is RowState.REFUSED)
            returned = row.entry if self._store.returned(tx, row.entry, why) else None
        return replace(self.reports.refused(tx, row, batch), returned=returned)

    def _all_accepted(self, tx: Tx, row: QueueRow) -> int | None:
        if row.purpose is not Purpose.CUSTODY or row.entry is None:
            return None
        gone = self._store.remove(tx, [row.entry], door="forward", by=row.recipient)
        return row.entry if gone else None

    def _forget(self, tx: Tx, rows: list[QueueRow]) -> None:
        tx.executemany("DELETE FROM queue WHERE id = ?", [(row.id,) for row in rows])
        self._store.contents.drop_unused(tx, [row.content for row in rows])
        self._store.audit_log.note(tx, "finished", rows[0].owner, rows[0].entry)


def _stored(purpose: Purpose) -> tuple[Purpose, Purpose | None]:
    """A purpose as older programs know it, and what it is beyond that (app/store/schema.py)."""
    older = (Purpose.CUSTODY, Purpose.COPY, Purpose.RELAY)
    return (purpose, None) if purpose in older else (Purpose.RELAY, purpose)


def _id(row: QueueRow | int) -> int:
    return row if isinstance(row, int) else row.id
