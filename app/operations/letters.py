"""Answering a message, and sending one on: mail of a person here, from their own address.

It goes where mail goes that a mail program submits: to people and aliases here, and elsewhere by
the queue, which signs it and brings it back if it cannot be sent.
"""

import email.utils
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import getaddresses

from app.core.text import one_line
from app.inbox.audit import AuditEvent
from app.inbox.delivery import Delivered, Destination, Envelope
from app.inbox.entries import Entry, Facts, Kind
from app.inbox.errors import NotOurs
from app.inbox.people import Person
from app.message.headers import read_head, scan_head
from app.operations.actor import Actor
from app.operations.box import Box
from app.operations.errors import NotAllowed, OperationError, field_of_errors
from app.operations.inbox import entry_for
from app.operations.messages import read_message
from app.store.database import Tx

RECIPIENTS_MOST = 20
"""Of one mail."""
HOURLY_MOST = 100
"""Mails of one person in an hour: who has taken over a browser must not send to the world."""
TEXT_MOST = 100_000
"""Characters of an answer."""
HOUR_S = 3600.0


@dataclass(frozen=True)
class Draft:
    """What a form begins with."""

    to: str
    subject: str
    text: str
    sender: str
    """The address that it will be from."""


@dataclass(frozen=True)
class Sent:
    """What became of a mail."""

    here: int
    """People here who have it now."""
    elsewhere: int
    """Addresses elsewhere that it is on its way to."""


def draft_reply(box: Box, actor: Actor, entry: int) -> Draft:
    """An answer to a message, with its text quoted. Raises NotFound."""
    message, person = read_message(box, actor, entry), _sender(box, actor)
    subject = message.entry.subject
    if not subject.lower().startswith("re:"):
        subject = f"Re: {subject}"
    quoted = "\n".join(f"> {line}" for line in message.reading.text.rstrip().split("\n"))
    text = f"\n\n{message.sender}:\n{quoted[: TEXT_MOST // 2]}\n"
    return Draft(message.reply_to, subject, text, box.delivery.sender_of(person))


def send_reply(box: Box, actor: Actor, entry: int, to: str, subject: str, text: str) -> Sent:
    """Answer a message. `to` has one or more addresses, with commas between them.

    Raises NotFound, and OperationError with the field that cannot be ("to", "text").
    """
    message, person = read_message(box, actor, entry), _sender(box, actor)
    if not text.strip():
        raise OperationError("text", "the answer is empty")
    if len(text) > TEXT_MOST:
        raise OperationError("text", f"an answer has at most {TEXT_MOST} characters")
    routes = _routes(box, to)
    mail = _begun(box, person, routes, "")
    mail["Subject"] = one_line(subject, 500)
    if message.message_id:
        mail["In-Reply-To"] = one_line(message.message_id)
        mail["References"] = one_line(f"{message.references} {message.message_id}", 2000)
    coding = None if text.isascii() else "quoted-printable"
    mail.set_content(text.replace("\r\n", "\n"), cte=coding)
    octets = mail.as_bytes()
    head = scan_head(octets)
    facts = Facts(box.db.clock.now(), head.sender, head.subject, door=actor.door, by=actor.login)
    envelope = Envelope(box.delivery.sender_of(person), routes, Kind.EMAIL, facts, b"", head)
    return _send(box, actor, envelope, len(octets), octets)


def forward_message(box: Box, actor: Actor, entry: int, to: str) -> Sent:
    """Send a message on as it is: its octets stay, who sends it on is named before them.

    [RFC 5322 §3.6.6]. Raises NotFound, and OperationError (field "to").
    """
    found, person = entry_for(box, actor, entry), _sender(box, actor)
    routes, sender = _routes(box, to), box.delivery.sender_of(person)
    head = scan_head(read_head(box.store.contents.octets(found.content)))
    envelope = Envelope(
        sender, routes, found.kind, _facts_of(box, actor, found), _resent(box, person, routes), head
    )
    return _send(box, actor, envelope, found.size, found.content)


def _facts_of(box: Box, actor: Actor, entry: Entry) -> Facts:
    return Facts(
        box.db.clock.now(),
        entry.sender,
        entry.subject,
        entry.caller_number,
        entry.caller_name,
        entry.duration_s,
        actor.door,
        actor.login,
    )


def _begun(box: Box, person: Person, routes: Sequence[Destination], before: str) -> EmailMessage:
    """A header that says who sends a mail to whom, when; `before` stands before each name."""
    sender, config = box.delivery.sender_of(person), box.delivery.config
    to = ", ".join(
        route.address if "@" in route.address else config.canonical(route.address)
        for route in routes
    )
    now = datetime.fromtimestamp(int(box.db.clock.now())).astimezone()
    mail = EmailMessage(policy=SMTP.clone(utf8=not f"{sender}{to}".isascii()))
    mail[f"{before}From"] = Address(one_line(person.name), addr_spec=sender)
    mail[f"{before}To"] = to
    mail[f"{before}Date"] = email.utils.format_datetime(now)
    mail[f"{before}Message-ID"] = f"<{secrets.token_hex(12)}.web@{config.hostname}>"
    return mail


def _resent(box: Box, person: Person, routes: Sequence[Destination]) -> bytes:
    return _begun(box, person, routes, "Resent-").as_bytes().removesuffix(b"\r\n")


def _sender(box: Box, actor: Actor) -> Person:
    """Who sends. Raises NotAllowed: an account of the machine has no address."""
    person = None if actor.person is None else box.people.by_id(actor.person)
    if person is None:
        raise NotAllowed("", "only a person with a box here can send mail")
    return person


def _routes(box: Box, to: str) -> tuple[Destination, ...]:
    """Where the addresses of a line lead; a login, mailbox or alias here is one, too."""
    addresses = [address.strip() for _, address in getaddresses([to.replace(";", ",")])]
    wanted = list(dict.fromkeys(filter(None, addresses)))
    if not wanted:
        raise OperationError("to", "name at least one address")
    if len(wanted) > RECIPIENTS_MOST:
        raise OperationError("to", f"a mail from here has at most {RECIPIENTS_MOST} recipients")
    return tuple(_route(box, address) for address in wanted)


def _route(box: Box, address: str) -> Destination:
    with field_of_errors("to"):
        try:
            return box.delivery.route(address)
        except NotOurs:
            return box.delivery.route_external(address)


def _send(box: Box, actor: Actor, envelope: Envelope, size: int, content: bytes | int) -> Sent:
    """Deliver a new mail (its octets), or one that the store has (its number)."""
    _refuse_too_many(box, actor)
    reserved: list[Destination] = []
    try:
        for route in envelope.recipients:
            with field_of_errors("to"):
                box.delivery.check_room(route, size, envelope.kind)
            reserved.append(route)
        with field_of_errors("to"):
            delivered = box.db.now(lambda tx: _deliver(box, actor, tx, envelope, content))
    finally:
        for route in reserved:
            box.delivery.release(route, size)
    return Sent(len(delivered.entries), len(delivered.queued))


def _deliver(box: Box, actor: Actor, tx: Tx, envelope: Envelope, content: bytes | int) -> Delivered:
    number = content if isinstance(content, int) else box.store.contents.write(tx, (content,))
    delivered = box.delivery.deliver(tx, envelope, number)
    to = ", ".join(route.address for route in envelope.recipients)
    event = AuditEvent(actor.person, None, f"to {one_line(to)}")
    box.store.audit_log.write(tx, "sent", actor.door, actor.login, [event])
    return delivered


def _refuse_too_many(box: Box, actor: Actor) -> None:
    since = box.db.clock.now() - HOUR_S
    rows = box.store.history(actor.person, limit=10 * HOURLY_MOST)
    if sum(row.verb == "sent" and row.at > since for row in rows) >= HOURLY_MOST:
        raise OperationError(
            "to", f"{HOURLY_MOST} mails were sent from here in this hour; try again later"
        )
