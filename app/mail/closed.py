"""Mail while its store cannot be opened: everybody is told why, and nobody is served.

A port that nobody listens on says nothing to a person. Here a mail program shows what is wrong
[RFC 3206 §4], and a server keeps its mail and comes again [RFC 5321 §3.1: 421 as a greeting]. The
limits of connections and the time that one has are those of the mail service.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

from app.core.clock import Clock, SystemClock
from app.mail.pop3.service import DAMAGED
from app.mail.pop3.states import Code
from app.mail.service import MailConfig, Ports, limits
from app.mail.smtp.replies import CLOSED, MISSING
from app.net.listener import Connection, Endpoint, ListenError, Server, ServerCertificate
from app.store.condition import State, StoreCondition

log = logging.getLogger(__name__)

LOOK_S = 2.0
"""Seconds between two looks whether the store is well again."""
HANDSHAKE_S = 60.0
"""Seconds that a handshake of TLS may take, as it may before a login."""
GONE = "the store of messages is missing; the box's administrator can put it back"
"""What a mail program is told of a store that is not there."""


class Refusal:
    """A session that says one line and is over: app.net.listener.Session."""

    wants_input = False

    def __init__(self, line: bytes, now: float) -> None:
        self._line = line
        self._since = now
        self.waits_since: float | None = now

    @property
    def closed(self) -> bool:
        """Once the line is said."""
        return not self._line

    def receive(self, data: bytes) -> None:
        """Nothing is asked of it."""

    def to_send(self) -> bytes:
        """The line, once."""
        line, self._line = self._line, b""
        return line

    def next_event(self) -> None:
        """None: it wants nothing done."""

    def tick(self, now: float) -> None:
        """Give up whom nothing can be said to: amid a handshake; `now` is monotonic seconds."""
        if now - self._since >= HANDSHAKE_S:
            self._line = b""

    def secured(self) -> None:
        """Nothing was said before."""

    def stop(self) -> None:
        """It is over already."""

    def fault(self) -> bytes:
        """Nothing more is said."""
        return b""


class RefusalService:
    """Refuses everybody with one line: app.net.listener.Service."""

    def __init__(self, label: str, line: bytes, clock: Clock) -> None:
        self.label, self.too_many, self._clock = label, line, clock

    def open(self, connection: Connection[Refusal]) -> Refusal:
        """The session of a new connection."""
        return Refusal(self.too_many, self._clock.monotonic())

    def handle(self, session: Refusal, event: None, connection: Connection[Refusal]) -> None:
        """Its sessions have no events."""

    def describe(self, session: Refusal) -> tuple[str, str]:
        """State and person."""
        return "refused", ""

    def lost(self, session: Refusal) -> None:
        """Nothing is kept of it."""


class ClosedMail:
    """Stands in for a MailService, with the same methods; made and used in one loop.

    `on_repaired` is called once the store is well again: a new service can then open it.
    """

    def __init__(
        self,
        config: MailConfig,
        condition: StoreCondition,
        on_repaired: Callable[[], None],
        clock: Clock | None = None,
    ) -> None:
        self._condition, self._on_repaired = condition, on_repaired
        self._clock: Clock = clock if clock is not None else SystemClock()
        gone = condition.read().state is State.MISSING
        line = Code.SYS_TEMP.reply(GONE if gone else DAMAGED)
        shown = config.shown()
        self._pop3 = self._server(config, "POP3", config.pop3_endpoints(), line, shown)
        line = (MISSING if gone else CLOSED).wire
        self._smtp = self._server(config, "SMTP", config.smtp_endpoints(), line, shown)
        self._limits = limits(config)
        self._next_look: asyncio.TimerHandle | None = None

    async def start(self) -> Ports:
        """Listen. Raises ListenError, which names the port and its setting."""
        log.error("nobody is served: %s", self._condition.read().text)
        self._look()
        try:
            return Ports(**await self._pop3.start(), **await self._smtp.start())
        except ListenError:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Listen no more."""
        if self._next_look is not None:
            self._next_look.cancel()
        await asyncio.gather(self._pop3.stop(), self._smtp.stop())

    def tick(self) -> None:
        """As MailService.tick."""
        self._pop3.tick()
        self._smtp.tick()

    def status(self) -> dict[str, Any]:
        """As MailService.status: this service does what it can, the store is what is not well."""
        return {
            "listening": self._pop3.listening and self._smtp.listening,
            "loop_late_ms": 0,
            "connections": self._pop3.connections + self._smtp.connections,
        }

    def held(self) -> dict[str, Any]:
        """As MailService.held."""
        return {
            "connections": self._pop3.held() + self._smtp.held(),
            "waiting_logins": 0,
            "lan": self._limits.total - self._limits.strangers,
            "strangers": self._limits.strangers,
        }

    def _look(self) -> None:
        if self._condition.read().state in (State.DAMAGED, State.MISSING):
            self._next_look = asyncio.get_running_loop().call_later(LOOK_S, self._look)
        else:
            self._on_repaired()

    def _server(
        self,
        config: MailConfig,
        label: str,
        endpoints: Sequence[Endpoint],
        line: bytes,
        shown: ServerCertificate | None,
    ) -> Server[Refusal]:
        service = RefusalService(label, line, self._clock)
        return Server(service, config.listen, endpoints, self._clock, limits(config), shown)
