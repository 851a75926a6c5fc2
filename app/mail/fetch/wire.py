"""The connection to a POP3 server: moves octets between a socket and a session.

TLS is as app/net/client_tls.py has it, from the first octet or after STLS [RFC 2595 §4].
"""

import asyncio
import contextlib
import ssl
from typing import TypeVar

from app.inbox.fetch_accounts import FetchAccount, Tls
from app.mail.fetch.session import Event, Failed, FetchSession, StartTls
from app.net import client_tls

CONNECT_S = 30.0
"""Seconds for a connection, and for a TLS handshake."""
READ = 16_384
"""Octets that are read at a time: a thousand lines of a list are a short turn of the loop."""

E = TypeVar("E")


class FetchFailed(Exception):
    """A visit cannot go on; the text is for people and has the server's own words."""

    def __init__(self, text: str, login: bool = False) -> None:
        super().__init__(text)
        self.login = login
        """The login was refused, which no second try mends."""


class Wire:
    """One connection and the session over it."""

    def __init__(self, account: FetchAccount, session: FetchSession) -> None:
        self._account = account
        self._session = session
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter | None = None

    async def connect(self) -> None:
        """Connect, under TLS from the first octet if that is how it is done. Raises FetchFailed."""
        account = self._account
        context = self._context() if account.tls is Tls.IMPLICIT else None
        try:
            async with asyncio.timeout(CONNECT_S):
                self._reader, self._writer = await asyncio.open_connection(
                    account.server,
                    account.port,
                    ssl=context,
                    server_hostname=account.server if context else None,
                    limit=READ,
                )
        except (OSError, TimeoutError, UnicodeError) as problem:
            raise FetchFailed(client_tls.why(problem, CONNECT_S)) from problem
        if context is not None:
            self._check_pin()

    async def expect(self, kind: type[E]) -> E:
        """The next event, which is of this kind. Raises FetchFailed."""
        event = await self.next_event()
        if not isinstance(event, kind):
            raise FetchFailed(f"{type(event).__name__} came instead of {kind.__name__}")
        return event

    async def next_event(self) -> Event:
        """The next event but those of TLS. Raises FetchFailed."""
        while True:
            event = self._session.next_event()
            if isinstance(event, StartTls):
                await self._start_tls()
            elif isinstance(event, Failed):
                raise FetchFailed(event.text, event.login)
            elif event is not None:
                return event
            else:
                await self._move()

    async def _move(self) -> None:
        """Send what there is to send, and wait for octets."""
        assert self._writer is not None, "a session is moved when it is connected"
        try:
            if octets := self._session.to_send():
                self._writer.write(octets)
                await self._writer.drain()
            data = await self._reader.read(READ)
        except OSError as problem:  # ssl.SSLError is one
            self._session.fail(client_tls.why(problem, CONNECT_S))
            return
        if data:
            self._session.receive(data)
        else:
            self._session.lost()

    async def _start_tls(self) -> None:
        assert self._writer is not None, "STLS was said by this connection"
        try:
            async with asyncio.timeout(CONNECT_S):
                await self._writer.start_tls(self._context(), server_hostname=self._account.server)
        except (OSError, TimeoutError) as problem:
            raise FetchFailed(client_tls.why(problem, CONNECT_S)) from problem
        self._check_pin()
        self._session.secured()

    def _check_pin(self) -> None:
        """Raise FetchFailed if a certificate is pinned and the server has another one."""
        wanted, found = self._account.fingerprint, self.fingerprint
        if wanted and found != wanted:
            raise FetchFailed(client_tls.not_as_pinned(found))

    def _context(self) -> ssl.SSLContext:
        return client_tls.client_context(pinned=bool(self._account.fingerprint))

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the server's certificate in hexadecimal; "" without TLS."""
        writer = self._writer
        return client_tls.fingerprint(writer.get_extra_info("ssl_object") if writer else None)

    def tick(self, now: float) -> None:
        """See the time; a server that is silent is left."""
        self._session.tick(now)
        if self._writer is not None and self._session.is_over:
            self._writer.transport.abort()

    async def close(self) -> None:
        """End the connection."""
        if self._writer is None:
            return
        self._writer.close()
        # The session is over either way, and what the other end does to the socket is its affair.
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                await self._writer.wait_closed()
