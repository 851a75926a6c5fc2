"""Connections: the one layer between sockets and sessions. It moves octets and knows no protocol.

A *session* (`Pop3Session`, `SmtpSession`) takes octets and gives octets and events, and holds no
socket. A *service* makes sessions and does what their events ask for. A *connection* is one TCP
connection [RFC 9293] with its session; a *server* is one listening address with its connections,
limits and clock.

    octets in ──► session.receive ─┐
    octets out ◄─ session.to_send ◄┤ Connection: one turn after every arrival, drain, tick and wake
    service.handle ◄─ next_event ──┘

Output is asked for only while the transport accepts it, so a session that makes its output
on demand never holds more than one piece. Asyncio sets TCP_NODELAY on every stream it accepts.
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Generic, Protocol, TypeVar, cast

from app.core.clock import Clock

log = logging.getLogger(__name__)

PIECES_PER_TURN = 8
"""Pieces one connection may send before the others have their turn."""

LINGER_S = 30.0
"""Seconds that the peer may take to read the last output of a connection that is closing."""

E = TypeVar("E")
E_co = TypeVar("E_co", covariant=True)
E_contra = TypeVar("E_contra", contravariant=True)


class Session(Protocol[E_co]):
    """What a connection needs of a protocol session; its events are of type E."""

    @property
    def closed(self) -> bool:
        """The session is over and all its output has been taken: the connection ends."""
        ...

    @property
    def wants_input(self) -> bool:
        """False while the session can use no more octets: the connection stops reading."""
        ...

    def receive(self, data: bytes) -> None:
        """Take octets as they arrived, cut anywhere."""
        ...

    def to_send(self) -> bytes:
        """Give the next piece of output; empty when there is none at present."""
        ...

    def next_event(self) -> E_co | None:
        """Give the next thing that the service must do; None when there is none."""
        ...

    def tick(self, now: float) -> None:
        """See the time (monotonic seconds), about once a second; idle ends are decided here."""
        ...

    def stop(self) -> None:
        """End soon, because the service ends: say so if the protocol can."""
        ...

    def fault(self) -> bytes:
        """Give the last output after a fault of ours: a general temporary error; may be empty."""
        ...


S = TypeVar("S", bound=Session[Any])


class Service(Protocol[S, E_contra]):
    """What stands behind a listening address."""

    @property
    def label(self) -> str:
        """The protocol's name for logs and error texts, such as "POP3"."""
        ...

    @property
    def too_many(self) -> bytes:
        """The line said to a peer that is over the connection limits."""
        ...

    def open(self, connection: "Connection[S]") -> S:
        """Make the session of a new connection; its greeting is the first output."""
        ...

    def handle(self, session: S, event: E_contra, connection: "Connection[S]") -> None:
        """Do what an event asks for. It must not block: longer work goes to `connection.run`."""
        ...

    def lost(self, session: S) -> None:
        """The connection has ended, in whatever way; called once for each session."""
        ...


class Owner(Protocol[S]):
    """What a connection needs of the server that accepted it."""

    @property
    def service(self) -> Service[S, Any]:
        """Whose sessions run here."""
        ...

    @property
    def clock(self) -> Clock:
        """The time of this server."""
        ...

    def admit(self, connection: "Connection[S]") -> bool:
        """Count a new connection until it is released; False if it is over a limit."""
        ...

    def release(self, connection: "Connection[S]") -> None:
        """Stop counting a connection."""
        ...

    def keep(self, task: asyncio.Task[None]) -> None:
        """Hold a task until it is done; asyncio itself keeps only a weak reference."""
        ...


class Connection(asyncio.Protocol, Generic[S]):
    """One connection. Services use `peer`, `local`, `wake` and `run`."""

    def __init__(self, server: Owner[S]) -> None:
        self._server = server
        self._service = server.service
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._session: S | None = None
        self._paused = False  # the transport holds enough unsent octets
        self._reading = True
        self._turning = False
        self._half_closed = False  # the peer will send no more
        self._closing_since: float | None = None  # monotonic seconds
        self.peer = "?"
        """The peer's IP address."""
        self.local = "?"
        """Our IP address that it has connected to."""

    @property
    def session(self) -> S | None:
        """The session; None before it is opened and after the connection is lost."""
        return self._session

    # what services use

    def wake(self) -> None:
        """Send and handle what the session has now; call it after any answer to an event."""
        if self._session is not None and not self._turning and self._closing_since is None:
            self._turn(self._session)

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run longer work for this connection; the session is woken after it.

        It is not cancelled when the peer leaves. A fault in it ends the connection like any other.
        """
        self._server.keep(self._loop.create_task(self._run(work)))

    async def _run(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:
            self._fault()
        else:
            self.wake()

    # what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open a session, or refuse if there are too many connections."""
        self._transport = cast(asyncio.Transport, transport)
        self.peer = _host(transport.get_extra_info("peername"))
        self.local = _host(transport.get_extra_info("sockname"))
        if not self._server.admit(self):
            self._finish(self._service.too_many)
            return
        try:
            self._session = self._service.open(self)
        except Exception:
            self._fault()
        else:
            self._turn(self._session)

    def data_received(self, data: bytes) -> None:
        """Hand octets to the session and take its turn."""
        session = self._session
        if session is None or self._closing_since is not None:
            return
        try:
            session.receive(data)
        except Exception:
            self._fault()
        else:
            self._turn(session)

    def eof_received(self) -> bool:
        """The peer has sent its last octet; it still gets the answers that are due."""
        self._half_closed = True
        self.wake()
        return self._session is not None

    def pause_writing(self) -> None:
        """The transport is full: ask the session for nothing more."""
        self._paused = True

    def resume_writing(self) -> None:
        """The transport has drained: go on."""
        self._paused = False
        self.wake()

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is over: tell the server and the service."""
        session, self._session = self._session, None
        self._server.release(self)
        if session is not None:
            self._service.lost(session)

    # what the server calls

    def tick(self, now: float) -> None:
        """Let the session see the time (monotonic seconds); abort a close that takes too long."""
        if self._closing_since is not None:
            if now - self._closing_since >= LINGER_S:
                self._transport.abort()
            return
        if self._session is not None:
            self._session.tick(now)
            self.wake()

    def stop(self) -> None:
        """Tell the session that the service ends."""
        if self._session is not None and self._closing_since is None:
            self._session.stop()
            self.wake()

    def abort(self) -> None:
        """End the connection at once."""
        self._transport.abort()

    # inside

    def _turn(self, session: S) -> None:
        """Move output and events until there is none, or the others are due."""
        self._turning = True
        try:
            for _ in range(PIECES_PER_TURN):
                out = b"" if self._paused else session.to_send()
                if out:
                    self._transport.write(out)
                event = session.next_event()
                if event is not None:
                    self._service.handle(session, event, self)
                elif not out:
                    self._update(session)
                    break
            else:
                self._loop.call_soon(self.wake)
        except Exception:
            self._fault()
        finally:
            self._turning = False

    def _update(self, session: S) -> None:
        """Nothing is left to move: close, or read on or not as the session wants it."""
        wants_input = session.wants_input
        if session.closed or (self._half_closed and wants_input and not self._paused):
            self._finish(b"")
        elif wants_input is not self._reading and not self._half_closed:
            self._reading = wants_input
            if wants_input:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    def _finish(self, last_output: bytes) -> None:
        if self._closing_since is None:
            self._closing_since = self._server.clock.monotonic()
            if last_output:
                self._transport.write(last_output)
            self._transport.close()

    def _fault(self) -> None:
        """The peer gets a general text, the log gets the stack."""
        log.exception("%s session with %s ended by a fault", self._service.label, self.peer)
        last_output = b""
        if self._session is not None:
            try:
                last_output = self._session.fault()
            except Exception:
                log.exception("%s session failed twice", self._service.label)
        self._finish(last_output)


def _host(address: Any) -> str:
    """The host part of a socket address; "?" when the peer left before it could be asked."""
    return str(address[0]) if isinstance(address, tuple) and address else "?"
