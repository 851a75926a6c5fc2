"""SMTP over the store [RFC 5321]: who may send to whom, and the one commit behind every `250`.

    service = SmtpService(db, store, delivery, SmtpConfig("box.example", lan, limits), clock)
    server = Server(service, "127.0.0.1", 2525, clock, limits)

Octets go to the store as they come (content.py). At the end of a message one work writes what
is left of it, makes the entries and the queue rows; only when that commit is on the disk does the
client hear 250. If it fails the client hears 451 and nothing of the mail is visible.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace

from app.core.clock import Clock
from app.inbox.delivery import Delivered, Delivery, Destination, Envelope
from app.inbox.errors import BadName, MailboxFull, MailLoop, NoSpace, NoSuchPerson, NotOurs
from app.inbox.store import Facts, Kind, Store
from app.mail.net.listener import Connection
from app.mail.outbound.srs import Srs, SrsError
from app.mail.pop3.login import Networks
from app.mail.smtp import replies
from app.mail.smtp.content import IncomingContent
from app.mail.smtp.data import Findings
from app.mail.smtp.envelope import (
    Abandoned,
    Accepted,
    Begin,
    Complete,
    MessageEvent,
    Octets,
    Peer,
    SmtpLimits,
    Transaction,
)
from app.mail.smtp.grammar import Address
from app.mail.smtp.replies import Reply
from app.mail.smtp.session import SmtpSession
from app.mail.smtp.trace import missing_fields, received, with_public_senders
from app.message.headers import HeadReader, scan_head
from app.store.database import Database, Tx

log = logging.getLogger(__name__)

# What the inbox refuses, as the peer hears it.
REFUSALS: dict[type[BaseException], Reply] = {
    NoSuchPerson: replies.UNKNOWN_PERSON,
    NotOurs: replies.NO_RELAY,
    BadName: replies.BAD_RECIPIENT,
    MailboxFull: replies.MAILBOX_FULL,
    NoSpace: replies.NO_SPACE,
    MailLoop: replies.LOOP,
}


@dataclass(frozen=True)
class SmtpConfig:
    """How SMTP is served.

    host    our name, for greeting and Received
    lan     networks whose clients may relay and may send bare LF
    limits  what one session may take
    """

    host: str
    lan: tuple[str, ...]
    limits: SmtpLimits


class DeliveryPolicy:
    """The verdicts of a session, from where delivery leads."""

    def __init__(self, delivery: Delivery, srs: Srs | None) -> None:
        self._delivery = delivery
        self._srs = srs

    def sender(self, transaction: Transaction) -> Reply | None:
        """Anybody may send; to whom is asked next."""
        return None

    def recipient(self, transaction: Transaction, address: Address) -> Accepted | Reply:
        """Where the address leads, with room reserved; or why not."""
        try:
            route = self._route(transaction, address)
            self._delivery.check_room(route, transaction.size)
        except (NoSuchPerson, NotOurs, BadName, MailboxFull, NoSpace) as refused:
            log.info("mail from %s: %s", transaction.peer.host, refused)
            return REFUSALS[type(refused)]
        if route.answered and not self._may_be_answered(transaction):
            return replies.NOBODY_READS
        return Accepted(address, route)

    def _may_be_answered(self, transaction: Transaction) -> bool:
        """People here may write to the sender of voicemails; others could have us send to anybody.

        Never the null sender [RFC 3834 §2].
        """
        sender = str(transaction.sender)
        return transaction.peer.lan and self._delivery.local_sender(sender) is not None

    def ended(self, transaction: Transaction) -> None:
        """Give back the reserved room."""
        for accepted in transaction.accepted:
            self._delivery.release(accepted.destination, transaction.size)

    def _route(self, transaction: Transaction, address: Address) -> Destination:
        """Raises one of REFUSALS."""
        try:
            return self._delivery.route(str(address))
        except NotOurs:
            if not transaction.peer.lan:
                raise
            return self._delivery.route_external(str(address))
        except NoSuchPerson:
            origin = self._origin(transaction, address)
            if origin is None:
                raise
            return self._delivery.route_external(str(origin))

    def _origin(self, transaction: Transaction, address: Address) -> Address | None:
        """Whom a notice to a rewritten sender of ours is for; notices have the null sender."""
        if self._srs is None or not transaction.sender.is_null or not self._srs.is_ours(address):
            return None
        try:
            return self._srs.restore(address)
        except SrsError as wrong:
            log.info("notice from %s refused: %s", transaction.peer.host, wrong)
            return None


class InboundMessage:
    """The mail that is coming in by one connection, one after another."""

    def __init__(
        self, service: "SmtpService", session: SmtpSession, connection: Connection[SmtpSession]
    ) -> None:
        self._service = service
        self._session = session
        self._connection = connection
        self._incoming: IncomingContent | None = None
        self._head = HeadReader()
        self._grown = 0  # octets by which the header has become longer than it came

    def handle(self, event: MessageEvent) -> None:
        """Do what the session asks for."""
        if isinstance(event, Octets):
            self._keep(event.block)
        elif isinstance(event, Begin):
            self._incoming = IncomingContent(
                self._service.db, self._service.store, self._progressed
            )
            self._head = HeadReader()
            self._grown = 0
        elif isinstance(event, Abandoned):
            self.drop()
        elif isinstance(event, Complete):
            self._deliver(event.transaction)

    def drop(self) -> None:
        """Forget the mail that was coming in."""
        incoming, self._incoming = self._incoming, None
        if incoming is not None:
            incoming.discard()
        self._session.hold_input(False)

    def _keep(self, block: bytes) -> None:
        if self._incoming is None:
            return
        if not self._head.complete:
            block = self._with_header(self._head.feed(block))
        self._incoming.add(block)
        self._session.hold_input(self._incoming.must_wait)

    def _with_header(self, octets: bytes) -> bytes:
        """The first octets of the message, once its header is known, as they are kept."""
        head = self._head
        if not octets or head.cut_off or not self._session.peer.lan:
            return octets
        changed = with_public_senders(head.head, self._service.delivery.public_address)
        if changed == head.head:
            return octets
        self._grown = len(changed) - len(head.head)
        octets = changed + octets[len(head.head) :]
        head.head = changed
        return octets

    def _progressed(self) -> None:
        """A chunk is on the disk; called in the writer thread."""
        self._service.in_loop(self._resume_input)

    def _resume_input(self) -> None:
        incoming = self._incoming
        if incoming is None or not incoming.must_wait:
            self._session.hold_input(False)
            self._connection.wake()

    def _deliver(self, mail: Transaction) -> None:
        """Start the one work that makes the mail real; the verdict comes when it is durable."""
        found = self._last_octets(mail)
        incoming, self._incoming = self._incoming, None
        assert incoming is not None, "a message that is complete has begun"
        delivery, name = self._service.delivery, secrets.token_hex(8)
        envelope = self._envelope(mail, name)

        def work(tx: Tx) -> Delivered:
            return delivery.deliver(tx, envelope, incoming.finish(tx, found))

        def done(future: "Future[Delivered]") -> None:
            self._service.in_loop(self._decide, future, incoming, name)

        self._service.deciding += 1
        self._service.db.submit(work).add_done_callback(done)

    def _last_octets(self, mail: Transaction) -> Findings:
        """Keep what is still held back of the message; its counts as it is kept."""
        if self._incoming is not None and not self._head.complete:
            self._incoming.add(self._with_header(self._head.end()))
        return replace(mail.found, size=mail.found.size + self._grown)

    def _decide(self, future: "Future[Delivered]", incoming: IncomingContent, name: str) -> None:
        self._service.deciding -= 1
        problem = future.exception()
        if problem is None:
            self._session.accepted(name)
        else:
            incoming.discard()
            reply = REFUSALS.get(type(problem), replies.TRY_AGAIN)
            log.log(
                logging.ERROR if reply is replies.TRY_AGAIN else logging.INFO,
                "mail %s from %s not delivered: %s",
                name,
                self._session.peer.host,
                problem,
            )
            self._session.rejected(reply)
        self._connection.wake()

    def _envelope(self, mail: Transaction, name: str) -> Envelope:
        config, now = self._service.config, self._service.clock.now()
        head = scan_head(self._head.head)
        prefix = received(mail, config.host, name, now)
        if mail.peer.lan:
            prefix += missing_fields(head, config.host, name, now)
        if head.is_text:
            prefix += b"\r\n"  # so that our fields are not taken for part of the text
        sender = str(mail.sender)
        if mail.peer.lan and sender:
            sender = self._service.delivery.public_address(sender) or sender
        facts = Facts(now, head.sender, head.subject, door="smtp", by=mail.peer.host)
        if head.is_voice:
            facts = replace(facts, duration_s=head.duration_s)
        return Envelope(
            sender=sender,
            recipients=tuple(accepted.destination for accepted in mail.accepted),
            kind=Kind.VOICEMAIL if head.is_voice else Kind.EMAIL,
            facts=facts,
            received_header=prefix,
            head=head,
        )


class SmtpService:
    """Makes sessions and does what they ask for; a `Service` for app.mail.net.listener.Server."""

    label = "SMTP"
    too_many = replies.TOO_BUSY.wire

    def __init__(
        self,
        db: Database,
        store: Store,
        delivery: Delivery,
        config: SmtpConfig,
        clock: Clock,
        srs: Srs | None = None,
    ) -> None:
        self.db = db
        self.store = store
        self.delivery = delivery
        self.config = config
        self.clock = clock
        self.deciding = 0  # messages whose commit is under way
        self._policy = DeliveryPolicy(delivery, srs)
        self._lan = Networks(config.lan)
        self._inbound: dict[SmtpSession, InboundMessage] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def open(self, connection: Connection[SmtpSession]) -> SmtpSession:
        """A session for a new connection."""
        self._loop = asyncio.get_running_loop()
        peer = Peer(connection.peer.partition("%")[0], connection.peer in self._lan)
        session = SmtpSession(self._policy, peer, self.config.host, self.config.limits)
        self._inbound[session] = InboundMessage(self, session, connection)
        return session

    def handle(
        self, session: SmtpSession, event: MessageEvent, connection: Connection[SmtpSession]
    ) -> None:
        """Do what the session asks for."""
        self._inbound[session].handle(event)

    def lost(self, session: SmtpSession) -> None:
        """A lost connection's unfinished mail goes; one that is being committed is delivered."""
        self._inbound.pop(session).drop()
        session.lost()

    def in_loop(self, call: Callable[..., object], *arguments: object) -> None:
        """Call something in the loop's thread, from the writer thread."""
        loop = self._loop
        assert loop is not None, "a connection was opened"
        loop.call_soon_threadsafe(call, *arguments)
