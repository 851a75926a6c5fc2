"""Answering a message, and sending one on: mail of a person here, from their own address.

It goes where mail goes that a mail program submits: to people and aliases here, and elsewhere by
the queue, which signs it and brings it back if it cannot be sent.
"""

from dataclasses import dataclass
from email.utils import getaddresses

from app.core.text import one_line
from app.inbox.delivery import Destination, Envelope
from app.inbox.entries import Entry, Facts, Kind
from app.inbox.people import Person
from app.inbox.sending import HOURLY_MOST, RECIPIENTS_MOST, Sending
from app.message.headers import read_head, scan_head
from app.operations.actor import Actor
from app.operations.box import Box
from app.operations.errors import NotAllowed, OperationError, field_of_errors
from app.operations.inbox import entry_for
from app.operations.messages import read_message

TEXT_MOST = 100_000
"""Characters of an answer."""


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
        raise OperationError(
            "text", "an answer has at most %(text_most)s characters", text_most=TEXT_MOST
        )
    routes = _routes(box, to)
    mail = sending_of(box).begun(person, routes)
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
    if found.private:
        raise OperationError("to", "the message is private: it cannot be sent on")
    routes, sender = _routes(box, to), box.delivery.sender_of(person)
    head = scan_head(read_head(box.store.contents.octets(found.content)))
    envelope = Envelope(
        sender,
        routes,
        found.kind,
        _facts_of(box, actor, found),
        sending_of(box).resent(person, routes),
        head,
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


def sending_of(box: Box) -> Sending:
    """What delivers what people here send."""
    return Sending(box.db, box.store, box.delivery)


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
        raise OperationError(
            "to",
            "a mail from here has at most %(recipients_most)s recipients",
            recipients_most=RECIPIENTS_MOST,
        )
    with field_of_errors("to"):
        return tuple(map(sending_of(box).route, wanted))


def _send(box: Box, actor: Actor, envelope: Envelope, size: int, content: bytes | int) -> Sent:
    """Deliver a new mail (its octets), or one that the store has (its number)."""
    sending = sending_of(box)
    if actor.person is not None and sending.too_many(actor.person):
        raise OperationError(
            "to",
            "%(hourly_most)s mails were sent from here in this hour; try again later",
            hourly_most=HOURLY_MOST,
        )
    whole = content if isinstance(content, int) else (content,)
    with field_of_errors("to"):
        delivered = sending.send(actor.person, envelope, size, whole)
    return Sent(len(delivered.entries), len(delivered.queued))
