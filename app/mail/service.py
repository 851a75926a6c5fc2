"""The mail service: POP3 [RFC 1939], SMTP [RFC 5321] and the outgoing queue over one store.

Where the inbox lives on an IMAP server it serves no mail programs, and keeps both in step instead.

    mail = MailService(db, appliance.mail_config(paths, settings))
    ports = await mail.start()          # Ports(pop3=2110, smtp=2525, pop3s=2995)
    ...
    await mail.stop()

Everything here runs in one asyncio loop, in one thread; besides it there are the store's writer
thread and the one that checks passwords.

Memory has a bound, whatever clients do. A connection costs 0.7 MB at most: 256 kB that are read
ahead and received, 64 kB of output that is not taken, one chunk of mail, 128 kB of header. A person
who has logged in by POP3 adds a piece of output (0.5 MB) and the list of their messages (0.07 kB
each); 4 MB of such lists are kept for the next logins. All incoming mails together have 8 MB on
their way to the disk. A visit to a POP3 server elsewhere, of which there are two at most, adds
25 MB where that lists 50,000 messages. With the settings as they come (200 connections each of POP3
and SMTP) that is less than 300 MB, and 75 MB when it is quiet.
TLS adds 20 kB to a connection, amid its handshake 0.1 MB by OpenSSL's own limits.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.clock import Clock, SystemClock
from app.core.own_addresses import is_this_machine
from app.core.resolver import Resolver
from app.imap.mirror.config import ImapConfig
from app.imap.mirror.none import NoMirror
from app.inbox.account_passwords import AccountPasswords, BoxAccount
from app.inbox.addresses import POSTMASTER
from app.inbox.aliases import Aliases
from app.inbox.delivery import Delivery, DeliveryConfig
from app.inbox.destinations import person_of
from app.inbox.fetch_accounts import FetchAccounts
from app.inbox.known_passwords import KnownPasswords
from app.inbox.login_names import LoginNames
from app.inbox.outgoing_accounts import OutgoingAccounts
from app.inbox.people import People
from app.inbox.queue import Queue
from app.inbox.rewritten_senders import RewrittenSenders
from app.inbox.room import Room
from app.inbox.store import Store
from app.mail.control import Lateness
from app.mail.domain_watch import DomainWatch
from app.mail.fetch.incoming import Parts
from app.mail.fetch.service import FetchService
from app.mail.outbound.client_session import Login, Terms, Tls
from app.mail.outbound.routing import (
    SMTP_PORT,
    MxRoute,
    PersonalRoute,
    Route,
    Smarthost,
    SystemResolver,
)
from app.mail.outbound.runner import Outbound, OutboundConfig, RetrySchedule, Senders
from app.mail.outbound.srs import Srs
from app.mail.pop3.keeping import Keeping
from app.mail.pop3.service import Pop3Config, Pop3Service
from app.mail.pop3.session import Pop3Session
from app.mail.signing.keys import KeyFinder
from app.mail.signing.signer import Signer, SignerConfig
from app.mail.smtp.envelope import SmtpLimits
from app.mail.smtp.faxes import FaxNumbers
from app.mail.smtp.policy import Rates
from app.mail.smtp.service import SmtpConfig, SmtpService
from app.mail.smtp.session import SmtpSession
from app.mail.spf.names import DnsNames
from app.net.listener import Endpoint, Limits, ListenError, Server, ServerCertificate
from app.net.logins import Logins
from app.net.peers import Networks
from app.store.database import Database

if TYPE_CHECKING:
    from app.imap.mirror.service import MirrorService

__all__ = ["ListenError", "MailConfig", "MailService", "Ports", "Rates", "RetrySchedule"]

log = logging.getLogger(__name__)

DNS_ANSWERS = 200
"""Answers about strangers' senders that are remembered: most mail is from the same few domains, and
each question takes 1 ms of a PC's processor. 10 kB each at most."""
REST_S = 0.02
"""After a change was looked at, before the next one is."""
CHECK_S = 0.5  # a change notice may be lost, and what is due has none


@dataclass(frozen=True)
class MailConfig:
    """What the mail service must know of the settings (app/config/settings.py)."""

    delivery: DeliveryConfig
    listen: str
    """Address to listen on."""
    pop3_port: int
    """0 lets the system choose, also for the others; see Ports."""
    pop3s_port: int
    """Of POP3 by TLS from the first octet."""
    smtp_port: int
    submission_port: int
    """Of SMTP for people's own mail."""
    submissions_port: int
    """Of that by TLS from the first octet."""
    plain_passwords: bool
    """Whether clients of `lan` may say passwords without TLS."""
    login_delay_s: int
    """Seconds between two POP3 logins of a person at least; 0: no rule."""
    lan: tuple[str, ...]
    """Networks whose clients may relay, and send bare LF."""
    largest: int
    """Octets of the largest mail accepted."""
    connections: int
    """Number of connections of POP3, and of SMTP, at one time."""
    connections_per_peer: int
    """Number of those from one address."""
    strangers_percent: int
    """Share of them that clients from elsewhere than `lan` have, in percent."""
    rates: Rates
    """How much mail is taken in an hour."""
    smarthost: tuple[str, int] | None
    """Host and port that take all outgoing mail; None: each domain's own servers."""
    retry: RetrySchedule
    """When mail that could not be sent is tried again."""
    certificate: tuple[str, str] | None = None
    """Paths of the box's certificate and its key (PEM); None: no TLS."""
    smarthost_tls: Tls = Tls.TRY
    smarthost_verify: bool = True
    """Whether its certificate is checked where TLS is demanded."""
    smarthost_lmtp: bool = False
    """Whether it is spoken to by LMTP."""
    smarthost_account: BoxAccount | None = None
    """The login there; its password lies encrypted in the store."""
    demand_tls: bool = False
    """Whether nothing goes to each domain's own servers in plain text."""
    srs_secret: bytes = b""
    """Key of rewritten senders; empty: senders of forwarded mail stay as they are."""
    signing_key: str = ""
    """File with the key that mail of the public domain is signed with; there may be none."""
    account_key: str = ""
    """File with the key of kept passwords (app/inbox/account_passwords.py)."""
    srs_domain: str = ""
    """Public domain that rewritten senders are in; needed with a key."""
    mx_port: int = SMTP_PORT
    """Port of the world's mail servers; a test has its own."""
    imap: ImapConfig | None = None
    """The server that the inbox lives on, which then serves mail programs; None: it lives here."""
    faxes: FaxNumbers | None = None
    """Which numbers mail is faxed to; None: to none."""
    resolver: Resolver | None = None
    """Who is asked for mail servers; None: the system's name servers."""

    def pop3_endpoints(self) -> tuple[Endpoint, ...]:
        """Where POP3 is served, if it is; the names are those of fields of Ports."""
        if self.imap is not None:
            return ()
        plain = Endpoint(self.pop3_port, "mail.pop3_port", name="pop3")
        tls = Endpoint(self.pop3s_port, "mail.pop3s_port", tls=True, name="pop3s")
        return (plain, tls) if self.certificate else (plain,)

    def smtp_endpoints(self) -> tuple[Endpoint, ...]:
        """Where SMTP is served, if it is; the names are those of fields of Ports."""
        if self.imap is not None:
            return ()
        world = Endpoint(self.smtp_port, "mail.smtp_port", name="smtp")
        own = Endpoint(self.submission_port, "mail.submission_port", name="submission")
        tls = Endpoint(self.submissions_port, "mail.submissions_port", tls=True, name="submissions")
        return (world, own, tls) if self.certificate else (world,)

    def shown(self) -> ServerCertificate | None:
        """What the box shows to clients; None: there is no TLS."""
        if self.certificate is None:
            return None
        certificate, key = self.certificate
        return ServerCertificate(Path(certificate), Path(key))


@dataclass(frozen=True)
class Ports:
    """The TCP ports that are really listened on; 0: not listened on."""

    pop3: int = 0
    """POP3 [RFC 1939]."""
    smtp: int = 0
    """SMTP [RFC 5321]."""
    pop3s: int = 0
    """POP3 by TLS from the first octet [RFC 8314 §3.2]."""
    submission: int = 0
    """SMTP for people's own mail [RFC 6409]."""
    submissions: int = 0
    """That by TLS from the first octet [RFC 8314 §3.3]."""


class MailService:
    """The whole service; made in any thread, then used in the thread of its loop."""

    def __init__(
        self,
        db: Database,
        config: MailConfig,
        clock: Clock | None = None,
        on_gone: Callable[[], None] | None = None,
        is_own: Callable[[str], bool] = is_this_machine,
    ) -> None:
        """`on_gone` is called when another file, or none, is where the store was.

        `is_own` tells whether an IP address leads back to this machine.
        """
        self._is_own = is_own
        self._on_gone = on_gone
        self._clock = clock if clock is not None else SystemClock()
        self._config = config
        self._db = db
        self._store = Store(db, self._clock)
        people = People(db, self._clock)
        self._queue = Queue(db, self._store, people, config.delivery, self._clock)
        aliases = Aliases(db, people, config.delivery, self._clock)
        # Written by the thread that writes the mail, too, and so before the mail that needs it.
        room = Room(db, self._store, config.delivery, write=db.submit)
        self._delivery = Delivery(self._store, people, aliases, self._queue, config.delivery, room)
        self._srs = _srs(config, db)
        self.passwords = AccountPasswords(db, Path(config.account_key).read_bytes)
        names = LoginNames(people, aliases, config.delivery)
        known = KnownPasswords(people, self._clock)
        self._logins = Logins(known.check, names.login_of, self._clock)
        self._keeping = Keeping(self._delivery.limits, people, self._clock)
        self._pop3_service = self._make_pop3_service()
        shared = self._clock, limits(config), config.shown()
        self._resolver = _resolver(config)
        self._pop3: Server[Pop3Session] = Server(
            self._pop3_service, config.listen, config.pop3_endpoints(), *shared
        )
        self._smtp_service = self._make_smtp_service()
        self._smtp: Server[SmtpSession] = Server(
            self._smtp_service, config.listen, config.smtp_endpoints(), *shared
        )
        self._outbound = self._make_outbound(people)
        self._fetch = self._make_fetch(people)
        self._mirror = self._make_mirror(people)
        self.domain_watch = DomainWatch(db, aliases, config.delivery, self._clock, config.resolver)
        self._listener = db.listener("mail")
        self._ticker: asyncio.TimerHandle | None = None
        self._rest: asyncio.TimerHandle | None = None  # until the store is looked at again
        self._lateness = Lateness()
        self._check_due = 0.0  # by the loop's clock
        self._seen = 0  # number of the last change that was checked

    async def start(self) -> Ports:
        """Listen and begin to send. Raises ListenError, which names the port and its setting."""
        self._smtp_service.leftovers.sweep()
        self._outbound.begin()
        await self._pop3_service.finish_removals()
        await self._logins.in_thread(self._keeping.refresh)
        loop = asyncio.get_running_loop()
        loop.add_reader(self._listener.fileno(), self._on_change)
        try:
            ports = Ports(**await self._pop3.start(), **await self._smtp.start())
        except ListenError:
            await self.stop()
            raise
        await self._mirror.start()
        self._check_regularly()
        return ports

    async def stop(self) -> None:
        """Refuse new connections, finish what is being committed, stop sending."""
        asyncio.get_running_loop().remove_reader(self._listener.fileno())
        for timer in (self._ticker, self._rest):
            if timer is not None:
                timer.cancel()
        await asyncio.gather(
            self._smtp.stop(),
            self._pop3.stop(),
            self._outbound.stop(),
            self._fetch.stop(),
            self._mirror.stop(),
        )
        await self.domain_watch.stop()
        self._logins.close()
        self._listener.close()

    def tick(self) -> None:
        """Let everything see the time now; a test calls it after it has turned its clock."""
        self._pop3.tick()
        self._smtp.tick()
        self._fetch.tick()
        self._check()

    def status(self) -> dict[str, Any]:
        """How the service is, for its control socket: what health asks for.

        listening     both addresses are open
        loop_late_ms  how late the loop came to what was due, at most, in the last minute or two
        connections   number of connections
        imap          the inboxes on a server: how many are `connected`, and `away`
        """
        listening = self._pop3.listening and self._smtp.listening
        return {
            "listening": listening or self._config.imap is not None,
            "imap": self._mirror.status(),
            "loop_late_ms": round(self._lateness.worst * 1000),
            "connections": self._pop3.connections + self._smtp.connections,
        }

    def held(self) -> dict[str, Any]:
        """Who holds which connection, for the control socket.

        connections     a dict each: protocol, peer (IP address), lan (of the LAN's share), state,
                        person (their login), open_s and waits_s (seconds; None: it does not wait
                        for a login or mail), received and sent (octets)
        waiting_logins  number of passwords that wait to be looked at
        lan, strangers  number of connections that each may have, of POP3 and of SMTP
        """
        allowed = limits(self._config)
        return {
            "connections": self._pop3.held() + self._smtp.held(),
            "waiting_logins": len(self._logins),
            "lan": allowed.total - allowed.strangers,
            "strangers": allowed.strangers,
        }

    def is_idle(self, change: int) -> bool:
        """True when change number `change` has been seen, and nothing is due or under way.

        May be called from any thread.
        """
        done = not self._smtp_service.deciding and self._outbound.idle() and self._fetch.idle()
        return self._seen >= change and done and self._mirror.idle()

    def _on_change(self) -> None:
        """Look at what has changed, and then not for REST_S: mail may come in hundreds a second."""
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._listener.fileno())
        self._rest = loop.call_later(REST_S, self._rested)
        self._listener.clear()
        self._check()

    def _rested(self) -> None:
        self._rest = None
        asyncio.get_running_loop().add_reader(self._listener.fileno(), self._on_change)

    def _check(self) -> None:
        if not self._db.condition.damage().writable:
            return  # what has been sent could not be noted, and would be sent again and again
        seen = self._store.last_change()
        self._outbound.send_due()
        self._fetch.visit_due()
        self._mirror.changed()
        self._smtp_service.leftovers.retry()
        self.domain_watch.look()
        self._seen = seen

    def _check_regularly(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._lateness.seen(now, now - self._check_due if self._check_due else 0.0)
        self._check_due = now + CHECK_S
        self._ticker = loop.call_at(self._check_due, self._check_regularly)
        if self._on_gone is not None and not self._db.in_place:
            log.error("%s is not the store that it was: no more mail is taken", self._db.path)
            self._on_gone()
        self._fetch.tick()
        self._check()

    # the parts

    def _make_pop3_service(self) -> Pop3Service:
        config = self._config
        plain = config.lan if config.plain_passwords else ()
        served = Pop3Config(config.delivery.hostname, plain, config.login_delay_s)
        return Pop3Service(self._db, self._store, self._logins, self._keeping, served, self._clock)

    def _make_smtp_service(self) -> SmtpService:
        config = self._config
        size = SmtpLimits(size=config.largest)
        smtp = SmtpConfig(config.delivery.hostname, config.lan, size, config.rates, config.faxes)
        parts = self._db, self._store, self._delivery, smtp, self._clock, self._logins, self._srs
        return SmtpService(*parts, DnsNames(self._resolver))

    def _make_outbound(self, people: People) -> Outbound:
        config = self._config
        self._outgoing_accounts = OutgoingAccounts(self._db, self.passwords, self._clock)
        by_smarthost = config.smarthost is not None
        return Outbound(
            self._db,
            self._store,
            self._queue,
            self._route(),
            self._terms,
            Senders(people, config.delivery, self._srs, by_smarthost),
            OutboundConfig(config.retry),
            self._signer(),
        )

    def _signer(self) -> Signer | None:
        """What signs mail, if there is a domain to sign for."""
        config = self._config
        if not config.srs_domain:
            return None
        keys = KeyFinder(self._resolver, self._clock.monotonic)
        signs = SignerConfig(Path(config.signing_key), config.srs_domain, config.delivery.hostname)
        return Signer(signs, keys, self._clock.now)

    def _route(self) -> Route:
        return PersonalRoute(self._shared_route(), self._account)

    def _serves(self, address: str, port: int) -> bool:
        """Whether this service itself takes mail there."""
        config = self._config
        ours = (config.smtp_port, config.submission_port, config.submissions_port)
        return port in ours and is_this_machine(address)

    def _account(self, person: int) -> tuple[str, int] | None:
        found = self._outgoing_accounts.of(person)
        return None if found is None else (found.server, found.port)

    def _shared_route(self) -> Route:
        config = self._config
        if config.smarthost is not None:
            return Smarthost(*config.smarthost, is_own=self._serves)
        delivery = config.delivery
        # What a hosting service serves, too, is looked for there.
        names = {delivery.hostname, *delivery.domains} - set(delivery.shared)
        return MxRoute(names, self._is_own, config.resolver, config.mx_port)

    def _terms(self, key: str) -> Terms:
        """How the servers of a route's key are spoken to. Raises InboxError without a password."""
        config, name = self._config, self._config.delivery.hostname
        person = person_of(key)
        account = None if person is None else self._outgoing_accounts.of(person)
        if account is not None:
            personal = Login(account.user, self._outgoing_accounts.password(account))
            return Terms(name, Tls(account.tls.value), login=personal)
        if config.smarthost is None:
            return Terms(name, Tls.STARTTLS if config.demand_tls else Tls.TRY, verify=False)
        login: Login | None = None
        if (own := config.smarthost_account) is not None:
            login = Login(own.user, self.passwords.of_box(own))
        tls, verify = config.smarthost_tls, config.smarthost_verify
        return Terms(name, tls, verify, login, lmtp=config.smarthost_lmtp)

    def _make_fetch(self, people: People) -> FetchService:
        delivery = self._config.delivery
        parts = Parts(
            self._db,
            self._store,
            self._delivery,
            FetchAccounts(self._db, self.passwords, self._clock),
            self._smtp_service.leftovers,
            self._smtp_service.in_flight,
            self._clock,
            delivery.hostname,
            delivery.canonical(POSTMASTER),
            self._config.largest,
        )
        return FetchService(parts, people, self.passwords)

    def _make_mirror(self, people: People) -> "MirrorService | NoMirror":
        config = self._config
        if config.imap is None:
            return NoMirror(self._db)
        from app.imap.mirror.service import MirrorService
        from app.imap.net.connection import connect

        parts = (self._db, self._store, people, self.passwords, config.imap)
        return MirrorService(*parts, config.delivery.hostname, connect)


def _resolver(config: MailConfig) -> Callable[[], Resolver]:
    """Who is asked for names of strangers: what it gives at the time."""
    given, system = config.resolver, SystemResolver(remembers=DNS_ANSWERS)
    return system.current if given is None else lambda: given


def limits(config: MailConfig) -> Limits:
    """The connections of POP3, and of SMTP."""
    return Limits(
        config.connections,
        config.connections_per_peer,
        config.strangers_percent,
        Networks(config.lan),
    )


def _srs(config: MailConfig, db: Database) -> Srs | None:
    if not config.srs_secret:
        return None
    return Srs(config.srs_secret, config.srs_domain, db.box_time.now, RewrittenSenders(db))
