"""The shell between sockets and sessions: flow, limits, ticks, ends and faults, on loopback."""

import asyncio
import logging
import socket

import pytest

from app.core.clock import ManualClock
from app.net.listener import Endpoint, Limits, ListenError, Server
from tests.kit.defaults import LIMITS
from tests.kit.parrots import PIECE, Aviary, Parrot, filled, house, run


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
            with socket.create_connection(("127.0.0.1", here.port)) as deaf:
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


def limited(total: int, per_peer: int) -> Limits:
    """So many connections, and none for strangers."""
    return Limits(total, per_peer, strangers_percent=0, lan=LIMITS.lan)


def test_limits_per_peer_and_in_total() -> None:
    async def test() -> None:
        for limits in (limited(2, 9), limited(9, 2)):
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
            with socket.create_connection(("127.0.0.1", here.port)) as deaf:
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


def test_stop_after_an_earlier_session_has_ended_is_over_when_all_are_cut_off() -> None:
    async def test() -> None:
        async with house() as here:
            gone = await here.connect()
            await gone.says("bye")
            await gone.hears_all()
            await here.aviary.departure.wait()
            peer = await here.connect()
            await peer.says("ask later")
            assert [await peer.hears(), await peer.hears()] == ["hello", "you said ask later"]
            await here.server.stop(within_s=0.001)
            assert here.server.connections == 0
            here.aviary.later.set()

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
            port = here.port
            taken = [Endpoint(0, "mail.free_port"), Endpoint(port, "mail.parrot_port", name="b")]
            second: Server[Parrot] = Server(here.aviary, "127.0.0.1", taken, here.clock, LIMITS)
            with pytest.raises(ListenError) as caught:
                await second.start()
            await second.stop()
            assert not second.listening
            assert str(caught.value) == (
                f"PARROT port {port} on 127.0.0.1 is in use: stop the program that has it, "
                "or change mail.parrot_port in the settings"
            )

    run(test())


def test_an_address_that_is_not_ours() -> None:
    async def test() -> None:
        server: Server[Parrot] = Server(Aviary(), "192.0.2.1", [Endpoint(0)], ManualClock(), LIMITS)
        with pytest.raises(ListenError, match="no such address"):
            await server.start()

    run(test())
