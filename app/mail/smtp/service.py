"""SMTP over the store [RFC 5321]: who may send to whom, and the one commit behind every `250`.

    service = SmtpService(db, store, delivery, SmtpConfig("box.example", lan, limits), clock)
    server = Server(service, "127.0.0.1", [Endpoint(2525)], clock, limits)

Octets go to the store as they come (content.py). At the end of a message one work writes what
is left of it, makes the entries and the queue rows; only when that commit is on the disk does the
client hear 250. If it fails the client hears 451 and nothing of the mail is visible.
"""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial

from app.core.clock import Clock
from app.inbox.delivery import Delivered, Delivery, Envelope
from app.inbox.errors import NoSpace
from app.inbox.mail_facts import mail_facts
from app.inbox.people import Person
from app.inbox.store import Store
from app.mail.outbound.srs import Srs
from app.mail.sasl import Credentials
from app.mail.smtp import replies
from app.mail.smtp.arrival import tell_arrival
from app.mail.smtp.content import IncomingContent, InFlight, Leftovers
from app.mail.smtp.data import Findings
from app.mail.smtp.envelope import (
    Abandoned,
    Begin,
    Complete,
    LoginWanted,
    MessageEvent,
    Octets,
    Peer,
    SmtpLimits,
    SmtpRequest,
    StartTls,
    Transaction,
)
from app.mail.smtp.faxes import FaxNumbers
from app.mail.smtp.policy import REFUSALS, DeliveryPolicy, Rates
from app.mail.smtp.replies import Reply
from app.mail.smtp.session import SmtpSession
from app.mail.smtp.states import SmtpState
from app.mail.smtp.trace import missing_fields, received, with_public_senders, with_true_sender
from app.mail.spf import sender as spf
from app.mail.spf.names import Names
from app.message import authentication_results
from app.message.dsn import Asked
from app.message.headers import HeadReader, scan_head, without_mailbox_line
from app.net.listener import Connection
from app.net.logins import Logins
from app.net.peers import Networks
from app.store.database import Database, Tx

log = logging.getLogger(__name__)

SUBMISSION = ("submission", "submissions")
"""Endpoints for people's own mail; the other one is for all the world."""


@dataclass(frozen=True)
class SmtpConfig:
    """How SMTP is served.

    host    our name, for greeting and Received
    lan     networks whose clients may relay and may send bare LF
    limits  what one session may take
    rates   what is taken in an hour
    faxes   which numbers mail is faxed to; None: to none
    """

    host: str
    lan: tuple[str, ...]
    limits: SmtpLimits
    rates: Rates
    faxes: FaxNumbers | None = None


class InboundMessage:
    """The mail that is coming in by one connection, one after another."""

    def __init__(
        self, service: "SmtpService", session: SmtpSession, connection: Connection[SmtpSession]
    ) -> None:
        self._service = service
        self._session = session
        self._connection = connection
        self._incoming: IncomingContent | None = None
        self._refused: Reply | None = None  # why the mail that comes in is not kept
        self._mail: Transaction | None = None
        self._head = HeadReader()
        self._grown = 0  # octets by which the header has become longer than it came, or shorter
        self._spf: asyncio.Future[str] | None = None  # what is found of a stranger's sender

    def handle(self, event: MessageEvent) -> None:
        """Do what the session asks for with the message."""
        if isinstance(event, Octets):
            self._keep(event.block)
        elif isinstance(event, Begin):
            self._begin(event.transaction)
        elif isinstance(event, Abandoned):
            self.drop()
        elif isinstance(event, Complete):
            self._deliver(event.transaction)

    def _begin(self, mail: Transaction) -> None:
        assert mail.room is not None, "a mail with a recipient has asked for room"
        service = self._service
        self._incoming = IncomingContent(
            service.db,
            service.store,
            mail.room,
            service.leftovers,
            service.in_flight,
            service.progressed,
        )
        self._refused = None
        self._mail = mail
        self._head = HeadReader()
        self._grown = 0
        if service.names is not None and not mail.ours:
            asked = spf.say(service.names, mail.peer.host, str(mail.sender), mail.helo)
            self._spf = asyncio.ensure_future(asked)

    def drop(self) -> None:
        """Forget the mail that was coming in."""
        incoming, self._incoming = self._incoming, None
        if incoming is not None:
            incoming.discard()
        if self._spf is not None:
            self._spf.cancel()
            self._spf = None
        self._hold_input(False)

    def _keep(self, block: bytes) -> None:
        if self._incoming is None:
            return
        if not self._head.complete:
            block = self._with_header(self._head.feed(block))
        if self._add(self._incoming, block):
            self._hold_input(self._incoming.must_wait)

    def _add(self, incoming: IncomingContent, block: bytes) -> bool:
        """Keep more of the message; without room for it, what came is dropped and no more is kept.

        The peer hears so when it has sent all [RFC 5321 §4.2.5: 452 may answer the end of data].
        """
        try:
            incoming.add(block)
        except NoSpace as full:
            log.info("mail from %s: %s", self._session.peer.host, full)
            self.drop()
            self._refused = REFUSALS[NoSpace]
            return False
        return True

    def _with_header(self, octets: bytes) -> bytes:
        """The first octets of the message, once its header is known, as they are kept."""
        head, mail = self._head, self._mail
        if not octets or mail is None:
            return octets
        changed = self._service.without_forged(without_mailbox_line(head.head))
        if mail.ours and not head.cut_off:
            changed = self._service.with_senders(mail, changed)
        if changed == head.head:
            return octets
        self._grown = len(changed) - len(head.head)
        octets = changed + octets[len(head.head) :]
        head.head = changed
        return octets

    def _hold_input(self, held: bool) -> None:
        """Read no more of the message while enough octets of mail are not durable."""
        self._session.hold_input(held)
        waiting = self._service.held_back
        if held:
            waiting.add(self)
        else:
            waiting.discard(self)

    def resume_input(self) -> None:
        """Read on, if what is on its way to the disk has become less."""
        if self._incoming is None or not self._incoming.must_wait:
            self._hold_input(False)
            self._connection.wake()

    def _deliver(self, mail: Transaction) -> None:
        """The mail is whole: make it real once it is known what SPF says of its sender."""
        found = self._last_octets(mail)
        if self._refused is not None:
            self._session.rejected(self._refused)
        elif self._spf is None or self._spf.done():
            self._submit(mail, found)
        else:
            self._session.waits_for_others(True)
            self._connection.run(self._submit_after(self._spf, mail, found))

    async def _submit_after(
        self, asked: "asyncio.Future[str]", mail: Transaction, found: Findings
    ) -> None:
        await asyncio.wait({asked})
        self._session.waits_for_others(False)
        if self._incoming is None:
            return  # the connection was lost, and the mail with it
        if self._connection.will_send_no_more() and not self._session.unread:
            # Whoever has hung up hears no 250 and sends the mail again [RFC 5321 §6.1]; who only
            # sends no more, and still listens, hears that it was not taken.
            log.info("mail from %s: it hung up before an answer", self._session.peer.host)
            self.drop()
            self._session.rejected(replies.TRY_AGAIN)
        else:
            self._submit(mail, found)

    def _submit(self, mail: Transaction, found: Findings) -> None:
        """Start the one work that makes the mail real; the verdict comes when it is durable."""
        incoming, self._incoming = self._incoming, None
        assert incoming is not None, "a message that is complete has begun"
        delivery, name = self._service.delivery, secrets.token_hex(8)
        envelope = self._envelope(mail, name)

        def work(tx: Tx) -> Delivered:
            delivered = delivery.deliver(tx, envelope, incoming.finish(tx, found))
            tell_arrival(tx, delivery, mail, envelope, self._head.head)
            return delivered

        def done(future: "Future[Delivered]") -> None:
            self._service.decided(partial(self._decide, future, incoming, name))

        self._service.deciding += 1
        self._service.db.submit(work).add_done_callback(done)

    def _last_octets(self, mail: Transaction) -> Findings:
        """Keep what is still held back of the message; its counts as it is kept."""
        if self._incoming is not None and not self._head.complete:
            self._add(self._incoming, self._with_header(self._head.end()))
        if not self._grown:
            return mail.found
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
        if self._spf is not None:
            prefix = authentication_results.made(config.host, self._spf.result()) + prefix
            self._spf = None
        if mail.ours:
            prefix += missing_fields(head, config.host, name, now)
        if head.is_text:
            prefix += b"\r\n"  # so that our fields are not taken for part of the text
        sender = str(mail.sender)
        if mail.ours and sender:
            sender = self._service.delivery.public_address(sender) or sender
        kind, facts = mail_facts(head, now, "smtp", mail.peer.host)
        return Envelope(
            sender=sender,
            recipients=tuple(accepted.destination for accepted in mail.accepted),
            kind=kind,
            facts=facts,
            received_header=prefix,
            head=head,
            asked={str(one.address): Asked(mail.asked, one.asked) for one in mail.accepted},
        )


class SmtpService:
    """Makes sessions and does what they ask for; a `Service` for app.net.listener.Server."""

    label = "SMTP"
    too_many = replies.TOO_BUSY.wire

    def __init__(
        self,
        db: Database,
        store: Store,
        delivery: Delivery,
        config: SmtpConfig,
        clock: Clock,
        logins: Logins[Person],
        srs: Srs | None = None,
        names: Names | None = None,
    ) -> None:
        """`names` is the DNS that is asked about strangers' senders; None: nothing is asked."""
        self.names = names
        self.db = db
        self.store = store
        self.delivery = delivery
        self.config = config
        self.clock = clock
        self.in_flight = InFlight()
        self.held_back: set[InboundMessage] = set()
        """Mails of which no more is read at present."""
        self._verdicts: deque[Callable[[], None]] = deque()
        self.deciding = 0  # messages whose commit is under way
        self.leftovers = Leftovers(db, store)
        rules = config.rates, config.faxes
        self._policy = DeliveryPolicy(delivery, srs, db.condition, clock, *rules)
        self._logins = logins
        self._lan = Networks(config.lan)
        self._inbound: dict[SmtpSession, InboundMessage] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def open(self, connection: Connection[SmtpSession]) -> SmtpSession:
        """A session for a new connection."""
        self._loop = asyncio.get_running_loop()
        peer = Peer(
            connection.peer.partition("%")[0],
            lan=connection.peer in self._lan,
            submission=connection.endpoint.name in SUBMISSION,
            can_start_tls=connection.can_start_tls,
        )
        session = SmtpSession(
            self._policy, peer, self.config.host, self.config.limits, self.clock.monotonic()
        )
        self._inbound[session] = InboundMessage(self, session, connection)
        return session

    def handle(
        self, session: SmtpSession, event: SmtpRequest, connection: Connection[SmtpSession]
    ) -> None:
        """Do what the session asks for."""
        if isinstance(event, StartTls):
            connection.start_tls()
        elif isinstance(event, LoginWanted):
            connection.run(self._log_in(session, event.credentials, connection))
        else:
            self._inbound[session].handle(event)

    def describe(self, session: SmtpSession) -> tuple[str, str]:
        """The session's state, and who has logged in."""
        return session.state.value, "" if session.person is None else session.person.login

    async def _log_in(
        self, session: SmtpSession, said: Credentials, connection: Connection[SmtpSession]
    ) -> None:
        peer = connection.peer

        def is_wanted() -> bool:
            if session.state is not SmtpState.JUDGING:
                return False
            if connection.will_send_no_more() and not session.unread:
                connection.abort()
                return False
            return True

        try:
            verdict = await self._logins.judge(said.user, said.password, peer, is_wanted)
        except Exception:
            log.exception("SMTP login of %r from %s failed", said.user, peer)
            session.login_refused(replies.NO_LOGINS)
            return
        if verdict is None:
            return
        if verdict.person is not None:
            log.info("SMTP login of %s from %s", verdict.person.login, peer)
            session.logged_in(verdict.person)
        elif verdict.wait_s is None:
            log.info("SMTP login from %s not looked at: too many wrong passwords", peer)
            session.login_refused(replies.TOO_MANY_PASSWORDS)
        else:
            log.info("SMTP login from %s refused; it waits %g s", peer, verdict.wait_s)
            until = self.clock.monotonic() + verdict.wait_s
            session.login_refused(replies.WRONG_PASSWORD, until)

    def lost(self, session: SmtpSession) -> None:
        """A lost connection's unfinished mail goes; one that is being committed is delivered."""
        self._inbound.pop(session).drop()
        session.lost()

    def without_forged(self, head: bytes) -> bytes:
        """The header without what somebody else has written in the box's own name."""
        return authentication_results.without_forged(head, self.config.host)

    def with_senders(self, mail: Transaction, head: bytes) -> bytes:
        """The header of what one of us sends, with addresses by which the world can answer."""
        delivery, policy, person = self.delivery, self._policy, mail.person
        if person is not None:
            address = delivery.sender_of(person)
            head = with_true_sender(head, lambda found: policy.is_own(person, found), address)
        return with_public_senders(head, delivery.public_address)

    def progressed(self) -> None:
        """A chunk of some mail is on the disk; called in the writer thread."""
        self.in_loop(self._resume_input)

    def _resume_input(self) -> None:
        for message in list(self.held_back):
            message.resume_input()

    def decided(self, tell: Callable[[], None]) -> None:
        """Tell a session its verdict, from the writer thread; a group's wake the loop once."""
        self._verdicts.append(tell)
        if len(self._verdicts) == 1:
            self.in_loop(self._tell_verdicts)

    def _tell_verdicts(self) -> None:
        try:
            while self._verdicts:
                self._verdicts.popleft()()
        finally:
            if self._verdicts:  # one of them has failed: the others are told all the same
                self.in_loop(self._tell_verdicts)

    def in_loop(self, call: Callable[..., object], *arguments: object) -> None:
        """Call something in the loop's thread, from the writer thread."""
        loop = self._loop
        assert loop is not None, "a connection was opened"
        loop.call_soon_threadsafe(call, *arguments)
