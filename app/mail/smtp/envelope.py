"""What an SMTP session knows of a mail before its octets come, and whom it asks about it."""

from dataclasses import dataclass, field
from typing import Protocol

from app.inbox.delivery import Destination
from app.mail.smtp.data import Findings
from app.mail.smtp.grammar import NULL, Address
from app.mail.smtp.replies import Reply


@dataclass(frozen=True)
class Peer:
    """Who is on the line: IP address as text, and whether it is in one of the LAN networks."""

    host: str
    lan: bool = False


@dataclass(frozen=True)
class Accepted:
    """A recipient that will be served: the address as given, and where its mail goes."""

    address: Address
    destination: Destination


@dataclass
class Transaction:
    """One mail between MAIL and the verdict [RFC 5321 §3.3]."""

    peer: Peer
    helo: str = ""
    esmtp: bool = False
    sender: Address = NULL
    size: int = 0
    """Octets announced by SIZE; 0 when nothing was announced [RFC 1870]."""
    eight_bit: bool = False
    """BODY=8BITMIME was given [RFC 6152]."""
    utf8: bool = False
    """SMTPUTF8 was given [RFC 6531]."""
    accepted: list[Accepted] = field(default_factory=list)
    refused: int = 0
    """Number of recipients refused so far."""
    found: Findings = field(default_factory=Findings)

    @property
    def protocol(self) -> str:
        """The word after `with` in Received [RFC 3848, RFC 6531 §4.3]."""
        return "UTF8SMTP" if self.utf8 else "ESMTP" if self.esmtp else "SMTP"


class Policy(Protocol):
    """Who may send what to whom. Answers come at once: a session never waits for a verdict here."""

    def sender(self, transaction: Transaction) -> Reply | None:
        """Judge sender and announced size; None lets the mail go on to its recipients."""
        ...

    def recipient(self, transaction: Transaction, address: Address) -> Accepted | Reply:
        """Judge one recipient, and reserve room for the announced size."""
        ...

    def ended(self, transaction: Transaction) -> None:
        """The mail is over, delivered or not: reservations end."""
        ...


@dataclass(frozen=True)
class SmtpLimits:
    """What a session takes from a stranger before it refuses or ends."""

    size: int
    """Octets of one message."""
    recipients: int = 1000
    """Number of recipients of one message [RFC 5321 §4.5.3.1.8: at least 100]."""
    line: int = 1000
    """Octets of one command line [RFC 5321 §4.5.3.1.4: 512, and more with extensions]."""
    errors: int = 20
    """Number of wrong commands since the last accepted mail."""
    unknown_recipients: int = 100
    """Number of refused recipients since the last accepted mail."""
    idle_s: float = 300.0
    """Seconds of silence [RFC 5321 §4.5.3.2.7]."""


# Events for the service, in the order they happen. Only `Complete` waits for an answer.


@dataclass(frozen=True)
class Begin:
    """DATA was accepted; octets follow."""

    transaction: Transaction


@dataclass(frozen=True)
class Octets:
    """The next octets of the message, to be kept."""

    block: bytes


@dataclass(frozen=True)
class Abandoned:
    """The message is bad: what was kept of it can go; no more octets follow."""


@dataclass(frozen=True)
class Complete:
    """The message has ended well; answer with `accepted` or `rejected`."""

    transaction: Transaction


MessageEvent = Begin | Octets | Abandoned | Complete
"""What happens to the message of a session."""
