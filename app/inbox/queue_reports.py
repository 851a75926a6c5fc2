"""Who is told what became of queued mail, or that it takes long (app/message/failure_report.py).

The owner of a row finds the report in the inbox; without an owner it goes to the envelope sender by
mail with the null sender, and to nobody if that is the null sender itself [RFC 5321 §6.1]. What a
sender does not want to hear they are not told, and that a mail has arrived only who has asked
[RFC 3461 §4.1].
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from app.core.clock import Clock
from app.inbox.addresses import POSTMASTER, DeliveryConfig
from app.inbox.entries import EntryState, Facts, Kind
from app.inbox.errors import ContentGone
from app.inbox.people import People, Person
from app.inbox.queue_rows import Purpose, QueueItem, QueueOutcome, QueueRow, RowState
from app.inbox.store import Store
from app.message.dsn import RecipientRequest
from app.message.failure_report import FailedRecipient, FailureReport, compose
from app.message.headers import read_head
from app.store.database import Tx

FULL_LIMIT = 1_000_000
"""Octets of a mail that is given back whole."""

Add = Callable[[Tx, QueueItem, list[str]], list[int]]


class MailFacts(NamedTuple):
    """What a report says of a mail."""

    sender: str
    """Envelope sender."""
    header: bytes
    arrived_at: float
    """Seconds since 1970 UTC."""
    envelope_id: str
    """The sender's name for the mail; "" if they gave none."""


class QueueReports:
    """The reports about one store's queue; `add` queues those that go elsewhere."""

    def __init__(
        self, store: Store, people: People, config: DeliveryConfig, clock: Clock, add: Add
    ) -> None:
        self._store = store
        self._people = people
        self._config = config
        self._clock = clock
        self._add = add

    def refused(self, tx: Tx, row: QueueRow, rows: list[QueueRow]) -> QueueOutcome:
        """Tell what became of these rows of a mail, of which `row` is any."""
        about = [one for one in rows if one.state is RowState.REFUSED and _asked(one).of_failure]
        delivered = tuple(one.recipient for one in rows if one.state is RowState.TAKEN)
        failed = tuple(map(_failed, about))
        return self._tell(tx, row, about, failed=failed, delivered=delivered, full=self._full(row))

    def delayed(self, tx: Tx, rows: list[QueueRow], until: float) -> QueueOutcome:
        """Tell that these rows of a mail wait; it is tried `until` (seconds since 1970 UTC)."""
        about = [one for one in rows if _asked(one).of_delay]
        return self._tell(
            tx, rows[0], about, failed=tuple(map(_failed, about)), retried_until=until
        )

    def relayed(self, tx: Tx, row: QueueRow) -> QueueOutcome:
        """Tell that a next hop has a mail that will tell no more of it [RFC 3461 §5.2.2]."""
        about = [row] if _asked(row).of_success else []
        told = replace(_failed(row), action="relayed")
        return self._tell(tx, row, about, failed=(told,), purpose="success")

    def arrived(
        self, tx: Tx, envelope: MailFacts, owner: int | None, told: tuple[FailedRecipient, ...]
    ) -> QueueOutcome:
        """Tell that a mail has arrived here; `owner` is its sender's id, if they live here."""
        facts = envelope._asdict() | {"failed": told, "purpose": "success"}
        return self._send(tx, owner, facts.pop("sender"), facts) if told else QueueOutcome()

    def _tell(self, tx: Tx, row: QueueRow, about: list[QueueRow], **more: object) -> QueueOutcome:
        if not about or row.purpose is Purpose.PROBE:
            return QueueOutcome()
        facts: dict[str, object] = {
            "purpose": row.purpose.value,
            "header": self._header(row),
            "arrived_at": row.created_at,
            "envelope_id": row.asked.mail.envid,
        }
        return self._send(tx, row.owner, row.sender, facts | more)

    def _send(self, tx: Tx, owner: int | None, sender: str, facts: dict[str, Any]) -> QueueOutcome:
        """Compose a report of these facts for a person here, or for the sender elsewhere."""
        if owner is not None:
            person = self._people.by_id(owner)
            return QueueOutcome() if person is None else self._put(tx, person, facts)
        if not sender:
            return QueueOutcome()
        content = self._store.contents.write(tx, (compose(self._report(sender, facts)),))
        item = QueueItem(Purpose.RELAY, content, b"", sender="")
        return QueueOutcome(bounce=self._add(tx, item, [sender])[0])

    def _put(self, tx: Tx, owner: Person, facts: dict[str, Any]) -> QueueOutcome:
        said = facts | {"language": owner.language}
        report = self._report(self._config.canonical(owner.login), said)
        content = self._store.contents.write(tx, (compose(report),))
        prefix = f"Return-Path: <>\r\nDelivered-To: {report.to}\r\n".encode()
        seen = Facts(report.now, report.sender, report.subject, door="forward", by="queue")
        state = EntryState.NEW
        entry = self._store.add_entry(tx, owner.id, content, prefix, Kind.EMAIL, state, seen)
        return QueueOutcome(notice=entry)

    def _report(self, to: str, facts: dict[str, Any]) -> FailureReport:
        return FailureReport(
            to=to,
            sender=self._config.canonical(POSTMASTER),
            hostname=self._config.hostname,
            now=self._clock.now(),
            **facts,
        )

    def _full(self, row: QueueRow) -> bytes | None:
        """The whole mail, if its sender wants it back and it is not too big [RFC 3461 §4.3]."""
        if row.asked.mail.ret != "FULL" or row.size > FULL_LIMIT:
            return None
        try:
            return b"".join(self._store.contents.octets(row.content, row.prefix))
        except ContentGone:
            return None

    def _header(self, row: QueueRow) -> bytes:
        """The header of the mail a row carries; empty if it cannot be read any more."""
        try:
            return read_head(self._store.contents.octets(row.content, row.prefix))
        except ContentGone:
            return b""


def _asked(row: QueueRow) -> RecipientRequest:
    return row.asked.recipient


def _failed(row: QueueRow) -> FailedRecipient:
    return FailedRecipient(row.recipient, row.reply, original=row.asked.recipient.orcpt)
