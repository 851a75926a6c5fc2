"""Clients that pipeline and read no answers: what is kept of them, and whose turn it is."""

import asyncio
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from app.mail.pop3 import session as pop3
from app.mail.smtp import session as smtp
from app.net.connection import PIECES_PER_TURN, RECEIVE, Connection
from app.net.listener import TURNS_PER_ROUND, Server
from tests.kit.mail_box import MailBox
from tests.kit.smtp_talk import Talk, codes

FLOOD = 64_000_000
"""Octets that a client sends if it is let: far more than the sockets of both ends hold."""

TRANSPORT = 65_536
"""Octets at which asyncio's transport asks for no more."""

LONGEST_REPLY = 512

LOGIN = (b"", b"USER anna\r\n", b"PASS a long password\r\n")
"""After the greeting. Without a login so many octets would end the session, not pause it."""


def held(connection: Connection[Any]) -> int:
    """Octets that the service keeps of one connection, in and out."""
    session = connection.session
    assert session is not None, "the connection is still open"
    unread: int = session._reader.buffered
    said = session._output.pieces if isinstance(session, pop3.Pop3Session) else session._out
    unsent = sum(len(piece) for piece in said)
    return unread + unsent + connection._transport.get_write_buffer_size()


def flood(
    box: MailBox, server: Server[Any], port: int, line: bytes, login: tuple[bytes, ...] = ()
) -> tuple[int, int]:
    """Send lines and read nothing; (octets that were taken, octets that are kept of them).

    What is answered to the lines of a POP3 login is read.
    """

    async def deaf() -> bool:
        await asyncio.sleep(0)
        return not any(connection._reading for connection in server._connections)

    async def kept() -> int:
        return sum(held(connection) for connection in server._connections)

    block = line * (65_536 // len(line))
    sent = 0
    with socket.create_connection(("127.0.0.1", port)) as client:
        with client.makefile("rb") as answers:
            for asked in login:
                client.sendall(asked)
                assert answers.readline()[:1] == b"+"
        client.setblocking(False)
        while sent < FLOOD:
            try:
                sent += client.send(block[sent % len(line) :])
            except BlockingIOError:
                if box.in_loop(deaf()):
                    return sent, box.in_loop(kept())
        return sent, box.in_loop(kept())


@pytest.mark.parametrize("line", [b"NOOP\r\n", b"HELP\r\n", b"VRFY x\r\n", b"EHLO x\r\n"])
def test_an_smtp_client_that_reads_no_answers_is_read_no_further(
    tmp_path: Path, line: bytes
) -> None:
    with MailBox(tmp_path) as box:
        sent, kept = flood(box, box.service._smtp, box.ports.smtp, line)
    assert sent < FLOOD, "all commands were taken though no answer was read"
    bound = smtp.READ_AHEAD + RECEIVE + TRANSPORT + smtp.COMMANDS_PER_PIECE * LONGEST_REPLY
    assert kept <= bound, f"{kept} octets are kept of one connection, {bound} are allowed"


def test_a_pop3_client_that_reads_no_answers_is_read_no_further(tmp_path: Path) -> None:
    with MailBox(tmp_path) as box:
        anna = box.people.by_login("anna")
        assert anna is not None
        box.db.now(lambda tx: box.people.set_password(tx, anna.id, "a long password"))
        sent, kept = flood(box, box.service._pop3, box.ports.pop3, b"CAPA\r\n", LOGIN)
    assert sent < FLOOD, "all commands were taken though no answer was read"
    bound = pop3.READ_AHEAD + RECEIVE + TRANSPORT + pop3.COMMANDS_PER_PIECE * LONGEST_REPLY
    assert kept <= bound, f"{kept} octets are kept of one connection, {bound} are allowed"


def test_pipelined_smtp_commands_are_run_a_few_in_a_round_of_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pipelined(tmp_path, monkeypatch, smtp.SmtpSession, "_command", b"NOOP\r\n", 2000) <= (
        PIECES_PER_TURN * smtp.COMMANDS_PER_PIECE
    ), "one client runs so many commands while the others wait"


def test_pipelined_pop3_commands_are_run_a_few_in_a_round_of_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pipelined(tmp_path, monkeypatch, pop3.Pop3Session, "_execute", b"CAPA\r\n", 500) <= (
        PIECES_PER_TURN * pop3.COMMANDS_PER_PIECE
    ), "one client runs so many commands while the others wait"


def pipelined(
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
    session: type[Any],
    method: str,
    line: bytes,
    count: int,
) -> int:
    """How many commands of one client are run between two rounds of the loop, at most."""
    ran, most = 0, 0
    run = getattr(session, method)

    def counting(self: Any, octets: bytes) -> Any:
        nonlocal ran
        ran += 1
        return run(self, octets)

    async def watch() -> None:
        nonlocal most
        seen = ran
        while ran < count:
            await asyncio.sleep(0)
            seen, most = ran, max(most, ran - seen)

    monkeypatch.setattr(session, method, counting)
    with MailBox(directory) as box:
        port = box.ports.smtp if session is smtp.SmtpSession else box.ports.pop3
        with socket.create_connection(("127.0.0.1", port)) as client:
            watching = asyncio.run_coroutine_threadsafe(watch(), box._loop)
            client.sendall(line * count)
            client.shutdown(socket.SHUT_WR)  # it then closes when all is answered
            while client.recv(65_536):
                continue
            watching.result(20)
    assert ran == count
    return most


def test_many_clients_that_pipeline_take_a_few_turns_in_a_round_of_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients, each, ran, most = 40, 400, 0, 0
    run = smtp.SmtpSession._command

    def counting(self: smtp.SmtpSession, octets: bytes) -> None:
        nonlocal ran
        ran += 1
        run(self, octets)

    async def watch() -> None:
        nonlocal most
        seen = ran
        while ran < clients * each:
            await asyncio.sleep(0)
            seen, most = ran, max(most, ran - seen)

    monkeypatch.setattr(smtp.SmtpSession, "_command", counting)
    with MailBox(tmp_path) as box, ExitStack() as held:
        watching = asyncio.run_coroutine_threadsafe(watch(), box._loop)
        peers = []
        for _ in range(clients):
            peer = held.enter_context(socket.create_connection(("127.0.0.1", box.ports.smtp), 20))
            peer.sendall(b"NOOP\r\n" * each)  # the answers fit into the sockets
            peers.append(peer)
        watching.result(20)
    bound = 2 * TURNS_PER_ROUND * PIECES_PER_TURN * smtp.COMMANDS_PER_PIECE
    assert most <= bound, f"{most} commands in one round while everybody else waits"


def test_a_piece_of_smtp_answers_judges_a_few_recipients_only() -> None:
    talk = Talk()
    talk.send(b"EHLO x\r\nMAIL FROM:<x@y.test>\r\n")
    talk.session.receive(b"RCPT TO:<anna>\r\n" * 10)
    assert len(codes(talk.session.to_send())) == smtp.RECIPIENTS_PER_PIECE
