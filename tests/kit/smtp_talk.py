"""An SMTP session with a small world behind it: people, and what was kept of each mail."""

from dataclasses import dataclass, field, replace

from app.inbox.delivery import Destination
from app.inbox.people import Person, Transfer
from app.mail.sasl import Credentials
from app.mail.smtp import replies
from app.mail.smtp.envelope import (
    Abandoned,
    Accepted,
    Begin,
    Complete,
    LoginWanted,
    Octets,
    Peer,
    SmtpLimits,
    StartTls,
    Transaction,
)
from app.mail.smtp.grammar import Address
from app.mail.smtp.replies import Reply
from app.mail.smtp.session import SmtpSession


def limits(**changes: int) -> SmtpLimits:
    """The limits of a session, with changes; messages of 50 MB are taken."""
    return replace(SmtpLimits(size=50_000_000), **changes)


OUTSIDE = Peer("192.0.2.7")
LAN = Peer("127.0.0.1", lan=True)
TRAVELLER = Peer("192.0.2.8", submission=True, can_start_tls=True)
"""Somebody from outside on a port for people's own mail."""


def person(login: str) -> Person:
    """Somebody who has logged in."""
    return Person(
        id=1,
        login=login,
        name=login,
        mailbox="201",
        handset=None,
        address=None,
        admin=False,
        quota=None,
        voicemails=None,
        template=None,
        transfer=Transfer.ALL,
        fetched_is_heard=True,
        language="en",
        key_map="",
    )


def accepted(address: Address) -> Accepted:
    """A recipient whose mail goes nowhere."""
    return Accepted(address, Destination(str(address), (), (), False, ()))


@dataclass
class Kept:
    """A mail that was accepted."""

    sender: str
    recipients: list[str]
    octets: bytes
    dotted: int


@dataclass
class Talk:
    """Feeds a session and does what its events ask for; `verdict` None accepts."""

    peer: Peer = OUTSIDE
    limits: SmtpLimits = field(default_factory=limits)
    people: tuple[str, ...] = ("anna", "bob", "postmaster")
    verdict: Reply | None = None
    answers_at_once: bool = True
    passwords: dict[str, str] = field(default_factory=lambda: {"anna": "pass word"})

    def __post_init__(self) -> None:
        self.kept: list[Kept] = []
        self.abandoned = 0
        self.ends = 0
        self.secured = 0
        self.mails: list[Transaction] = []
        self.released = 0  # recipients whose reservations have ended
        self.waiting: Transaction | None = None
        self._octets: list[bytes] = []
        self.session = SmtpSession(self, self.peer, "box.test", self.limits)
        self.greeting = self.session.to_send()

    # the policy

    def sender(self, transaction: Transaction) -> Reply | None:
        return None

    def recipient(self, transaction: Transaction, address: Address) -> Accepted | Reply:
        if address.domain not in ("", "box.test"):
            return accepted(address) if transaction.ours else replies.NO_RELAY
        return accepted(address) if address.local in self.people else replies.UNKNOWN_PERSON

    def ended(self, transaction: Transaction) -> None:
        self.ends += 1
        self.released += len(transaction.accepted)

    # the conversation

    def send(self, data: bytes, step: int = 0) -> bytes:
        """Feed the octets, at once or `step` at a time, and give all answers."""
        answers = b""
        size = step or max(1, len(data))
        for at in range(0, len(data), size):
            self.session.receive(data[at : at + size])
            answers += self.turn()
        return answers

    def turn(self) -> bytes:
        """Handle what the session asks for; give what it says."""
        answers = b""
        while True:
            said, event = self.session.to_send(), self.session.next_event()
            answers += said
            if event is not None:
                self._handle(event)
            elif not said:
                return answers

    def answer(self) -> bytes:
        """Give the verdict that was held back, and what the session says then."""
        self._decide()
        return self.turn()

    def _decide(self) -> None:
        mail, self.waiting = self.waiting, None
        assert mail is not None, "no message waits for a verdict"
        if self.verdict is not None:
            self.session.rejected(self.verdict)
        else:
            recipients = [str(one.address) for one in mail.accepted]
            octets = b"".join(self._octets)
            assert len(octets) == mail.found.size
            self.mails.append(mail)
            self.kept.append(Kept(str(mail.sender), recipients, octets, mail.found.dotted))
            self.session.accepted("X")

    def _log_in(self, credentials: Credentials) -> None:
        if self.passwords.get(credentials.user) == credentials.password:
            self.session.logged_in(person(credentials.user))
        else:
            self.session.login_refused(replies.WRONG_PASSWORD)

    def _handle(self, event: object) -> None:
        match event:
            case StartTls():
                self.secured += 1
                self.session.secured()
            case LoginWanted(credentials):
                self._log_in(credentials)
            case Begin():
                self._octets = []
            case Octets(block):
                self._octets.append(block)
            case Abandoned():
                self._octets = []
                self.abandoned += 1
            case Complete(mail):
                self.waiting = mail
                if self.answers_at_once:
                    self._decide()


ENVELOPE = b"EHLO c\r\nMAIL FROM:<x@y.test>\r\nRCPT TO:<anna>\r\nDATA\r\n"


def codes(answers: bytes) -> list[int]:
    """The codes of complete replies (continuation lines left out)."""
    return [int(line[:3]) for line in answers.split(b"\r\n") if line[3:4] == b" "]
