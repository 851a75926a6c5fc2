"""The outbound queue: one row per outside recipient, and who has custody of what it carries.

A row's errand says what its outcome means:

    custody   A forward that keeps no copy. The entry is LEAVING. When the last row of its batch is
              settled: all taken, the entry goes to the bin (door "forward"); any refused, it
              becomes new and its owner gets a notice that says who got it and who did not.
    copy      A forward beside a copy in the inbox. If one is refused, the owner gets a notice.
    relay     Mail handed in by a client. If one is refused, the sender gets a notice at once: into
              the inbox if they live here, by mail with the null sender if not, and not at all for
              the null sender [RFC 5321 §6.1].

Rows of one batch stay until all of them are settled, so that the notice can tell the whole story.
When to try again is the caller's decision; sending is app/mail/outbound/runner.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, cast

from app.core.clock import Clock, SystemClock
from app.inbox.addresses import DeliveryConfig
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
    """The next hop has said 2xx."""
    REFUSED = "refused"
    """It never will: a 5xx, or the queue's patience is over."""


@dataclass(frozen=True)
class QueueRow:
    """One message to one outside recipient."""

    id: int
    batch: int
    """Rows that were queued together for one owner and message."""
    errand: Purpose
    owner: int | None
    """Person who is told of a failure; None: the envelope sender, who lives elsewhere."""
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
    next_at: float
    attempts: int
    reply: str
    """What the next hop said last."""
    size: int
    """Octets of prefix and content."""


@dataclass(frozen=True)
class Settled:
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

    errand: Purpose
    content: int
    prefix: bytes
    sender: str
    owner: int | None = None
    entry: int | None = None


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
        """Waiting rows whose time has come, those that wait longest first."""
        return self._rows("WHERE queue.state = 'waiting' AND next_at <= ? ORDER BY next_at", now)[
            :limit
        ]

    def next_due(self) -> float | None:
        """When the next waiting row is to be tried; None if none waits."""
        row = self._db.reader().execute("SELECT min(next_at) FROM queue WHERE state = 'waiting'")
        return cast("float | None", row.fetchone()[0])

    def all(self) -> list[QueueRow]:
        """Every row, oldest first; settled ones remain while others of their batch wait."""
        return self._rows("ORDER BY queue.id")

    def get(self, row_id: int) -> QueueRow | None:
        """One row, or None."""
        return next(iter(self._rows("WHERE queue.id = ?", row_id)), None)

    def _rows(self, terms: str, *values: object) -> list[QueueRow]:
        rows = self._db.reader().execute(f"{_SELECT} {terms}", values).fetchall()
        return [_row(row) for row in rows]

    # ---- writing

    def add(self, tx: Tx, parcel: QueueItem, recipients: Sequence[str]) -> list[int]:
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
                    parcel.errand,
                    parcel.owner,
                    parcel.entry,
                    parcel.content,
                    parcel.prefix,
                    parcel.sender,
                    recipient,
                    RowState.WAITING,
                    now,
                    now,
                ),
            )
            ids.append(cast(int, cursor.lastrowid))
        if ids:
            tx.execute("UPDATE queue SET batch = id WHERE id = ?", (ids[0],))
            self._store.journal.note(tx, "queued", parcel.owner, parcel.entry)
        return ids

    def succeeded(self, tx: Tx, row: QueueRow | int, reply: str = "") -> Settled:
        """The next hop has taken it."""
        closed = self._close(tx, _id(row), RowState.TAKEN, reply)
        if closed is None:
            return Settled()
        if closed.errand is not Purpose.RELAY:
            return self._closed_in_batch(tx, closed)
        self._forget(tx, [closed])
        return Settled()

    def failed(self, tx: Tx, row: QueueRow | int, reply: str) -> Settled:
        """It will never be taken; `reply` is what to tell whoever must know."""
        return self.all_failed(tx, [(row, reply)])[0]

    def all_failed(self, tx: Tx, refusals: Sequence[tuple[QueueRow | int, str]]) -> list[Settled]:
        """As `failed`, for rows with their replies; each sender gets one report of each mail."""
        outcomes = [Settled() for _ in refusals]
        relayed: dict[tuple[object, ...], dict[int, QueueRow]] = {}
        for place, (row, reply) in enumerate(refusals):
            closed = self._close(tx, _id(row), RowState.REFUSED, reply)
            if closed is None:
                continue
            if closed.errand is Purpose.RELAY:
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
        """Not this time; try again at `next_at`."""
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
        self._store.journal.note(tx, "retry", None, None)
        return done.rowcount == 1

    def remove(self, tx: Tx, row_id: int, by: str = "") -> Settled:
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

    def _closed_in_batch(self, tx: Tx, row: QueueRow) -> Settled:
        batch = self._batch(tx, row.batch)
        if any(other.state is RowState.WAITING for other in batch):
            return Settled()
        outcome = self._all_settled(tx, row, batch)
        self._forget(tx, batch)
        return outcome

    def _batch(self, tx: Tx, batch: int) -> list[QueueRow]:
        rows = tx.execute(f"{_SELECT} WHERE batch = ? ORDER BY queue.id", (batch,)).fetchall()
        return [_row(row) for row in rows]

    def _all_settled(self, tx: Tx, row: QueueRow, batch: list[QueueRow]) -> Settled:
        refused = any(other.state is RowState.REFUSED for other in batch)
        if not refused:
            return Settled(removed=self._gone_out(tx, row))
        returned = None
        if row.errand is Purpose.CUSTODY and row.entry is not None:
            why = "; ".join(other.reply for other in batch if other.state is RowState.REFUSED)
            returned = row.entry if self._store.returned(tx, row.entry, why) else None
        return replace(self._report(tx, row, batch), returned=returned)

    def _gone_out(self, tx: Tx, row: QueueRow) -> int | None:
        if row.errand is not Purpose.CUSTODY or row.entry is None:
            return None
        gone = self._store.remove(tx, [row.entry], door="forward", by=row.recipient)
        return row.entry if gone else None

    def _report(self, tx: Tx, row: QueueRow, batch: list[QueueRow]) -> Settled:
        """Tell the owner, or a sender who lives elsewhere, what became of these rows of a mail."""
        if row.owner is not None:
            owner = self._people.by_id(row.owner)
            return Settled() if owner is None else self._put_report(tx, row, batch, owner)
        if not row.sender:
            return Settled()
        report = self._failure(row, batch, row.sender)
        content = self._store.write_content(tx, (compose(report),))
        item = QueueItem(Purpose.RELAY, content, b"", sender="")
        return Settled(bounce=self.add(tx, item, [row.sender])[0])

    def _put_report(self, tx: Tx, row: QueueRow, batch: list[QueueRow], owner: Person) -> Settled:
        report = self._failure(row, batch, self._config.canonical(owner.login))
        content = self._store.write_content(tx, (compose(report),))
        prefix = f"Return-Path: <>\r\nDelivered-To: {report.to}\r\n".encode()
        facts = Facts(report.now, report.sender, report.subject, door="forward", by="queue")
        state = EntryState.NEW
        entry = self._store.add_entry(tx, owner.id, content, prefix, Kind.EMAIL, state, facts)
        return Settled(notice=entry)

    def _failure(self, row: QueueRow, batch: list[QueueRow], to: str) -> FailureReport:
        refused = [other for other in batch if other.state is RowState.REFUSED]
        return FailureReport(
            purpose=row.errand.value,
            to=to,
            sender=self._config.canonical("postmaster"),
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
            return read_head(self._store.content_octets(row.content, row.prefix))
        except ContentGone:
            return b""

    def _forget(self, tx: Tx, rows: list[QueueRow]) -> None:
        tx.executemany("DELETE FROM queue WHERE id = ?", [(row.id,) for row in rows])
        self._store.drop_unused(tx, [row.content for row in rows])
        self._store.journal.note(tx, "settled", rows[0].owner, rows[0].entry)


def _id(row: QueueRow | int) -> int:
    return row if isinstance(row, int) else row.id
