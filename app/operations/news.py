"""What a program that watches the box is told of its inboxes: how much is new, and what came in."""

from dataclasses import dataclass

from app.inbox.entries import Kind
from app.operations.actor import Actor, require_admin
from app.operations.box import Box

ARRIVALS = 50
"""Messages told of at one time; of more at once, the newest."""


@dataclass(frozen=True)
class Unread:
    """How much is new in one person's inbox."""

    person: int
    login: str
    voicemails: int
    emails: int


@dataclass(frozen=True)
class Arrived:
    """A message that has come in."""

    person: int
    voicemail: bool
    sender: str
    """Who wrote or called, as they or the exchange say: foreign text."""
    number: str
    """The caller's number; "" if it is not known, or it is a mail."""


@dataclass(frozen=True)
class News:
    """The inboxes at one moment."""

    last: int
    """The last change that this tells of."""
    unread: tuple[Unread, ...]
    arrived: tuple[Arrived, ...] = ()


def read_news(box: Box, actor: Actor, after: int | None = None) -> News:
    """What is new now, and what has come in after a change; None: nothing is looked for.

    Raises NotAllowed, and StoreFailed.
    """
    require_admin(actor, "see how much is new for others")
    log = box.store.audit_log
    last = log.last_change()
    unread = tuple(
        Unread(person.id, person.login, *box.store.unheard(person.id))
        for person in box.people.all()
    )
    if after is None or after >= last:
        return News(last, unread)
    changes = log.changes(after)
    came = [one.entry for one in changes if one.verb == "delivered" and one.entry is not None]
    arrived = tuple(one for entry in came[-ARRIVALS:] if (one := _arrived(box, entry)) is not None)
    return News(max(last, *(one.seq for one in changes)), unread, arrived)


def _arrived(box: Box, number: int) -> Arrived | None:
    entry = box.store.entry(number)
    if entry is None:
        return None
    voicemail = entry.kind is Kind.VOICEMAIL
    sender = (entry.caller_name or "") if voicemail else entry.sender
    return Arrived(entry.person, voicemail, sender, entry.caller_number or "")
