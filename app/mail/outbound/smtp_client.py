"""Connections to next hops: what moves octets between a socket and a ClientSession.

    client = await connect(hop, Terms("box.example", Tls.TRY))     # Unreachable
    answers = await client.send(mail)                              # and again, while client.usable
    await client.quit()

A recipient counts as reached only when the server has answered 2xx to the whole message. If the
connection breaks between that answer and our hearing it, or we crash before we have noted it, the
mail goes again: it may then arrive twice, never not at all.

A message is sent piece by piece, and read meanwhile is what the server says; none is held whole.
"""

import asyncio
import logging
import os
import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import cast

from app.core.text import one_line
from app.mail.outbound.client_session import Answer, ClientSession, Terms, Tls
from app.mail.outbound.client_states import PATIENCE, ClientState
from app.mail.outbound.routing import Hop
from app.message.dot_stuffing import stuffed, whole_lines
from app.message.dsn import Asked
from app.net import client_tls

log = logging.getLogger(__name__)

CONNECT_S = 30.0  # to try the next host soon; RFC 5321 §4.5.3.2 sets no time for connecting
LEFTOVER = 65_536  # octets read from a connection that has broken
WHY_LIMIT = 200  # characters of an error of the system


@dataclass(frozen=True)
class OutgoingMail:
    """A mail on its way out: envelope, exact size in octets, and a way to read it from the start.

    The pieces have CR LF line ends, are cut anywhere, and are at most a chunk long.
    """

    sender: str
    """Envelope sender; "" is the null sender."""
    recipients: tuple[str, ...]
    size: int
    """Octets."""
    pieces: Callable[[], Iterable[bytes]]
    asked: Mapping[str, Asked] = field(default_factory=dict)
    """What its sender wants to be told of which recipient."""


class Unreachable(Exception):
    """No mail could be offered at this hop; another one may do. The text reads like a reply."""

    def __init__(self, reply: str, spoken: bool = False) -> None:
        """`spoken`: the reply holds what the server has said."""
        super().__init__(reply)
        self.spoken = spoken


async def connect(hop: Hop, terms: Terms) -> "SmtpClient":
    """A connection that is ready for mail. Raises Unreachable.

    Where TLS is only tried, a server that refuses it, breaks off or falls silent there is called
    again and spoken to in plain text, for without a policy of the domain (DANE, MTA-STS) an
    attacker could as well strike the offer of TLS out.
    """
    client = SmtpClient(hop, terms)
    try:
        await client.open()
    except Unreachable as problem:
        if terms.tls is not Tls.TRY or not client.tls_failed:
            raise
        log.info("%s: TLS failed, calling again without: %s", hop.name, problem)
        client = SmtpClient(hop, replace(terms, tls=Tls.NONE))
        await client.open()
    return client


class SmtpClient:
    """One connection to a next hop."""

    def __init__(self, hop: Hop, terms: Terms) -> None:
        self.hop = hop
        self._terms = terms
        self._session = ClientSession(terms)
        self._wire = _Wire(self._session)
        self.mails = 0
        """Number of mails that were offered by it."""

    @property
    def usable(self) -> bool:
        """Whether another mail can be offered, as far as we know."""
        return self._session.state is ClientState.READY

    @property
    def tls_failed(self) -> bool:
        """Whether it ended because TLS did not come about."""
        return self._session.tls_failed

    async def open(self) -> None:
        """Connect, and talk until mail can be offered. Raises Unreachable."""
        try:
            await self._connect()
            await self._talk(ClientState.READY, ClientState.TLS)
            if self._session.state is ClientState.TLS:
                await self._encrypt()
                await self._talk(ClientState.READY)
        except BaseException:
            self.abort()
            raise
        if not self.usable:
            self.abort()
            session = self._session
            raise Unreachable(f"{self._at()}: {session.failure}", session.spoken)

    async def send(self, mail: OutgoingMail) -> dict[str, Answer]:
        """Offer a mail, while `usable`; the answer for each recipient."""
        session, self.mails = self._session, self.mails + 1
        session.offer(mail.sender, mail.recipients, mail.size, mail.asked)
        try:
            await self._talk(ClientState.READY, ClientState.TEXT)
            if session.state is ClientState.TEXT:
                await self._pour(mail)
                await self._talk(ClientState.READY)
        except BaseException:
            self.abort()  # in the middle of the text no command can be given any more
            raise
        if not self.usable:
            self.abort()
        return session.answers

    async def quit(self) -> None:
        """Take leave as RFC 5321 §4.1.1.10 wants it, and end the connection."""
        if self.usable:
            self._session.leave()
            await self._talk(ClientState.CLOSED)
        self.abort()

    def abort(self) -> None:
        """End the connection at once."""
        if self._wire.transport is not None:
            self._wire.transport.abort()

    async def _connect(self) -> None:
        hop, loop = self.hop, asyncio.get_running_loop()
        secure = context(self._terms.verify) if self._terms.tls is Tls.IMPLICIT else None
        try:
            async with asyncio.timeout(CONNECT_S):
                await loop.create_connection(
                    lambda: self._wire,
                    hop.address,
                    hop.port,
                    ssl=secure,
                    server_hostname=hop.name if secure is not None else None,
                )
        except (OSError, ValueError) as problem:  # ssl.SSLError is an OSError
            why = one_line(client_tls.why(problem, CONNECT_S), WHY_LIMIT)
            raise Unreachable(f"{self._at()}: {why}") from problem

    async def _encrypt(self) -> None:
        wire, loop = self._wire, asyncio.get_running_loop()
        assert wire.transport is not None
        secure = context(self._terms.verify and self._terms.tls is not Tls.TRY)
        try:
            secured = await loop.start_tls(
                wire.transport,
                wire,
                secure,
                server_hostname=self.hop.name,
                ssl_handshake_timeout=PATIENCE[ClientState.TLS],
            )
        except (OSError, ValueError) as problem:
            why = one_line(client_tls.why(problem, PATIENCE[ClientState.TLS]), WHY_LIMIT)
            self._session.lost(f"TLS failed: {why.removeprefix('TLS failed: ')}")
            return
        if secured is not None and self._session.state is ClientState.TLS:
            wire.transport = secured
            self._session.encrypted()
        else:  # the connection broke as it began
            self._session.lost("TLS failed")

    async def _talk(self, *until: ClientState) -> None:
        """Say what the session has to say until it is in one of these states, or CLOSED."""
        session, wire = self._session, self._wire
        while session.state not in until and not session.closed:
            wire.flush()
            before, seconds = (session.state, session.replies), PATIENCE[session.state]
            try:
                async with asyncio.timeout(seconds):
                    while (session.state, session.replies) == before:
                        await wire.news()
            except TimeoutError:
                session.lost(f"no answer within {seconds:.0f} s")

    async def _pour(self, mail: OutgoingMail) -> None:
        """Send the message, for as long as the server says nothing."""
        session, wire = self._session, self._wire
        for piece in whole_lines(stuffed(mail.pieces())):
            if session.state is not ClientState.TEXT:
                return
            if not await wire.write(piece, PATIENCE[ClientState.TEXT]):
                session.lost("the server takes no more")
        session.end_text()

    def _at(self) -> str:
        """A server that cannot be reached is a temporary failure [RFC 5321 §4.5.4.1]."""
        return f"451 4.4.1 {self.hop.name} port {self.hop.port}"


class _Wire(asyncio.Protocol):
    """The socket's end of a session, as asyncio calls it."""

    def __init__(self, session: ClientSession) -> None:
        self._session = session
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self.transport: asyncio.Transport | None = None

    async def news(self) -> None:
        """Wait until something has happened."""
        self._news.clear()
        await self._news.wait()

    async def write(self, octets: bytes, patience: float) -> bool:
        """Send, and wait until there is room for more; what has come meanwhile is read.

        False if nothing at all has gone for so many seconds.
        """
        assert self.transport is not None
        self.transport.write(octets)
        await asyncio.sleep(0)
        while not self._room.is_set():
            left = self.transport.get_write_buffer_size()
            try:
                async with asyncio.timeout(patience):
                    await self._room.wait()
            except TimeoutError:
                if self.transport.get_write_buffer_size() >= left:
                    return False
        return True

    def flush(self) -> None:
        """Send what the session has to say."""
        if self.transport is not None and (octets := self._session.to_send()):
            self.transport.write(octets)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Octets of the server."""
        self._session.receive(data)
        self._news.set()

    def eof_received(self) -> None:
        """The server says no more."""
        self._session.lost("the server has closed the connection")
        self._news.set()

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is over; the server's last words may lie unread behind its reset."""
        if error is not None and self.transport is not None:
            self._session.receive(_unread(self.transport))
        why = one_line(str(error), WHY_LIMIT) if error is not None else "it was closed"
        self._session.lost(f"the connection broke: {why}")
        self._news.set()
        self._room.set()

    def pause_writing(self) -> None:
        """The transport holds enough."""
        self._room.clear()

    def resume_writing(self) -> None:
        """The transport has room again."""
        self._room.set()


def _unread(transport: asyncio.Transport) -> bytes:
    """What the kernel still holds of a connection in plain text."""
    sock = transport.get_extra_info("socket")
    if transport.get_extra_info("sslcontext") is not None or sock is None:
        return b""
    try:
        return os.read(sock.fileno(), LEFTOVER)
    except OSError:  # nothing
        return b""


@cache
def context(verify: bool) -> ssl.SSLContext:
    """How TLS begins; `verify`: with whoever an authority that the system knows vouches for."""
    if verify:
        return ssl.create_default_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
