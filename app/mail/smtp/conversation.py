"""What an SMTP session is made of, for the commands (commands.py) that change it.

Who talks here, how far they have got, what will be said next, and how much patience is left. The
session itself (session.py) adds what its connection and its service call.
"""

import logging
from collections import deque

from app.core.fsm import Machine
from app.inbox.people import Person
from app.mail.sasl import Exchange
from app.mail.smtp import replies
from app.mail.smtp.data import ChunkReader, DataReader
from app.mail.smtp.envelope import (
    Abandoned,
    Begin,
    Complete,
    Octets,
    Peer,
    Policy,
    SmtpLimits,
    SmtpRequest,
    Transaction,
)
from app.mail.smtp.grammar import NULL, Address
from app.mail.smtp.replies import Reply
from app.mail.smtp.states import HINTS, SMTP, SMTP_ACTIONS, SmtpEvent, SmtpState
from app.net.lines import LineReader

log = logging.getLogger(__name__)


class Conversation:
    """One client's conversation."""

    def __init__(self, policy: Policy, peer: Peer, hostname: str, limits: SmtpLimits) -> None:
        self.policy = policy
        self.peer = peer
        self.hostname = hostname
        self.limits = limits
        self.helo = ""
        """What the client calls itself."""
        self.esmtp = False
        """It has said EHLO."""
        self.tls = False
        """What is said is encrypted."""
        self.person: Person | None = None
        """Who has logged in."""
        self.exchange: Exchange | None = None
        """A login under way."""
        self.transaction = Transaction(peer)
        self.message: DataReader | ChunkReader | None = None
        """Takes the octets of the mail."""
        self.events: deque[SmtpRequest] = deque()
        self.judged = 0
        """Recipients judged for this piece of output."""
        self.skip = 0
        """Octets of a refused chunk that are still to be thrown away."""
        self.after_skip: Reply | None = None
        """What is said then."""
        self._reader = LineReader(limits.line)
        self._out: list[bytes] = [replies.greeting(hostname).wire]
        self._machine = Machine(SMTP_ACTIONS, self, peer.host, log=None)
        self._errors = 0  # refused commands since the last accepted mail
        self._unknown = 0  # refused recipients since the last accepted mail

    # state

    @property
    def state(self) -> SmtpState:
        """Where the session stands."""
        return self._machine.state

    def move(self, event: SmtpEvent) -> bool:
        """Give the machine an event; one that its state refuses is answered with a hint."""
        if self._machine.event(event):
            return True
        log.info("SMTP session of %s in state %s: %s refused", self.peer.host, self.state, event)
        self.refuse(self.hint(event))
        return False

    def may(self, event: SmtpEvent) -> bool:
        """True if the event is accepted now; otherwise it is refused."""
        return SMTP.accepts(self.state, event) or self.move(event)

    def hint(self, event: SmtpEvent) -> Reply:
        """The answer to an event that is refused now."""
        return HINTS.get((self.state, event), replies.SAY_HELLO)

    # what is said

    def send(self, reply: Reply) -> None:
        """Say something."""
        self._out.append(reply.wire)

    def refuse(self, reply: Reply) -> None:
        """Answer a wrong command; after too many of them, close."""
        self._errors += 1
        self.send(reply)
        if self._errors >= self.limits.errors:
            self.leave(replies.TOO_MANY_ERRORS)

    def refuse_recipient(self, reply: Reply) -> None:
        """Refuse a recipient; guessing many names ends the session, one wrong list does not."""
        self.transaction.refused += 1
        self._unknown += 1
        self.send(reply)
        if self._unknown >= self.limits.unknown_recipients:
            self.leave(replies.TOO_MANY_ERRORS)

    def leave(self, reply: Reply) -> None:
        """Say the last word and close."""
        if self.state is SmtpState.CLOSED:
            return
        self.forget()
        self.move(SmtpEvent.LEAVE)
        self.send(reply)

    # the mail

    def forget(self) -> None:
        """End the mail under way, whatever became of it."""
        message = self.message
        if message is not None and not (message.ended or message.found.bad):
            self.events.append(Abandoned())
        self.policy.ended(self.transaction)
        self.transaction = self.new_mail()
        self.message = None

    def new_mail(self, sender: Address = NULL) -> Transaction:
        """A mail that this client begins."""
        return Transaction(
            self.peer, self.helo, self.esmtp, sender, tls=self.tls, person=self.person
        )

    def begin(self, message: DataReader | ChunkReader) -> None:
        """The octets of the mail follow."""
        self.message = message
        self.transaction.found = message.found
        self.events.append(Begin(self.transaction))

    @property
    def chunk_left(self) -> int:
        """Octets of the chunk that have not come."""
        return self.message.left if isinstance(self.message, ChunkReader) else 0

    def take_octets(self, octets: bytes) -> None:
        """Take octets of the mail; what follows them is commands."""
        message = self.message
        assert message is not None, "a message is being taken"
        was_bad = message.found.bad
        kept, rest = message.feed(octets)
        if kept:
            self.events.append(Octets(kept))
        if message.found.bad and not was_bad:
            self.events.append(Abandoned())
        if rest:
            self._reader.feed(rest)
        if message.ended:
            self._finish()
        elif isinstance(message, ChunkReader) and not message.left:
            self.move(SmtpEvent.CHUNK_END)
            self.send(replies.CHUNK_OK)

    def _finish(self) -> None:
        """All octets have come: the service decides, or there is nothing to decide."""
        found = self.transaction.found
        self.move(SmtpEvent.END)
        if not found.bad:
            self.events.append(Complete(self.transaction))
            return
        self.move(SmtpEvent.VERDICT)
        self.forget()
        if found.too_big:
            self.refuse(replies.TOO_BIG)
        else:
            self.refuse(replies.NUL_IN_DATA if found.nul else replies.BARE_LINE_END)
