"""The outbound queue: one row per outside recipient, and who has custody of what it carries.

A row's errand says what its outcome means:

    custody   A forward that keeps no copy. The entry is LEAVING. When the last row of its batch is
              settled: all taken, the entry goes to the bin (door "forward"); any refused, it
              becomes new and its owner gets a notice that says who got it and who did not.
    copy      A forward beside a copy in the inbox. If one is refused, the owner gets a notice.
    relay     Mail handed in by a client. If one is refused, the sender gets a notice at once: into
              the inbox if they live here, by a delivery status message that the caller makes if
              not, and none at all for the null sender [RFC 5321 §6.1].

Rows of one batch stay until all of them are settled, so that the notice can tell the whole story.
When to try again is the caller's decision; sending is app/mail/outbound/runner.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from app.core.clock import Clock, SystemClock
from app.inbox.addresses import DeliveryConfig
from app.inbox.entries import EntryState, Facts, Kind
from app.inbox.people import People
from app.inbox.store import Store
from app.message.failure_report import Failure, compose
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
    """Entry of the notice that was put into an inbox."""
    bounce_to: str | None = None
    """Outside sender who must get a delivery status message: the caller queues it in the same
    transaction, since the row is forgotten with it."""


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
        return self._settle(tx, _id(row), RowState.TAKEN, reply)

    def failed(self, tx: Tx, row: QueueRow | int, reply: str) -> Settled:
        """It will never be taken; `reply` is what to tell whoever must know."""
        return self._settle(tx, _id(row), RowState.REFUSED, reply)

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
        return self._settle(tx, row_id, RowState.REFUSED, f"taken out of the queue by {by or '?'}")

    # ---- what an outcome means

    def _settle(self, tx: Tx, row_id: int, state: RowState, reply: str) -> Settled:
        done = tx.execute(
            "UPDATE queue SET state = ?, reply = ?, attempts = attempts + 1"
            " WHERE id = ? AND state = 'waiting'",
            (state, reply, row_id),
        )
        if done.rowcount == 0:
            return Settled()  # settled before, by another hand
        found = tx.execute(f"{_SELECT} WHERE queue.id = ?", (row_id,)).fetchone()
        row = _row(found)
        if row.errand is Purpose.RELAY:
            return self._relay_settled(tx, row)
        batch = self._batch(tx, row.batch)
        if any(other.state is RowState.WAITING for other in batch):
            return Settled()
        outcome = self._all_settled(tx, row, batch)
        self._forget(tx, batch)
        return outcome

    def _batch(self, tx: Tx, batch: int) -> list[QueueRow]:
        rows = tx.execute(f"{_SELECT} WHERE batch = ? ORDER BY queue.id", (batch,)).fetchall()
        return [_row(row) for row in rows]

    def _relay_settled(self, tx: Tx, row: QueueRow) -> Settled:
        outcome = Settled()
        if row.state is RowState.REFUSED:
            if row.owner is not None:
                outcome = Settled(notice=self._notify(tx, row, [row]))
            elif row.sender:
                outcome = Settled(bounce_to=row.sender)
        self._forget(tx, [row])
        return outcome

    def _all_settled(self, tx: Tx, row: QueueRow, batch: list[QueueRow]) -> Settled:
        refused = any(other.state is RowState.REFUSED for other in batch)
        if not refused:
            return Settled(removed=self._gone_out(tx, row))
        returned = None
        if row.errand is Purpose.CUSTODY and row.entry is not None:
            why = "; ".join(other.reply for other in batch if other.state is RowState.REFUSED)
            returned = row.entry if self._store.returned(tx, row.entry, why) else None
        return Settled(returned=returned, notice=self._notify(tx, row, batch))

    def _gone_out(self, tx: Tx, row: QueueRow) -> int | None:
        if row.errand is not Purpose.CUSTODY or row.entry is None:
            return None
        gone = self._store.remove(tx, [row.entry], door="forward", by=row.recipient)
        return row.entry if gone else None

    def _notify(self, tx: Tx, row: QueueRow, batch: list[QueueRow]) -> int | None:
        owner = None if row.owner is None else self._people.by_id(row.owner)
        if owner is None:
            return None
        now = self._clock.now()
        letter = compose(
            self._failure(tx, row, batch, owner.login),
            self._config.canonical("mailer-daemon"),
            self._config.canonical(owner.login),
            self._config.hostname,
            now,
        )
        content = self._store.write_content(tx, (letter.octets,))
        prefix = f"Return-Path: <>\r\nDelivered-To: {letter.to}\r\n".encode()
        facts = Facts(now, letter.sender, letter.subject, door="forward", by="queue")
        return self._store.add_entry(
            tx, owner.id, content, prefix, Kind.EMAIL, EntryState.NEW, facts
        )

    def _failure(self, tx: Tx, row: QueueRow, batch: list[QueueRow], login: str) -> Failure:
        about = tx.execute(
            "SELECT subject, sender, received_at FROM entry WHERE id = ?", (row.entry,)
        ).fetchone()
        return Failure(
            login=login,
            errand=row.errand.value,
            about=about or ("", row.sender, row.created_at),
            taken=tuple(o.recipient for o in batch if o.state is RowState.TAKEN),
            refused=tuple((o.recipient, o.reply) for o in batch if o.state is RowState.REFUSED),
        )

    def _forget(self, tx: Tx, rows: list[QueueRow]) -> None:
        tx.executemany("DELETE FROM queue WHERE id = ?", [(row.id,) for row in rows])
        self._store.drop_unused(tx, [row.content for row in rows])
        self._store.journal.note(tx, "settled", rows[0].owner, rows[0].entry)


def _id(row: QueueRow | int) -> int:
    return row if isinstance(row, int) else row.id
