"""The outbound queue: one row per outside recipient, and who has custody of what it carries.

A row's purpose says what its outcome means:

    custody   A forward that keeps no copy. The entry is LEAVING. When the last row of its batch is
              closed: all accepted, the entry goes to the bin (door "forward"); any refused, it
              becomes new and its owner gets a notice that says who got it and who did not.
    copy      A forward beside a copy in the inbox. If one is refused, the owner gets a notice.
    relay     Mail submitted by a client. If one is refused, the sender gets a notice at once: into
              the inbox if they live here, by mail with the null sender if not, and not at all for
              the null sender [RFC 5321 §6.1].

Rows of one batch stay until all of them have an outcome, so that the notice names every recipient.
When to try again is the caller's decision; sending is app/mail/outbound/runner.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, cast

from app.core.clock import Clock, SystemClock
from app.inbox.addresses import POSTMASTER, DeliveryConfig
from app.inbox.entries import EntryState, Facts, Kind
from app.inbox.errors import ContentGone
from app.inbox.people import People, Person
from app.inbox.store import Store
from app.message.failure_report import FailedRecipient, FailureReport, compose
from app.message.headers import read_head
from app.store.database import Database, Tx


class Purpose(StrEnum):
    """What a row is for; see the module's head."""

    CUSTODY = "custody"
    COPY = "copy"
    RELAY = "relay"


class RowState(StrEnum):
    """Where a row is."""

    WAITING = "waiting"
    TAKEN = "taken"
    """The next hop has said 2xx and is responsible now [RFC 5321 §6.1]."""
    REFUSED = "refused"
    """It never will: a 5xx [RFC 5321 §4.2.1], or it was tried for too long."""


@dataclass(frozen=True)
class QueueRow:
    """One message to one outside recipient."""

    id: int
    batch: int
    """Rows that were queued together for one owner and message."""
    purpose: Purpose
    owner: int | None
    """Person who gets the failure report; None: the envelope sender, who lives elsewhere."""
    entry: int | None
    """The owner's entry with the same message, if there is one."""
    content: int
    prefix: bytes
    """Header lines to send before the content: Delivered-To, Received."""
    sender: str
    """Envelope sender as it came in; "" is the null sender. Rewriting it is the caller's."""
    recipient: str
    state: RowState
    created_at: float
    """When it was queued; seconds since 1970 UTC."""
    next_at: float
    """When it is to be tried next; seconds since 1970 UTC."""
    attempts: int
    """How often it was tried."""
    reply: str
    """What the next hop said last."""
    size: int
    """Octets of prefix and content."""


@dataclass(frozen=True)
class QueueOutcome:
    """What followed from a row's outcome."""

    returned: int | None = None
    """Entry that came back into an inbox."""
    removed: int | None = None
    """Entry that went to the bin because everybody has it."""
    notice: int | None = None
    """Entry of the failure report that was put into an inbox."""
    bounce: int | None = None
    """Queue row of the failure report to a sender who lives elsewhere."""


@dataclass(frozen=True)
class QueueItem:
    """What `add` needs to know besides the recipients."""

    purpose: Purpose
    content: int
    prefix: bytes
    sender: str
    """Envelope sender; "" is the null sender."""
    owner: int | None = None
    """Person who gets the failure report; None: the sender, who lives elsewhere."""
    entry: int | None = None
    """The owner's entry with the same message, if there is one."""


_FIELDS = (
    "queue.id, batch, errand, owner, entry, content, prefix, sender, recipient, queue.state,"
    " created_at, next_at, attempts, reply, length(prefix) + coalesce(content.size, 0)"
)
_SELECT = f"SELECT {_FIELDS} FROM queue LEFT JOIN content ON content.id = queue.content"


def _row(found: Sequence[Any]) -> QueueRow:
    values = list(found)
    values[2], values[9] = Purpose(values[2]), RowState(values[9])
    return QueueRow(*values)


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
        self._people = people
        self._config = config
        self._clock = clock if clock is not None else SystemClock()

    # ---- reading

    def due(self, now: float, limit: int = 100) -> list[QueueRow]:
        """Waiting rows whose time has come, those that wait longest first.

        `now` in seconds since 1970 UTC; at most `limit` rows.
        """
        return self._rows("WHERE queue.state = 'waiting' AND next_at <= ? ORDER BY next_at", now)[
            :limit
        ]

    def next_due(self) -> float | None:
        """When the next waiting row is due, in seconds since 1970 UTC; None if none waits."""
        row = self._db.reader().execute("SELECT min(next_at) FROM queue WHERE state = 'waiting'")
        return cast("float | None", row.fetchone()[0])

    def all(self) -> list[QueueRow]:
        """Every row, oldest first; those with an outcome stay while others of their batch wait."""
        return self._rows("ORDER BY queue.id")

    def get(self, row_id: int) -> QueueRow | None:
        """One row, or None."""
        return next(iter(self._rows("WHERE queue.id = ?", row_id)), None)

    def _rows(self, terms: str, *values: object) -> list[QueueRow]:
        rows = self._db.reader().execute(f"{_SELECT} {terms}", values).fetchall()
        return [_row(row) for row in rows]

    # ---- writing

    def add(self, tx: Tx, item: QueueItem, recipients: Sequence[str]) -> list[int]:
        """Queue a message for outside recipients, due at once; returns the row ids.

        Call it in the transaction that stores the entries of the same message.
        """
        now = self._clock.now()
        ids: list[int] = []
        for recipient in recipients:
            cursor = tx.execute(
                "INSERT INTO queue (batch, errand, owner, entry, content, prefix, sender,"
                " recipient, state, created_at, next_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    ids[0] if ids else 0,
                    item.purpose,
                    item.owner,
                    item.entry,
                    item.content,
                    item.prefix,
                    item.sender,
                    recipient,
                    RowState.WAITING,
                    now,
                    now,
                ),
            )
            ids.append(cast(int, cursor.lastrowid))
        if ids:
            tx.execute("UPDATE queue SET batch = id WHERE id = ?", (ids[0],))
            self._store.audit_log.note(tx, "queued", item.owner, item.entry)
        return ids

    def succeeded(self, tx: Tx, row: QueueRow | int, reply: str = "") -> QueueOutcome:
        """Note that the next hop has accepted a row; `reply` is what it said."""
        closed = self._close(tx, _id(row), RowState.TAKEN, reply)
        if closed is None:
            return QueueOutcome()
        if closed.purpose is not Purpose.RELAY:
            return self._closed_in_batch(tx, closed)
        self._forget(tx, [closed])
        return QueueOutcome()

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
            if closed.purpose is Purpose.RELAY:
                mail = (closed.content, closed.prefix, closed.owner, closed.sender)
                relayed.setdefault(mail, {})[place] = closed
            else:
                outcomes[place] = self._closed_in_batch(tx, closed)
        for group in relayed.values():
            rows = list(group.values())
            outcomes[min(group)] = self._report(tx, rows[0], rows)
            self._forget(tx, rows)
        return outcomes

    def deferred(self, tx: Tx, row: QueueRow | int, reply: str, next_at: float) -> None:
        """Note that a row could not be sent now; try again at `next_at`, seconds since 1970 UTC."""
        tx.execute(
            "UPDATE queue SET attempts = attempts + 1, reply = ?, next_at = ?"
            " WHERE id = ? AND state = 'waiting'",
            (reply, next_at, _id(row)),
        )

    def retry(self, tx: Tx, row_id: int) -> bool:
        """Make a waiting row due now; False if there is no such row."""
        done = tx.execute(
            "UPDATE queue SET next_at = ? WHERE id = ? AND state = 'waiting'",
            (self._clock.now(), row_id),
        )
        self._store.audit_log.note(tx, "retry", None, None)
        return done.rowcount == 1

    def remove(self, tx: Tx, row_id: int, by: str = "") -> QueueOutcome:
        """Give up on a row: the same as a refusal, so that nothing disappears silently."""
        return self.failed(tx, row_id, f"taken out of the queue by {by or '?'}")

    # ---- what an outcome means

    def _close(self, tx: Tx, row_id: int, state: RowState, reply: str) -> QueueRow | None:
        """The row with its outcome written down; None if it had one before."""
        done = tx.execute(
            "UPDATE queue SET state = ?, reply = ?, attempts = attempts + 1"
            " WHERE id = ? AND state = 'waiting'",
            (state, reply, row_id),
        )
        if done.rowcount == 0:
            return None
        return _row(tx.execute(f"{_SELECT} WHERE queue.id = ?", (row_id,)).fetchone())

    def _closed_in_batch(self, tx: Tx, row: QueueRow) -> QueueOutcome:
        batch = self._batch(tx, row.batch)
        if any(other.state is RowState.WAITING for other in batch):
            return QueueOutcome()
        outcome = self._finish_batch(tx, row, batch)
        self._forget(tx, batch)
        return outcome

    def _batch(self, tx: Tx, batch: int) -> list[QueueRow]:
        rows = tx.execute(f"{_SELECT} WHERE batch = ? ORDER BY queue.id", (batch,)).fetchall()
        return [_row(row) for row in rows]

    def _finish_batch(self, tx: Tx, row: QueueRow, batch: list[QueueRow]) -> QueueOutcome:
        refused = any(other.state is RowState.REFUSED for other in batch)
        if not refused:
            return QueueOutcome(removed=self._all_accepted(tx, row))
        returned = None
        if row.purpose is Purpose.CUSTODY and row.entry is not None:
            why = "; ".join(other.reply for other in batch if other.state is RowState.REFUSED)
            returned = row.entry if self._store.returned(tx, row.entry, why) else None
        return replace(self._report(tx, row, batch), returned=returned)

    def _all_accepted(self, tx: Tx, row: QueueRow) -> int | None:
        if row.purpose is not Purpose.CUSTODY or row.entry is None:
            return None
        gone = self._store.remove(tx, [row.entry], door="forward", by=row.recipient)
        return row.entry if gone else None

    def _report(self, tx: Tx, row: QueueRow, batch: list[QueueRow]) -> QueueOutcome:
        """Tell the owner, or a sender who lives elsewhere, what became of these rows of a mail."""
        if row.owner is not None:
            owner = self._people.by_id(row.owner)
            return QueueOutcome() if owner is None else self._put_report(tx, row, batch, owner)
        if not row.sender:
            return QueueOutcome()
        report = self._failure(row, batch, row.sender)
        content = self._store.contents.write(tx, (compose(report),))
        item = QueueItem(Purpose.RELAY, content, b"", sender="")
        return QueueOutcome(bounce=self.add(tx, item, [row.sender])[0])

    def _put_report(
        self, tx: Tx, row: QueueRow, batch: list[QueueRow], owner: Person
    ) -> QueueOutcome:
        report = self._failure(row, batch, self._config.canonical(owner.login))
        content = self._store.contents.write(tx, (compose(report),))
        prefix = f"Return-Path: <>\r\nDelivered-To: {report.to}\r\n".encode()
        facts = Facts(report.now, report.sender, report.subject, door="forward", by="queue")
        state = EntryState.NEW
        entry = self._store.add_entry(tx, owner.id, content, prefix, Kind.EMAIL, state, facts)
        return QueueOutcome(notice=entry)

    def _failure(self, row: QueueRow, batch: list[QueueRow], to: str) -> FailureReport:
        refused = [other for other in batch if other.state is RowState.REFUSED]
        return FailureReport(
            purpose=row.purpose.value,
            to=to,
            sender=self._config.canonical(POSTMASTER),
            hostname=self._config.hostname,
            header=self._header(row),
            arrived_at=row.created_at,
            now=self._clock.now(),
            failed=tuple(FailedRecipient(other.recipient, other.reply) for other in refused),
            delivered=tuple(o.recipient for o in batch if o.state is RowState.TAKEN),
        )

    def _header(self, row: QueueRow) -> bytes:
        """The header of the mail a row carries; empty if it cannot be read any more."""
        try:
            return read_head(self._store.contents.octets(row.content, row.prefix))
        except ContentGone:
            return b""

    def _forget(self, tx: Tx, rows: list[QueueRow]) -> None:
        tx.executemany("DELETE FROM queue WHERE id = ?", [(row.id,) for row in rows])
        self._store.contents.drop_unused(tx, [row.content for row in rows])
        self._store.audit_log.note(tx, "finished", rows[0].owner, rows[0].entry)


def _id(row: QueueRow | int) -> int:
    return row if isinstance(row, int) else row.id
