"""Connections: the one layer between sockets and sessions. It moves octets and knows no protocol.

A *session* (`Pop3Session`, `SmtpSession`) takes octets and gives octets and events, and holds no
socket. A *service* makes sessions and does what their events ask for. A *connection* is one TCP
connection [RFC 9293] with its session; a *server* is one listening address with its connections,
limits and clock.

    octets in ──► session.receive ─┐
    octets out ◄─ session.to_send ◄┤ Connection: one turn after every arrival, drain, tick and wake
    service.handle ◄─ next_event ──┘

Output is asked for only while the transport accepts it, and input is read only while output goes
out and the session wants it. So a peer that sends commands and reads no answers is read no
further, and what is kept of it has a bound, in octets: RECEIVE and what its session reads ahead,
one piece of output, and the 64 kB at which asyncio's transport asks for no more. What a peer has
sent beyond that waits in its own socket and in the kernel's. Asyncio sets TCP_NODELAY on every
stream it accepts.

TLS lies between the connection and the socket (tls.py), and changes nothing of this: what arrives
is decrypted at once, and output is encrypted a piece at a time. A session holds nothing of it:

    from the first octet (endpoint.tls)      the session is made at once, but nothing moves before
                                             the handshake is done; then `secured` is called
    amid a session (STLS, STARTTLS)          1. the session gives its last plain line as output and
                                                an event, and runs no command from then on
                                             2. the service answers the event by `start_tls`
                                             3. the session's `secured` is called: it forgets all
                                                that was said before, also octets still unread

From `start_tls` on nothing is read as plain text. The session counts the time of a handshake as any
time before a login, by `tick`, and ends it by `closed`. A step of the handshake is a turn.
`can_start_tls` tells whether to offer it, `tls` what has come of it.
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Generic, Protocol, TypeVar, cast

from app.core.clock import Clock
from app.net.contract import Endpoint, Session
from app.net.peers import has_left, host_of, source
from app.net.tls import Channel, ServerCertificate, TlsFailed

log = logging.getLogger(__name__)

PIECES_PER_TURN = 2
"""Pieces one connection may send before the others have their turn."""

RECEIVE = 65_536
"""Octets that are read from a socket at a time."""

LINGER_S = 30.0
"""Seconds that the peer may take to read the last output of a connection that is closing."""


UNFINISHED = "the handshake was not finished"
E_contra = TypeVar("E_contra", contravariant=True)
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

    def describe(self, session: S) -> tuple[str, str]:
        """The session's state, and the login of who is logged in ("": nobody)."""
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

    @property
    def certificate(self) -> ServerCertificate | None:
        """What the box shows to clients; None: there is no TLS."""
        ...

    @property
    def buffer(self) -> memoryview:
        """RECEIVE octets for all connections: each takes what it has received at once."""
        ...

    def may_turn(self) -> bool:
        """Whether a connection may take its turn at once: others do not wait for theirs."""
        ...

    def ask_turn(self, connection: "Connection[S]") -> None:
        """Call `next_turn` of this connection when it has its turn; the addresses take turns."""
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


class Connection(asyncio.BufferedProtocol, Generic[S]):
    """One connection. Services use `peer`, `local`, `endpoint`, `wake`, `run` and the TLS part."""

    def __init__(self, server: Owner[S], endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        """Where the peer has connected to."""
        self._server = server
        self._service = server.service
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._session: S | None = None
        self._channel: Channel | None = None  # TLS, from the beginning of its handshake
        self._paused = False  # the transport holds enough unsent octets
        self._reading = True
        self._turning = False
        self._due = False  # a further turn has been asked of the loop
        self._half_closed = False  # the peer will send no more
        self._closing_since: float | None = None  # monotonic seconds
        self.peer = "?"
        """The peer's IP address."""
        self._origin = ""  # worked out when it is asked for
        self.local = "?"
        """Our IP address that it has connected to."""
        self.opened_at = 0.0
        """When the peer has connected, in monotonic seconds."""
        self.received = 0
        """Octets from the peer."""
        self.sent = 0
        """Octets to the peer."""

    @property
    def session(self) -> S | None:
        """The session; None before it is opened and after the connection is lost."""
        return self._session

    @property
    def origin(self) -> str:
        """Whose connections share their turns (peers.source)."""
        if not self._origin:
            self._origin = source(self.peer)
        return self._origin

    @property
    def waits_since(self) -> float | None:
        """Since when its session waits; None if it must not be closed, or is closed already."""
        return None if self._session is None else self._session.waits_since

    # what services use

    def wake(self) -> None:
        """Send and handle what the session has now; call it after any answer to an event."""
        if (
            self._session is not None
            and not self._turning
            and not self._due
            and self._closing_since is None
        ):
            if self._server.may_turn():
                self._turn(self._session)
            else:
                self._ask_turn()

    @property
    def tls(self) -> str:
        """Version and cipher, such as "TLSv1.3 TLS_AES_256_GCM_SHA384"; empty: plain text."""
        channel = self._channel
        return f"{channel.version} {channel.cipher}" if channel and channel.established else ""

    @property
    def can_start_tls(self) -> bool:
        """Whether `start_tls` would find a certificate, and there is no TLS yet."""
        shown = self._server.certificate
        return self._channel is None and shown is not None and shown.context() is not None

    def start_tls(self) -> None:
        """Begin TLS behind the output so far; the session is told `secured`."""
        self._begin_tls()

    def will_send_no_more(self) -> bool:
        """True when the peer has closed and the socket holds no octets of it that are unread.

        For a session that wants no input: while nothing is read, asyncio does not notice.
        """
        if self._session is None:
            return True
        farewell = 0 if self._channel is None else self._channel.farewell_size
        return has_left(self._transport.get_extra_info("socket").fileno(), farewell)

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
        self.peer = host_of(transport.get_extra_info("peername"))
        self.local = host_of(transport.get_extra_info("sockname"))
        self.opened_at = self._server.clock.monotonic()
        if self.endpoint.tls and not self._begin_tls():
            return
        if not self._server.admit(self):
            self._finish(self._service.too_many)
            return
        try:
            self._session = self._service.open(self)
        except Exception:
            self._fault()
        else:
            self._turn(self._session)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next octets go."""
        return self._server.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Hand octets to the session and take its turn."""
        self.received += nbytes
        session = self._session
        if session is None or self._closing_since is not None:
            return
        octets = bytes(self._server.buffer[:nbytes])
        try:
            if self._channel is None:
                session.receive(octets)
            else:
                self._decrypt(octets, self._channel, session)
        except TlsFailed as problem:
            self._tls_failed(problem)
        except Exception:
            self._fault()
        else:
            if self._due:
                self._read_on(False)  # it waits for its turn, and has more than enough to do then
            else:
                self.wake()

    def eof_received(self) -> bool:
        """The peer has sent its last octet; it still gets the answers that are due."""
        self._half_closed = True
        self.wake()
        return self._session is not None

    def pause_writing(self) -> None:
        """The transport is full: ask the session for nothing more, and read nothing."""
        self._paused = True
        self._read_on(False)

    def resume_writing(self) -> None:
        """The transport has drained: go on."""
        self._paused = False
        self.wake()

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is over: tell the server and the service."""
        session, self._session = self._session, None
        self._server.release(self)
        if self._channel is not None and not self._channel.established:
            self._tls_failed(UNFINISHED)
        if session is not None:
            self._service.lost(session)

    # what the server calls

    def next_turn(self) -> None:
        """Take the turn that was asked for."""
        self._due = False
        if self._session is not None and self._closing_since is None:
            self._turn(self._session)

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

    def give_up(self) -> None:
        """End in favour of another connection; the peer is told if it reads."""
        if self._closing_since is None:
            if not self._transport.get_write_buffer_size():
                self._say_last(self._service.too_many)
            self._closing_since = self._server.clock.monotonic()
        if self._transport.get_write_buffer_size():
            self._transport.abort()
        else:
            self._transport.close()

    def abort(self) -> None:
        """End the connection at once."""
        self._transport.abort()

    # inside

    def _turn(self, session: S) -> None:
        """Move output and events until there is none, or the others are due."""
        self._turning = True
        channel = self._channel
        try:
            if channel is None or channel.established or self._shake(channel, session):
                self._move(session)
        except TlsFailed as problem:
            self._tls_failed(problem)
        except Exception:
            self._fault()
        finally:
            self._turning = False

    def _move(self, session: S) -> None:
        for _ in range(PIECES_PER_TURN):
            # what is left of a session that is over is little, and nobody waits for more room
            out = b"" if self._paused and not session.closed else session.to_send()
            if out:
                self.sent += len(out)
                self._write(out)
            event = session.next_event()
            if event is not None:
                self._handle(session, event)
                if self._channel is not None and not self._channel.established:
                    break  # TLS begins: nothing moves before its handshake is done
            elif not out:
                self._rest(session)
                break
        else:
            self._ask_turn()

    def _handle(self, session: S, event: Any) -> None:
        """Let the service do all that the session asks for now."""
        while event is not None:
            self._service.handle(session, event, self)
            event = session.next_event()

    def _ask_turn(self) -> None:
        """Go on after the others."""
        if not self._due:
            self._due = True
            self._server.ask_turn(self)

    def _rest(self, session: S) -> None:
        """Nothing is left to move: close, or read on or not as the session wants it."""
        wants_input = session.wants_input
        if session.closed or (self._half_closed and wants_input and not self._paused):
            self._finish(b"")
        else:
            self._read_on(wants_input and not self._paused)

    def _read_on(self, reading: bool) -> None:
        """Read from the socket, or leave there what the peer sends."""
        if reading is self._reading or self._half_closed or self._closing_since is not None:
            return
        self._reading = reading
        if reading:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def _finish(self, last_output: bytes) -> None:
        if self._closing_since is None:
            self._closing_since = self._server.clock.monotonic()
            self._say_last(last_output)
            self._transport.close()

    def _write(self, octets: bytes) -> None:
        if self._channel is not None:
            self._channel.write(octets)
            octets = self._channel.outgoing()
        self._transport.write(octets)

    def _say_last(self, octets: bytes) -> None:
        """Send the last output, if it can be said: not amid a handshake."""
        channel = self._channel
        if channel is None:
            self._transport.write(octets)
        elif channel.established:
            if octets:
                channel.write(octets)
            channel.end()
            self._transport.write(channel.outgoing())

    # TLS

    def _begin_tls(self) -> bool:
        """Take what the peer sends from now on as TLS; False if we have no certificate."""
        certificate = self._server.certificate
        context = None if certificate is None else certificate.context()
        if context is None or self._half_closed:
            self._tls_failed("there is no certificate" if context is None else UNFINISHED)
            return False
        self._channel = Channel(context)
        self._read_on(not self._paused)
        return True

    def _shake(self, channel: Channel, session: S) -> bool:
        """Go on with the handshake; True when it is done. Raises TlsFailed."""
        if session.closed:
            self._tls_failed(UNFINISHED)
            return False
        done = channel.shake()
        self._transport.write(channel.outgoing())
        if done:
            session.secured()
            self._decrypt(b"", channel, session)  # the first commands may have come with its end
        elif self._half_closed:
            self._tls_failed(UNFINISHED)
        else:
            self._read_on(not self._paused)
        return done

    def _decrypt(self, octets: bytes, channel: Channel, session: S) -> None:
        """Hand on what the socket has brought; amid a handshake it waits for a turn."""
        channel.feed(octets)
        if not channel.established:
            return
        plain = channel.read()
        self._transport.write(channel.outgoing())
        if plain:
            session.receive(plain)
        if channel.ended and not self._half_closed:
            self._read_on(False)
            self._half_closed = True

    def _tls_failed(self, problem: object) -> None:
        """The peer's affair: a line for the owner who looks for it, and no stack."""
        if self._closing_since is None:
            log.info("%s: TLS with %s failed: %s", self._service.label, self.peer, problem)
            if self._channel is not None:
                self._transport.write(self._channel.outgoing())  # the alert
            self._closing_since = self._server.clock.monotonic()
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
