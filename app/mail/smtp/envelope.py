"""What an SMTP session knows of a mail before its octets come, and whom it asks about it."""

from dataclasses import dataclass, field
from typing import Protocol

from app.inbox.delivery import Destination
from app.inbox.people import Person
from app.inbox.room import Reservation
from app.mail.sasl import Credentials
from app.mail.smtp.data import Findings
from app.mail.smtp.grammar import NULL, Address
from app.mail.smtp.replies import Reply
from app.message.dsn import NO_MAIL_REQUEST, NO_REQUEST, MailRequest, RecipientRequest


@dataclass(frozen=True)
class Peer:
    """Who is on the line, and what may be offered there."""

    host: str
    """IP address."""
    lan: bool = False
    """It is in one of the LAN networks."""
    submission: bool = False
    """On a port for people's own mail [RFC 6409, RFC 8314], not on the one for all the world."""
    can_start_tls: bool = False
    """STARTTLS may be offered."""

    @property
    def may_log_in(self) -> bool:
        """Strangers have no business with passwords on the port for all the world."""
        return self.submission or self.lan


@dataclass(frozen=True)
class Accepted:
    """A recipient that will be served: the address as given, and where its mail goes."""

    address: Address
    destination: Destination
    asked: RecipientRequest = NO_REQUEST
    """Of what its sender wants to hear."""


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
    asked: MailRequest = NO_MAIL_REQUEST
    """What its sender wants in reports."""
    tls: bool = False
    """It came encrypted."""
    person: Person | None = None
    """Who has logged in."""
    accepted: list[Accepted] = field(default_factory=list)
    refused: int = 0
    """Number of recipients refused so far."""
    found: Findings = field(default_factory=Findings)
    room: Reservation | None = None
    """What it has reserved on the disk; from the first recipient on."""

    @property
    def ours(self) -> bool:
        """One of our own people or devices sends it: it may go anywhere."""
        return self.peer.lan or self.person is not None

    @property
    def protocol(self) -> str:
        """The word after `with` in Received [RFC 3848, RFC 6531 §4.3]."""
        if not self.esmtp:
            return "SMTP"
        word = "UTF8SMTP" if self.utf8 else "ESMTP"
        return word + "S" * self.tls + "A" * (self.person is not None)


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
    line: int = 2048
    """Octets of one command line [RFC 5321 §4.5.3.1.4: 512, and more with extensions].

    MAIL and RCPT have up to 1,150 with ours [RFC 3461 §4], a password by AUTH PLAIN 1,035.
    """
    errors: int = 20
    """Number of wrong commands since the last accepted mail."""
    unknown_recipients: int = 100
    """Number of refused recipients since the last accepted mail."""
    patience_s: float = 300.0
    """Seconds without an accepted mail [RFC 5321 §4.5.3.2.7], whatever else is said meanwhile."""
    octets_a_second: int = 256
    """Octets of a message that win a second more: who sends slower than that does not finish."""
    command_octets: int = 512_000
    """Octets of command lines without an accepted mail [§4.5.3.1: 1000 recipients of 512]."""


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


@dataclass(frozen=True)
class StartTls:
    """Begin TLS after the output so far, and tell the session `secured`."""


@dataclass(frozen=True)
class LoginWanted:
    """Judge a password; answer with `logged_in` or `login_refused`."""

    credentials: Credentials


SmtpRequest = MessageEvent | StartTls | LoginWanted
"""What a session asks of its service."""
