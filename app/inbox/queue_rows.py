"""What a row of the outgoing queue says, what it is for, and what may follow from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from app.message.dsn import Asked


class Purpose(StrEnum):
    """What a row is for; see the head of app/inbox/queue.py."""

    CUSTODY = "custody"
    COPY = "copy"
    RELAY = "relay"
    LIST = "list"
    PROBE = "probe"

    @property
    def stands_alone(self) -> bool:
        """Whether a row's outcome is told without waiting for the others of its batch."""
        return self in (Purpose.RELAY, Purpose.LIST, Purpose.PROBE)


class RowState(StrEnum):
    """Where a row is."""

    WAITING = "waiting"
    HELD = "held"
    """It came back with a backup and is not sent until it is released (held_mail.py)."""
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
    destination: str
    """Domain of the recipient, in small letters; or whose account it goes by (destinations.py)."""
    state: RowState
    created_at: float
    """When it was queued; seconds since 1970 UTC, for people."""
    created_box_s: float
    """When it was queued; box time."""
    next_box_s: float
    """When it is to be tried next, its destination considered; box time."""
    attempts: int
    """How often it was tried."""
    reply: str
    """What the next hop said last, or why the destination could not be reached."""
    size: int
    """Octets of prefix and content."""
    next_at: float
    """When it is to be tried next, by the clock as it is now; seconds since 1970 UTC."""
    asked: Asked
    """What its sender wants to be told."""


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
    asked: Mapping[str, Asked] = field(default_factory=dict)
    """What the sender wants to be told, for recipients of whom they have said so."""
