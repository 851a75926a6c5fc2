"""What a person here sends by pages or telephone: who it is from, how much, and its delivery.

Who may send is for whoever calls this to ask. It goes where mail goes that a mail program submits:
to people and aliases here, and elsewhere by the queue, which signs it and brings it back if it
cannot be sent.
"""

import secrets
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from app.core.text import one_line
from app.inbox.audit import AuditEvent
from app.inbox.delivery import Delivered, Delivery, Destination, Envelope
from app.inbox.entries import Door
from app.inbox.errors import NotOurs
from app.inbox.people import Person
from app.inbox.store import Store
from app.store.database import Database, Tx

if TYPE_CHECKING:
    from email.message import EmailMessage

T = TypeVar("T")

RECIPIENTS_MOST = 20
"""Of one mail."""
HOURLY_MOST = 100
"""Mails of one person in an hour: who has taken over a browser must not send to the world."""
HOUR_S = 3600.0


class Sending:
    """Sends what people here write or say, over one store."""

    def __init__(self, db: Database, store: Store, delivery: Delivery) -> None:
        self._db, self._store, self._delivery = db, store, delivery

    def route(self, address: str) -> Destination:
        """Where an address leads; a login, mailbox or alias here is one, too.

        Raises NoSuchPerson, or BadName for what is no address.
        """
        try:
            return self._delivery.route(address)
        except NotOurs:
            return self._delivery.route_external(address)

    def too_many(self, person: int) -> bool:
        """Whether a person has sent HOURLY_MOST mails within an hour."""
        since = self._db.clock.now() - HOUR_S
        rows = self._store.history(person, limit=10 * HOURLY_MOST)
        return sum(row.verb == "sent" and row.at > since for row in rows) >= HOURLY_MOST

    def begun(
        self, person: Person, routes: Sequence[Destination], before: str = "", door: Door = "web"
    ) -> "EmailMessage":
        """A header that says who sends a mail to whom, when; `before` stands before each name."""
        from email.headerregistry import Address
        from email.message import EmailMessage
        from email.policy import SMTP
        from email.utils import format_datetime

        sender, config = self._delivery.sender_of(person), self._delivery.config
        to = ", ".join(
            route.address if "@" in route.address else config.canonical(route.address)
            for route in routes
        )
        now = datetime.fromtimestamp(int(self._db.clock.now())).astimezone()
        mail = EmailMessage(policy=SMTP.clone(utf8=not f"{sender}{to}".isascii()))
        mail[f"{before}From"] = Address(one_line(person.name), addr_spec=sender)
        mail[f"{before}To"] = to
        mail[f"{before}Date"] = format_datetime(now)
        mail[f"{before}Message-ID"] = f"<{secrets.token_hex(12)}.{door}@{config.hostname}>"
        return mail

    def resent(self, person: Person, routes: Sequence[Destination], door: Door = "web") -> bytes:
        """The lines that say who sends a message on as it is [RFC 5322 §3.6.6]."""
        return self.begun(person, routes, "Resent-", door).as_bytes().removesuffix(b"\r\n")

    def send(
        self, person: int | None, envelope: Envelope, size: int, content: Iterable[bytes] | int
    ) -> Delivered:
        """Deliver a new mail (its octets), or one that the store has (its number).

        Raises MailboxFull, NoSpace, MailLoop, NoSuchPerson and ContentGone; nothing is then sent.
        """
        return self.with_room(
            envelope, size, lambda tx: self.deliver(tx, person, envelope, content)
        )

    def deliver(
        self, tx: Tx, person: int | None, envelope: Envelope, content: Iterable[bytes] | int
    ) -> Delivered:
        """The same within a transaction, without asking whether there is room."""
        store, facts = self._store, envelope.facts
        number = content if isinstance(content, int) else store.contents.write(tx, content)
        delivered = self._delivery.deliver(tx, envelope, number)
        to = ", ".join(route.address for route in envelope.recipients)
        event = AuditEvent(person, None, f"to {one_line(to)}")
        store.audit_log.write(tx, "sent", facts.door, facts.by, [event])
        return delivered

    def with_room(self, envelope: Envelope, size: int, work: Callable[[Tx], T]) -> T:
        """Do this in a transaction if there is room for `size` octets at all recipients.

        Raises MailboxFull and NoSpace, and what the work raises.
        """
        reserved: list[Destination] = []
        try:
            for route in envelope.recipients:
                self._delivery.check_room(route, size, envelope.kind)
                reserved.append(route)
            return self._db.now(work)
        finally:
            for route in reserved:
                self._delivery.release(route, size)
