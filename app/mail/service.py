"""The mail service: POP3 [RFC 1939], SMTP [RFC 5321] and the outgoing queue over one store.

    mail = MailService(db, appliance.mail_config(paths, settings))
    ports = await mail.start()          # Ports(pop3=2110, smtp=2525)
    ...
    await mail.stop()

Everything here runs in one asyncio loop, in one thread; besides it there are the store's writer
thread and the one that checks passwords.
"""

import asyncio
import logging
from dataclasses import dataclass

import dns.asyncresolver

from app.core.clock import Clock, SystemClock
from app.inbox.aliases import Aliases
from app.inbox.delivery import Delivery, DeliveryConfig
from app.inbox.people import People
from app.inbox.queue import Queue
from app.inbox.store import Store
from app.mail.net.listener import Limits, ListenError, Server
from app.mail.outbound.routing import SMTP_PORT, MxRoute, Route, Smarthost
from app.mail.outbound.runner import Outbound, OutboundConfig, RetrySchedule, Senders
from app.mail.outbound.srs import Srs
from app.mail.pop3.service import Pop3Config, Pop3Service
from app.mail.pop3.session import Pop3Session
from app.mail.smtp.envelope import SmtpLimits
from app.mail.smtp.service import SmtpConfig, SmtpService
from app.mail.smtp.session import SmtpSession
from app.store.database import Database

__all__ = ["ListenError", "MailConfig", "MailService", "Ports", "RetrySchedule"]

log = logging.getLogger(__name__)

CHECK_S = 0.5  # a change notice may be lost, and what is due has none


@dataclass(frozen=True)
class MailConfig:
    """What the mail service must know of the settings (app/config/settings.py)."""

    delivery: DeliveryConfig
    listen: str
    """Address to listen on."""
    pop3_port: int
    """0 lets the system choose; see Ports."""
    smtp_port: int
    lan: tuple[str, ...]
    """Networks whose clients may relay, log in without TLS and send bare LF."""
    largest: int
    """Octets of the largest mail accepted."""
    connections: int
    """Number of connections of POP3, and of SMTP, at one time."""
    connections_per_peer: int
    """Number of those from one address."""
    smarthost: tuple[str, int] | None
    """Host and port that take all outgoing mail; None: each domain's own servers."""
    retry: RetrySchedule
    """When mail that could not be sent is tried again."""
    srs_secret: bytes = b""
    """Key of rewritten senders; empty: senders of forwarded mail stay as they are."""
    srs_domain: str = ""
    """Public domain that rewritten senders are in."""
    mx_port: int = SMTP_PORT
    """Port of the world's mail servers; a test has its own."""
    resolver: dns.asyncresolver.Resolver | None = None
    """Who is asked for mail servers; None: the system's name servers."""


@dataclass(frozen=True)
class Ports:
    """The TCP ports that are really listened on."""

    pop3: int
    """Port number of POP3."""
    smtp: int
    """Port number of SMTP."""


class MailService:
    """The whole service; made in any thread, then used in the thread of its loop."""

    def __init__(self, db: Database, config: MailConfig, clock: Clock | None = None) -> None:
        self._clock = clock if clock is not None else SystemClock()
        self._config = config
        self._db = db
        self._store = Store(db, self._clock)
        people = People(db, self._clock)
        self._queue = Queue(db, self._store, people, config.delivery, self._clock)
        aliases = Aliases(db, people, config.delivery, self._clock)
        self._delivery = Delivery(self._store, people, aliases, self._queue, config.delivery)
        self._srs = _srs(config, self._clock)
        self._pop3_service = Pop3Service(
            db,
            self._store,
            people,
            Pop3Config(config.delivery.hostname, lan=config.lan),
            self._clock,
        )
        self._pop3 = self._pop3_server()
        self._smtp_service = self._make_smtp_service()
        self._smtp = self._smtp_server()
        self._outbound = self._make_outbound(people)
        self._listener = db.listener("mail")
        self._ticker: asyncio.TimerHandle | None = None
        self._seen = 0  # number of the last change that was checked

    async def start(self) -> Ports:
        """Listen and begin to send. Raises ListenError, which names the port and its setting."""
        self._sweep()
        loop = asyncio.get_running_loop()
        loop.add_reader(self._listener.fileno(), self._on_change)
        try:
            ports = Ports(pop3=await self._pop3.start(), smtp=await self._smtp.start())
        except ListenError:
            await self.stop()
            raise
        self._check_regularly()
        return ports

    async def stop(self) -> None:
        """Refuse new connections, finish what is being committed, stop sending."""
        asyncio.get_running_loop().remove_reader(self._listener.fileno())
        if self._ticker is not None:
            self._ticker.cancel()
        await asyncio.gather(self._smtp.stop(), self._pop3.stop(), self._outbound.stop())
        self._pop3_service.close()
        self._listener.close()

    def tick(self) -> None:
        """Let everything see the time now; a test calls it after it has turned its clock."""
        self._pop3.tick()
        self._smtp.tick()
        self._check()

    def is_idle(self, change: int) -> bool:
        """True when change number `change` has been seen, and nothing is due or under way.

        May be called from any thread.
        """
        return self._seen >= change and not self._smtp_service.deciding and self._outbound.idle()

    def _on_change(self) -> None:
        self._listener.clear()
        self._check()

    def _check(self) -> None:
        seen = self._store.last_change()
        self._outbound.send_due()
        self._seen = seen

    def _check_regularly(self) -> None:
        self._ticker = asyncio.get_running_loop().call_later(CHECK_S, self._check_regularly)
        self._check()

    def _sweep(self) -> None:
        """Drop what was coming in when this service ended last; nothing is coming in now."""
        now = self._clock.now()
        while self._db.now(lambda tx: self._store.contents.sweep(tx, begun_before=now)):
            log.info("messages that never arrived whole were dropped")

    # the parts

    def _limits(self) -> Limits:
        return Limits(self._config.connections, self._config.connections_per_peer)

    def _pop3_server(self) -> Server[Pop3Session]:
        config = self._config
        return Server(
            self._pop3_service,
            config.listen,
            config.pop3_port,
            self._clock,
            self._limits(),
            setting="mail.pop3_port",
        )

    def _make_smtp_service(self) -> SmtpService:
        config = self._config
        limits = SmtpLimits(size=config.largest)
        smtp = SmtpConfig(config.delivery.hostname, config.lan, limits)
        return SmtpService(self._db, self._store, self._delivery, smtp, self._clock, self._srs)

    def _smtp_server(self) -> Server[SmtpSession]:
        config = self._config
        return Server(
            self._smtp_service,
            config.listen,
            config.smtp_port,
            self._clock,
            self._limits(),
            setting="mail.smtp_port",
        )

    def _make_outbound(self, people: People) -> Outbound:
        config = self._config
        by_smarthost = config.smarthost is not None
        return Outbound(
            self._db,
            self._store,
            self._queue,
            _route(config),
            Senders(people, config.delivery, self._srs, by_smarthost),
            config.delivery,
            OutboundConfig(config.retry),
            self._clock,
        )


def _route(config: MailConfig) -> Route:
    if config.smarthost is not None:
        return Smarthost(*config.smarthost)
    delivery = config.delivery
    names = (delivery.hostname, *delivery.domains)
    return MxRoute(names, delivery.host_addresses, config.resolver, config.mx_port)


def _srs(config: MailConfig, clock: Clock) -> Srs | None:
    if not config.srs_secret or not config.srs_domain:
        return None
    return Srs(config.srs_secret, config.srs_domain, clock)
