"""The socket of an IMAP session: moves octets, does TLS, and keeps the time."""

import asyncio
import contextlib
import ssl

from app.imap.net.api import SLOWEST, Gone, ProtocolError, Server, Timeouts
from app.imap.net.session import Event, Failed, ImapSession, Login, StartTls
from app.net import client_tls

READ = 65_536
"""Octets that are read at a time."""
FAREWELL_S = 1.0
"""Seconds that closing may take."""


class Quiet(Exception):
    """Nothing has come within the time."""


class Wire:
    """One connection and the session over it."""

    def __init__(
        self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._server = server
        self._reader, self._writer = reader, writer
        self.session = ImapSession(
            Login(server.login, server.password, server.authorize_as, server.tls)
        )
        self.octets = 0
        """How many have gone to and fro."""

    @classmethod
    async def open(cls, server: Server) -> "Wire":
        """Connect, under TLS from the first octet if that is how it is done. Raises Gone."""
        patience_s = server.timeouts.connect_s
        context = _context(server) if server.tls == "implicit" else None
        try:
            async with asyncio.timeout(patience_s):
                reader, writer = await asyncio.open_connection(
                    server.host,
                    server.port,
                    ssl=context,
                    server_hostname=server.host if context else None,
                    limit=READ,
                )
        except (OSError, TimeoutError, UnicodeError) as problem:
            raise Gone(client_tls.why(problem, patience_s)) from problem
        wire = cls(server, reader, writer)
        try:
            wire._check_pin()
        except BaseException:
            wire.abort()
            raise
        return wire

    @property
    def timeouts(self) -> Timeouts:
        """How long the server may take."""
        return self._server.timeouts

    async def next_event(self, patience_s: float) -> Event:
        """The next event but those of TLS and of failure; sends what there is to send.

        Raises Quiet if none comes for so long and the time that the octets are worth which have
        come, and the error that the session ended with.
        """
        loop, before = asyncio.get_running_loop(), self.octets
        begun = loop.time()
        while True:
            event = self.session.next_event()
            if isinstance(event, StartTls):
                await self._start_tls()
            elif isinstance(event, Failed):
                self.abort()
                raise event.error
            elif event is not None:
                return event
            else:
                await self.send()
                until = begun + patience_s + (self.octets - before) / SLOWEST
                await self._receive(max(0.0, until - loop.time()))

    async def send(self) -> None:
        """Send what there is to send; one that takes none of it fails the session."""
        try:
            async with asyncio.timeout(self.timeouts.answer_s):
                if octets := self.session.to_send():
                    self._writer.write(octets)
                    await self._writer.drain()
                    self.octets += len(octets)
        except TimeoutError:
            self._fail(f"it takes nothing for {self.timeouts.answer_s:.0f} s")
        except OSError as problem:
            self._fail(client_tls.why(problem, self.timeouts.answer_s))

    async def _receive(self, patience_s: float) -> None:
        if self.session.is_over:
            return
        try:
            async with asyncio.timeout(patience_s):
                data = await self._reader.read(READ)
        except TimeoutError as problem:
            raise Quiet from problem
        except OSError as problem:  # ssl.SSLError is one
            self._fail(client_tls.why(problem, patience_s))
            return
        if data:
            self.octets += len(data)
            self.session.receive(data)
        else:
            self.session.lost()

    async def _start_tls(self) -> None:
        patience_s = self.timeouts.connect_s
        try:
            async with asyncio.timeout(patience_s):
                await self._writer.start_tls(
                    _context(self._server), server_hostname=self._server.host
                )
        except (OSError, TimeoutError) as problem:
            self._fail(client_tls.why(problem, patience_s))
            return
        self._check_pin()
        self.session.receive(await self._before_tls())
        self.session.secured()

    async def _before_tls(self) -> bytes:
        """What came as plain text after the server had agreed to TLS; the session refuses it.

        The server has nothing to say yet, and asyncio leaves in the reader what was there before.
        """
        try:
            async with asyncio.timeout(0):
                return await self._reader.read(READ)
        except TimeoutError:
            return b""

    def _check_pin(self) -> None:
        """Raise ProtocolError if a certificate is pinned and the server has another one."""
        wanted = self._server.fingerprint
        found = client_tls.fingerprint(self._writer.get_extra_info("ssl_object"))
        if wanted and found and found != wanted:
            raise ProtocolError(client_tls.not_as_pinned(found))

    def _fail(self, text: str) -> None:
        self.session.fail(Gone(text))

    def abort(self) -> None:
        """End the connection at once; the session is over."""
        self._fail("the connection was closed")
        self._writer.transport.abort()

    async def close(self) -> None:
        """End the connection in order."""
        self._fail("the connection was closed")
        self._writer.close()
        # what the other end does to the socket is its affair
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(FAREWELL_S):
                await self._writer.wait_closed()


def _context(server: Server) -> ssl.SSLContext:
    return client_tls.client_context(pinned=bool(server.fingerprint))
