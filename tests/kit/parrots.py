"""Servers of parrots: a protocol to try app.net with, on loopback."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from app.core.clock import ManualClock
from app.net.lines import LineReader
from app.net.listener import Connection, Endpoint, Limits, Server, ServerCertificate
from tests.kit.defaults import LIMITS

PIECE = 65_536


@dataclass(eq=False)
class Parrot:
    """A session that repeats lines, and knows a few tricks: see `_say`."""

    secure: bool = False

    reader: LineReader = field(default_factory=lambda: LineReader(1000))
    out: list[bytes] = field(default_factory=lambda: [b"hello\r\n"])
    pieces: int = 0  # large pieces still to be made
    made: int = 0
    over: bool = False
    waiting: bool = False
    events: list[str] = field(default_factory=list)
    now: float = 0.0

    @property
    def closed(self) -> bool:
        return self.over

    @property
    def wants_input(self) -> bool:
        return not self.waiting

    def receive(self, data: bytes) -> None:
        self.reader.feed(data)

    def to_send(self) -> bytes:
        while not self.out and not self.over and not self.waiting:
            if self.pieces:
                self.pieces -= 1
                self.made += 1
                return b"x" * PIECE
            line = self.reader.line()
            if line is None:
                break
            self._say(line.decode())
        return self.out.pop(0) if self.out else b""

    def _say(self, line: str) -> None:
        verb, _, rest = line.partition(" ")
        if verb == "bye":
            self.over = True
        elif verb == "crash":
            raise RuntimeError("a fault of ours")
        elif verb == "large":
            self.pieces = int(rest)
        elif verb == "secure":
            self.waiting = True
            self.events.append("secure")
        elif verb == "ask":
            self.waiting = True
            self.events.append(rest)
        self.out.append(f"you said {line}\r\n".encode())

    def next_event(self) -> str | None:
        return self.events.pop(0) if self.events else None

    def tick(self, now: float) -> None:
        self.now = now
        if now >= 600:
            self.over = True

    def secured(self) -> None:
        self.reader = LineReader(1000)
        self.secure, self.waiting = True, False

    @property
    def waits_since(self) -> float | None:
        return None

    def stop(self) -> None:
        self.out.append(b"stopping\r\n")
        self.over = not self.waiting

    def fault(self) -> bytes:
        return b"something failed\r\n"


class Aviary:
    """The service of parrots: answers "ask soon" at once, and "ask later" when told."""

    label = "PARROT"
    too_many = b"too many\r\n"

    def __init__(self) -> None:
        self.parrots: list[Parrot] = []
        self.left: list[Parrot] = []
        self.later = asyncio.Event()
        self.departure = asyncio.Event()

    def open(self, connection: Connection[Parrot]) -> Parrot:
        self.parrots.append(Parrot())
        return self.parrots[-1]

    def handle(self, session: Parrot, event: str, connection: Connection[Parrot]) -> None:
        if event == "secure":
            connection.start_tls()
        elif event == "soon":
            session.waiting = False
            connection.wake()
        else:
            connection.run(self._later(session, event))

    async def _later(self, session: Parrot, event: str) -> None:
        await self.later.wait()
        if event == "crash":
            raise RuntimeError("a fault of ours, later")
        session.waiting = False
        session.out.append(b"at last\r\n")

    def describe(self, session: Parrot) -> tuple[str, str]:
        return "talking", ""

    def lost(self, session: Parrot) -> None:
        self.left.append(session)
        self.departure.set()


@dataclass
class House:
    """A running server of parrots."""

    aviary: Aviary
    server: Server[Parrot]
    clock: ManualClock
    port: int
    """Where plain text is spoken first."""
    tls_port: int
    """Where TLS begins with the first octet."""

    async def connect(self, tls: ssl.SSLContext | None = None) -> "Peer":
        """A peer that speaks TLS from the first octet if it is given a context."""
        port = self.port if tls is None else self.tls_port
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
        return Peer(reader, writer)


@dataclass
class Peer:
    """The other end of a connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def says(self, line: str) -> None:
        self.writer.write(line.encode() + b"\r\n")
        await self.writer.drain()

    async def hears(self) -> str:
        return (await self.reader.readline()).decode().rstrip("\r\n")

    async def hears_all(self) -> bytes:
        return await self.reader.read()


@asynccontextmanager
async def house(
    limits: Limits = LIMITS, certificate: ServerCertificate | None = None
) -> AsyncIterator[House]:
    """A running server; with TLS if there is a certificate."""
    clock = ManualClock()
    aviary = Aviary()
    endpoints = [Endpoint(0, name="plain"), Endpoint(0, tls=True, name="tls")]
    server: Server[Parrot] = Server(aviary, "127.0.0.1", endpoints, clock, limits, certificate)
    ports = await server.start()
    try:
        yield House(aviary, server, clock, ports["plain"], ports["tls"])
    finally:
        await server.stop(within_s=1.0)


async def filled(here: House, connections: int) -> None:
    """Wait until the newest connection's transport takes no more."""
    while here.server.connections < connections:
        await asyncio.sleep(0)
    while not any(connection._paused for connection in here.server._connections):
        await asyncio.sleep(0)


def run(test: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(20):
            await test

    asyncio.run(bounded())
