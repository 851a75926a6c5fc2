"""TLS on connections: from the first octet and amid a session, with Python's client as judge."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from app.net import client_tls
from app.net.listener import Connection
from app.net.tls import RECORD, ServerCertificate
from tests.kit.box_keys import BoxKeys, box_keys, client_hello
from tests.kit.defaults import LIMITS
from tests.kit.parrots import PIECE, House, Parrot, Peer, filled, house, run

FINE = "fine"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> BoxKeys:
    return box_keys(tmp_path_factory.mktemp("keys"))


async def secured(here: House, keys: BoxKeys, last_words: str = "secure") -> Peer:
    """A peer that has begun in plain text and then asked for TLS."""
    peer = await here.connect()
    assert await peer.hears() == "hello"
    await peer.says(last_words)
    assert await peer.hears() == "you said secure"
    assert only(here)._reading, "the handshake is read at once, not at the next tick"
    await peer.writer.start_tls(keys.client(), server_hostname="box.test")
    return peer


def only(here: House) -> Connection[Parrot]:
    (connection,) = here.server._connections
    return connection


@contextmanager
def info_lines(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """What the layer logs, each with its level; filled at the end."""
    lines: list[str] = []
    with caplog.at_level(logging.INFO, "app.net"):
        yield lines
        lines += [
            f"{r.levelname} {r.getMessage()}{' WITH STACK' if r.exc_info else ''}"
            for r in caplog.records
            if "TLS" in r.getMessage() and "listens" not in r.getMessage()
        ]


def test_tls_from_the_first_octet(keys: BoxKeys) -> None:
    async def test() -> None:
        async with house(certificate=keys.server()) as here:
            peer = await here.connect(keys.client())
            await peer.says("one\r\ntwo")
            heard = [await peer.hears() for _ in range(3)]
            assert heard == ["hello", "you said one", "you said two"]
            assert here.aviary.parrots[0].secure
            assert only(here).tls.startswith("TLSv1.3 TLS_")
            (row,) = here.server.held()
            assert row["tls"] == only(here).tls
            await peer.says("bye")
            assert await peer.hears_all() == b"you said bye\r\n"
            await here.aviary.departure.wait()

    run(test())


def test_tls_amid_a_session_forgets_what_came_with_the_command(keys: BoxKeys) -> None:
    async def test() -> None:
        async with house(certificate=keys.server()) as here:
            peer = await secured(here, keys, "secure\r\ninjected\r\nhalf a l")
            await peer.says("ine\r\nask soon")
            heard = [await peer.hears() for _ in range(2)]
            assert heard == ["you said ine", "you said ask soon"]
            assert only(here).tls

    run(test())


def test_plain_text_amid_the_handshake_is_never_a_command(
    keys: BoxKeys, caplog: pytest.LogCaptureFixture
) -> None:
    async def test() -> None:
        async with house(certificate=keys.server()) as here:
            peer = await here.connect()
            await peer.hears()
            await peer.says("secure")
            await peer.hears()
            await peer.says("crash\r\nlarge 3")
            rest = await peer.hears_all()
            assert b"you said" not in rest and len(rest) < 20  # an alert of TLS
            await here.aviary.departure.wait()
            assert not here.aviary.parrots[0].made

    with info_lines(caplog) as lines:
        run(test())
    assert lines == ["INFO PARROT: TLS with 127.0.0.1 failed: plain text came instead"]


def test_an_upgrade_waits_until_the_plain_output_is_gone(keys: BoxKeys) -> None:
    async def test() -> None:
        async with house(certificate=keys.server()) as here:
            peer = await here.connect()
            await peer.hears()
            peer.reader._transport.pause_reading()  # type: ignore[attr-defined]
            await peer.says("large 200\r\nsecure")
            await filled(here, 1)
            peer.reader._transport.resume_reading()  # type: ignore[attr-defined]
            assert await peer.hears() == "you said large 200"
            assert await peer.reader.readexactly(200 * PIECE) == b"x" * 200 * PIECE
            assert await peer.hears() == "you said secure"
            await peer.writer.start_tls(keys.client(), server_hostname="box.test")
            await peer.says("one")
            assert await peer.hears() == "you said one"

    run(test())


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_every_cut_between_octets(keys: BoxKeys, version: ssl.TLSVersion) -> None:
    """The client's octets come one at a time: handshake and commands."""

    async def test() -> None:
        async with house(certificate=keys.server()) as here:
            context = keys.client()
            context.maximum_version = version
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = context.wrap_bio(incoming, outgoing, server_hostname="box.test")
            reader, writer = await asyncio.open_connection("127.0.0.1", here.tls_port)
            connection = only(here)

            async def exchange(step: Any) -> Any:
                while True:
                    try:
                        done = step()
                    except ssl.SSLWantReadError:
                        done = None
                    for octet in outgoing.read():
                        before = connection.received
                        writer.write(bytes([octet]))
                        while connection.received == before:
                            await asyncio.sleep(0)
                    if done is not None:
                        return done
                    incoming.write(await reader.read(65_536))

            def shake() -> bool:
                tls.do_handshake()
                return True

            await exchange(shake)
            assert await exchange(lambda: tls.read(100)) == b"hello\r\n"
            await exchange(lambda: tls.write(b"one\r\n"))
            assert await exchange(lambda: tls.read(100)) == b"you said one\r\n"
            await exchange(lambda: tls.write(b"bye\r\n"))
            assert await exchange(lambda: tls.read(100)) == b"you said bye\r\n"
            assert await exchange(lambda: tls.read(100)) == b"", "the server says farewell"
            writer.close()

    run(test())


def test_a_client_that_reads_nothing_gets_no_more_over_tls(keys: BoxKeys) -> None:
    async def test() -> None:
        async with house(certificate=keys.server()) as here:
            peer = await here.connect(keys.client())
            await peer.hears()
            peer.reader._transport.pause_reading()  # type: ignore[attr-defined]
            await peer.says("large 100000")
            await filled(here, 1)
            made = here.aviary.parrots[0].made
            for _ in range(100):
                await asyncio.sleep(0)
            assert here.aviary.parrots[0].made == made < 500
            connection = only(here)
            assert not connection._reading
            assert connection._transport.get_write_buffer_size() < 3 * PIECE
            assert not connection._channel.outgoing()  # type: ignore[union-attr]

    run(test())


def test_large_output_and_input_arrive_whole(keys: BoxKeys) -> None:
    async def test() -> None:
        async with house(certificate=keys.server()) as here:
            peer = await here.connect(keys.client())
            await peer.hears()
            await peer.says("large 300")
            assert await peer.hears() == "you said large 300"
            assert await peer.reader.readexactly(300 * PIECE) == b"x" * 300 * PIECE
            words = ["w" * 900 + str(n) for n in range(3 * RECORD // 900)]
            await peer.says("\r\n".join(words))
            assert [await peer.hears() for _ in words] == [f"you said {word}" for word in words]

    run(test())


def test_who_says_farewell_still_gets_the_answers_that_are_due(keys: BoxKeys) -> None:
    async def test() -> None:
        async with house(certificate=keys.server()) as here:
            loop = asyncio.get_running_loop()

            def talk() -> bytes:
                with RawClient(here.tls_port, keys.client()) as client:
                    client.say_and_leave(b"one\r\nask later\r\nlast\r\n")
                    loop.call_soon_threadsafe(here.aviary.later.set)
                    return client.hear_all()

            heard = (await asyncio.to_thread(talk)).splitlines()
            assert heard[:3] == [b"hello", b"you said one", b"you said ask later"]
            assert heard[3:] == [b"at last", b"you said last"]

    run(test())


class RawClient:
    """A client that decides what goes into one segment."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_hostname="box.test")
        self._socket = socket.create_connection(("127.0.0.1", port))

    def __enter__(self) -> "RawClient":
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._socket.sendall(self._out.read())
                self._in.write(self._socket.recv(65_536))
            else:
                self._socket.sendall(self._out.read())
                return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave without a word."""
        self._socket.close()

    def say_and_leave(self, words: bytes) -> None:
        """Send words, close_notify and FIN."""
        if words:
            self._tls.write(words)
        with pytest.raises(ssl.SSLError):  # it wants the server's, too
            self._tls.unwrap()
        self._socket.sendall(self._out.read())
        self._socket.shutdown(socket.SHUT_WR)

    def hear_all(self) -> bytes:
        """All words up to the server's close_notify."""
        while piece := self._socket.recv(65_536):
            self._in.write(piece)
        self._in.write_eof()
        heard = b""
        try:
            while True:
                heard += self._tls.read(1000)
        except ssl.SSLZeroReturnError:  # close_notify; anything else is an error
            return heard


def shake(port: int, context: ssl.SSLContext) -> None:
    with socket.create_connection(("127.0.0.1", port)) as plain:
        context.wrap_socket(plain, server_hostname="box.test").close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_that_has_left_is_known_to_have_left(
    keys: BoxKeys, version: ssl.TLSVersion
) -> None:
    """While the session reads nothing, its close_notify lies unread in the socket."""
    context = keys.client()
    context.maximum_version = version

    async def test() -> None:
        async with house(certificate=keys.server()) as here:
            client = await asyncio.to_thread(RawClient(here.tls_port, context).__enter__)
            client._tls.write(b"ask later\r\n")
            client._socket.sendall(client._out.read())
            while not here.aviary.parrots[0].waiting:
                await asyncio.sleep(0)
            connection = only(here)
            assert not connection.will_send_no_more()
            client.say_and_leave(b"")
            assert connection.will_send_no_more()
            client.close()
            here.aviary.later.set()

    run(test())


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_command_that_lies_unread_is_not_taken_for_a_farewell(
    keys: BoxKeys, version: ssl.TLSVersion
) -> None:
    context = keys.client()
    context.maximum_version = version

    async def test() -> None:
        async with house(certificate=keys.server()) as here:
            client = await asyncio.to_thread(RawClient(here.tls_port, context).__enter__)
            client._tls.write(b"ask later\r\n")
            client._socket.sendall(client._out.read())
            while not here.aviary.parrots[0].waiting:
                await asyncio.sleep(0)
            client.say_and_leave(b"QUIT\r\n")
            assert not only(here).will_send_no_more()
            client.close()
            here.aviary.later.set()

    run(test())


def test_a_handshake_has_the_time_of_a_stranger_and_is_then_cut(
    keys: BoxKeys, caplog: pytest.LogCaptureFixture
) -> None:
    """A parrot's session ends at 600 s; nothing is said to a peer that cannot read it."""

    async def test() -> None:
        async with house(certificate=keys.server()) as here:
            reader, writer = await asyncio.open_connection("127.0.0.1", here.tls_port)
            writer.write(b"\x16\x03\x01")
            await writer.drain()
            while not here.aviary.parrots or not only(here).received:
                await asyncio.sleep(0)
            here.clock.advance(599)
            here.server.tick()
            assert here.server.connections == 1
            here.clock.advance(1)
            here.server.tick()
            assert await reader.read() == b""
            await here.aviary.departure.wait()

    with info_lines(caplog) as lines:
        run(test())
    assert lines == ["INFO PARROT: TLS with 127.0.0.1 failed: the handshake was not finished"]


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"CAPA\r\nQUIT\r\n", "plain text came instead"),
        (b"GET / HTTP/1.1\r\nHost: box\r\n\r\n", "a web browser's request came instead"),
        (bytes(range(256)) * 100, "plain text came instead"),
        (b"", "the handshake was not finished"),
        (b"\x16\x03\x01\x02\x00\x01\x00", "the handshake was not finished"),
    ],
)
def test_a_handshake_that_fails_leaves_one_line(
    keys: BoxKeys, caplog: pytest.LogCaptureFixture, octets: bytes, said: str
) -> None:
    async def test() -> None:
        async with house(certificate=keys.server()) as here:
            reader, writer = await asyncio.open_connection("127.0.0.1", here.tls_port)
            writer.write(octets)
            writer.write_eof()
            assert b"hello" not in await reader.read()
            writer.close()
            await here.aviary.departure.wait()
            assert here.server.connections == 0

    with info_lines(caplog) as lines:
        run(test())
    assert lines == [f"INFO PARROT: TLS with 127.0.0.1 failed: {said}"]


def test_a_client_that_does_not_know_our_authority(
    keys: BoxKeys, caplog: pytest.LogCaptureFixture
) -> None:
    async def test() -> None:
        async with house(certificate=keys.server()) as here:
            context = ssl.create_default_context()
            with pytest.raises(ssl.SSLCertVerificationError):
                await asyncio.to_thread(shake, here.tls_port, context)
            await here.aviary.departure.wait()

    with info_lines(caplog) as lines:
        run(test())
    hint = "the client does not know this box's certificate authority"
    assert lines == [f"INFO PARROT: TLS with 127.0.0.1 failed: {hint}"]


def test_tls_1_1_is_refused(keys: BoxKeys, caplog: pytest.LogCaptureFixture) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1

    async def test() -> None:
        async with house(certificate=keys.server()) as here:
            with pytest.raises(ssl.SSLError):
                await here.connect(old)
            await here.aviary.departure.wait()

    with info_lines(caplog) as lines:
        run(test())
    assert lines == ["INFO PARROT: TLS with 127.0.0.1 failed: the client's TLS is older than 1.2"]


def test_rubbish_after_the_handshake_ends_the_connection(
    keys: BoxKeys, caplog: pytest.LogCaptureFixture
) -> None:
    async def test() -> None:
        async with house(certificate=keys.server()) as here:
            peer = await here.connect(keys.client())
            await peer.hears()
            raw = peer.writer.get_extra_info("socket")
            socket.fromfd(raw.fileno(), raw.family, raw.type).sendall(b"not TLS" * 10)
            with pytest.raises(ssl.SSLError):
                await peer.hears_all()
            await here.aviary.departure.wait()

    with info_lines(caplog) as lines:
        run(test())
    assert lines == ["INFO PARROT: TLS with 127.0.0.1 failed: plain text came instead"]


def test_over_the_limit_nothing_is_said_in_plain_text(keys: BoxKeys) -> None:
    async def test() -> None:
        limits = LIMITS.__class__(1, 1, 0, LIMITS.lan)
        async with house(limits, keys.server()) as here:
            first = await here.connect()
            assert await first.hears() == "hello"
            reader, _ = await asyncio.open_connection("127.0.0.1", here.tls_port)
            assert await reader.read() == b"", "the limit is that of all ports together"
            await first.says("still there")
            assert await first.hears() == "you said still there"

    run(test())


def test_a_fault_of_ours_and_the_end_of_the_service_are_told_over_tls(keys: BoxKeys) -> None:
    async def test() -> None:
        async with house(certificate=keys.server()) as here:
            peer = await here.connect(keys.client())
            await peer.says("crash")
            assert await peer.hears_all() == b"hello\r\nsomething failed\r\n"
            other = await here.connect(keys.client())
            assert await other.hears() == "hello"
            await here.server.stop(within_s=1.0)
            assert await other.hears_all() == b"stopping\r\n"

    run(test())


def serial(tls: asyncio.StreamWriter) -> str:
    """Number of the certificate that a server has shown."""
    shown = tls.get_extra_info("peercert")
    return str(shown["serialNumber"])


def test_a_new_certificate_is_used_without_a_restart(tmp_path: Path) -> None:
    own = box_keys(tmp_path)

    async def test() -> None:
        async with house(certificate=own.server()) as here:
            before = await here.connect(own.client())
            own.renew("box.test", "new.test")
            after = await here.connect(own.client())
            assert serial(after.writer) != serial(before.writer)
            names = after.writer.get_extra_info("peercert")["subjectAltName"]
            assert ("DNS", "new.test") in names
            await before.says("still there")
            assert [await before.hears() for _ in range(2)] == ["hello", "you said still there"]

    run(test())


def test_files_that_cannot_be_used_leave_the_old_certificate(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own, other = box_keys(tmp_path / "own"), box_keys(tmp_path / "other")
    certificate = own.server()
    first = certificate.context()
    assert first is not None
    (own.folder / "server.crt").write_bytes((other.folder / "server.crt").read_bytes())
    assert certificate.context() is first, "the key does not belong to this certificate"
    assert certificate.context() is first
    (own.folder / "server.key").write_bytes((other.folder / "server.key").read_bytes())
    assert certificate.context() not in (first, None)
    (own.folder / "server.key").unlink()
    assert certificate.context() is not None
    warnings = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert len(warnings) == 2 and "the one before is offered" in warnings[0]


def test_without_a_certificate_tls_is_not_offered(tmp_path: Path) -> None:
    missing = ServerCertificate(tmp_path / "server.crt", tmp_path / "server.key")

    async def test() -> None:
        async with house(certificate=missing) as here:
            peer = await here.connect()
            assert await peer.hears() == "hello"
            assert not only(here).can_start_tls
            reader, _ = await asyncio.open_connection("127.0.0.1", here.tls_port)
            assert await reader.read() == b""

    run(test())


def test_whoever_shakes_hands_waits_for_a_turn(keys: BoxKeys) -> None:
    """Handshakes that arrive at once are taken a few in a round of the loop, like commands."""

    async def test() -> None:
        async with house(certificate=keys.server()) as here:
            hello = client_hello(keys)
            peers = [await asyncio.open_connection("127.0.0.1", here.tls_port) for _ in range(30)]
            while here.server.connections < 30:
                await asyncio.sleep(0)
            waiting = []
            for _, writer in peers:
                writer.write(hello)
            while any(c.received == 0 for c in here.server._connections):
                await asyncio.sleep(0)
                waiting.append(len(here.server._turns))
            assert max(waiting) > 0, "all handshakes were worked on in one round"
            answers = [await reader.read(5) for reader, _ in peers]
            assert all(answer[:1] == b"\x16" for answer in answers)

    run(test())


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (
            ConnectionRefusedError(111, "Connect call failed ('192.0.2.1', 25)"),
            "Connection refused",
        ),
        (TimeoutError(), "no connection within 30 s"),
        (TimeoutError(110, "Connect call failed"), "no connection within 30 s"),
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
        (OSError("Multiple exceptions: a, b"), "Multiple exceptions: a, b"),
        (ValueError(), "ValueError"),
    ],
)
def test_what_is_wrong_with_a_connection_is_said_in_words(problem: Exception, said: str) -> None:
    assert client_tls.why(problem, 30) == said
