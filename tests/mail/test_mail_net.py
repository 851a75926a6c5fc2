"""The shell between sockets and sessions: flow, limits, ticks, ends and faults, on loopback."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from app.core.clock import ManualClock
from app.mail.net.lines import LineReader
from app.mail.net.listener import Connection, Limits, ListenError, Server
from tests.kit.defaults import LIMITS

PIECE = 65_536


@dataclass(eq=False)
class Parrot:
    """A session that repeats lines, and knows a few tricks: see `_say`."""

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
        return self.over and not self.out

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
        if event == "soon":
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

    def lost(self, session: Parrot) -> None:
        self.left.append(session)
        self.departure.set()


@dataclass
class House:
    """A running server of parrots."""

    aviary: Aviary
    server: Server[Parrot]
    clock: ManualClock

    async def connect(self) -> "Peer":
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
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
async def house(limits: Limits = LIMITS) -> AsyncIterator[House]:
    clock = ManualClock()
    aviary = Aviary()
    server: Server[Parrot] = Server(aviary, "127.0.0.1", 0, clock, limits)
    assert await server.start() == server.port > 0
    try:
        yield House(aviary, server, clock)
    finally:
        await server.stop(within_s=1.0)


def run(test: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(20):
            await test

    asyncio.run(bounded())


def test_a_conversation_and_its_end() -> None:
    async def test() -> None:
        async with house() as here:
            peer = await here.connect()
            assert await peer.hears() == "hello"
            await peer.says("one\r\ntwo")
            assert [await peer.hears(), await peer.hears()] == ["you said one", "you said two"]
            await peer.says("bye\r\nnot heard any more")
            assert await peer.hears_all() == b"you said bye\r\n"
            await here.aviary.departure.wait()
            assert here.aviary.left == here.aviary.parrots
            assert here.server.connections == 0

    run(test())


def test_answers_at_once_and_later() -> None:
    async def test() -> None:
        async with house() as here:
            peer = await here.connect()
            await peer.hears()
            await peer.says("ask soon\r\nnext")
            assert [await peer.hears(), await peer.hears()] == [
                "you said ask soon",
                "you said next",
            ]
            await peer.says("ask later\r\nnext")
            assert await peer.hears() == "you said ask later"
            here.aviary.later.set()
            assert [await peer.hears(), await peer.hears()] == ["at last", "you said next"]

    run(test())


def test_a_peer_that_stops_sending_still_gets_what_is_due() -> None:
    async def test() -> None:
        async with house() as here:
            peer = await here.connect()
            await peer.says("one\r\nlarge 300\r\nask later\r\nlast")
            peer.writer.write_eof()
            assert [await peer.hears() for _ in range(2)] == ["hello", "you said one"]
            assert await peer.hears() == "you said large 300"
            assert await peer.reader.readexactly(300 * PIECE) == b"x" * 300 * PIECE
            assert await peer.hears() == "you said ask later"
            here.aviary.later.set()
            assert await peer.hears_all() == b"at last\r\nyou said last\r\n"

    run(test())


def test_nothing_is_made_for_a_peer_that_does_not_read() -> None:
    async def test() -> None:
        async with house() as here:
            other = await here.connect()
            with socket.create_connection(("127.0.0.1", here.server.port)) as deaf:
                deaf.sendall(b"large 1000\r\n")
                await filled(here, 2)
                await other.says("still served")
                assert [await other.hears(), await other.hears()] == [
                    "hello",
                    "you said still served",
                ]
                made = here.aviary.parrots[1].made
                for _ in range(100):
                    await asyncio.sleep(0)
                assert here.aviary.parrots[1].made == made < 500
            await here.aviary.departure.wait()
            assert here.aviary.left == [here.aviary.parrots[1]]

    run(test())


async def filled(here: House, connections: int) -> None:
    """Wait until the newest connection's transport takes no more."""
    while here.server.connections < connections:
        await asyncio.sleep(0)
    while not any(connection._paused for connection in here.server._connections):
        await asyncio.sleep(0)


def test_limits_per_peer_and_in_total() -> None:
    async def test() -> None:
        for limits in (Limits(total=2, per_peer=9), Limits(total=9, per_peer=2)):
            async with house(limits) as here:
                first, second = await here.connect(), await here.connect()
                assert [await first.hears(), await second.hears()] == ["hello", "hello"]
                third = await here.connect()
                assert await third.hears_all() == b"too many\r\n"
                await first.says("bye")
                await first.hears_all()
                await here.aviary.departure.wait()
                fourth = await here.connect()
                assert await fourth.hears() == "hello"

    run(test())


def test_a_fault_tells_the_peer_little_and_the_log_all(caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        async with house() as here:
            for line in ("crash", "ask crash"):
                here.aviary.later.set()
                peer = await here.connect()
                await peer.hears()
                await peer.says(line)
                assert (await peer.hears_all()).endswith(b"something failed\r\n")
            survivor = await here.connect()
            assert await survivor.hears() == "hello"

    run(test())
    stacks = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert ["a fault of ours" in str(record.exc_info) for record in stacks] == [True, True]


def test_ticks_carry_the_handed_in_time_and_may_end_a_session() -> None:
    async def test() -> None:
        async with house() as here:
            peer = await here.connect()
            await peer.hears()
            here.clock.advance(599)
            here.server.tick()
            assert here.aviary.parrots[0].now == 599
            await peer.says("still here")
            assert await peer.hears() == "you said still here"
            here.clock.advance(1)
            here.server.tick()
            assert await peer.hears_all() == b""

    run(test())


def test_a_peer_that_never_reads_its_last_words_is_cut_off() -> None:
    async def test() -> None:
        async with house() as here:
            with socket.create_connection(("127.0.0.1", here.server.port)) as deaf:
                deaf.sendall(b"large 1000\r\n")
                await filled(here, 1)
                here.aviary.parrots[0].pieces = 0
                here.aviary.parrots[0].over = True
                here.server.tick()
                here.clock.advance(29)
                here.server.tick()
                await asyncio.sleep(0)
                assert here.aviary.left == []
                here.clock.advance(1)
                here.server.tick()
                await here.aviary.departure.wait()

    run(test())


def test_stop_tells_the_sessions_and_waits_for_what_is_due() -> None:
    async def test() -> None:
        async with house() as here:
            idle, busy = await here.connect(), await here.connect()
            await idle.hears()
            await busy.says("ask later")
            assert [await busy.hears(), await busy.hears()] == ["hello", "you said ask later"]
            stop = asyncio.create_task(here.server.stop(within_s=10.0))
            assert await idle.hears_all() == b"stopping\r\n"
            assert await busy.hears() == "stopping"
            here.aviary.later.set()
            here.aviary.parrots[1].over = True
            assert await busy.hears_all() == b"at last\r\n"
            await stop
            with pytest.raises(OSError):
                await here.connect()

    run(test())


def test_stop_after_an_earlier_session_has_ended_cuts_off_who_does_not_go() -> None:
    async def test() -> None:
        async with house() as here:
            gone = await here.connect()
            await gone.says("bye")
            assert await gone.hears_all() == b"hello\r\nyou said bye\r\n"
            await here.aviary.departure.wait()
            peer = await here.connect()
            await peer.says("ask later")
            assert [await peer.hears(), await peer.hears()] == ["hello", "you said ask later"]
            stop = asyncio.create_task(here.server.stop(within_s=0.0))
            assert await peer.hears() == "stopping"
            assert await peer.hears_all() == b""
            here.aviary.later.set()
            await stop
            assert here.server.connections == 0

    run(test())


def test_stop_cuts_off_who_does_not_go() -> None:
    async def test() -> None:
        async with house() as here:
            peer = await here.connect()
            await peer.says("ask later")
            await peer.hears()
            await peer.hears()
            stop = asyncio.create_task(here.server.stop(within_s=0.0))
            assert await peer.hears() == "stopping"
            assert await peer.hears_all() == b""
            here.aviary.later.set()
            await stop
            assert here.aviary.left == here.aviary.parrots

    run(test())


def test_small_answers_are_not_delayed() -> None:
    async def test() -> None:
        async with house() as here:
            await (await here.connect()).hears()
            (connection,) = here.server._connections
            sock = connection._transport.get_extra_info("socket")
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    run(test())


def test_a_port_in_use_is_named_and_what_to_do() -> None:
    async def test() -> None:
        async with house() as here:
            port = here.server.port
            second: Server[Parrot] = Server(
                here.aviary, "127.0.0.1", port, here.clock, LIMITS, setting="mail.parrot_port"
            )
            with pytest.raises(ListenError) as caught:
                await second.start()
            assert str(caught.value) == (
                f"PARROT port {port} on 127.0.0.1 is in use: stop the program that has it, "
                "or change mail.parrot_port in the settings"
            )

    run(test())


def test_an_address_that_is_not_ours() -> None:
    async def test() -> None:
        server: Server[Parrot] = Server(Aviary(), "192.0.2.1", 0, ManualClock(), LIMITS)
        with pytest.raises(ListenError, match="no such address"):
            await server.start()

    run(test())
