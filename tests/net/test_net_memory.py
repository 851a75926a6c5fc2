"""How much memory the mail service takes while hostile clients hold all its connections."""

import re
import select
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from app.core.control import ask
from app.inbox.contents import CHUNK
from app.mail.smtp.content import ALL_HOLD_BACK
from app.message.headers import HEAD_LIMIT
from app.net.connection import RECEIVE
from tests.kit.killing import House, MailProcess

TRANSPORT = 65_536
PER_CONNECTION = 4 * RECEIVE + TRANSPORT + CHUNK + HEAD_LIMIT
"""Octets that one connection may cost: input read ahead, output, a chunk of mail, a header."""

CONNECTIONS = 16
MOST = 2_000_000
"""Octets that each client sends if it is let."""

ENVELOPE = b"EHLO x\r\nMAIL FROM:<x@y.test>\r\nRCPT TO:<anna@box.test>\r\nDATA\r\n"

ATTACKS: dict[str, tuple[str, bytes, bytes]] = {
    "answers that nobody reads": ("smtp", b"EHLO x\r\n", b"NOOP\r\n" * 1000),
    "help that nobody reads": ("smtp", b"EHLO x\r\n", b"HELP\r\n" * 1000),
    "a line without an end": ("smtp", b"", b"x" * 10_000),
    "a header without an end": ("smtp", ENVELOPE, b"Subject: x\r\n" * 500),
    "capabilities that nobody reads": ("pop3", b"", b"CAPA\r\n" * 1000),
    "a login without an end": ("pop3", b"", b"USER " + b"x" * 10_000),
}


@pytest.fixture
def service(tmp_path: Path) -> Iterator[tuple[House, MailProcess]]:
    house = House(tmp_path / "box")
    house.furnish(("anna",))
    settings = house.paths.settings_file
    few = f"[mail]\nconnections = {CONNECTIONS}\nconnections_per_peer = {CONNECTIONS}"
    settings.write_text(settings.read_text().replace("[mail]", few))
    with house.mail() as service:
        yield house, service


def peak(service: MailProcess) -> int:
    """Octets of memory that the process has had at most."""
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None, status
    return int(found[1]) * 1024


def press(clients: list[socket.socket], piece: bytes, answered: Callable[[], object]) -> int:
    """Send to all until the service takes no more or ends them; the octets that were taken."""
    sent = dict.fromkeys(clients, 0)
    quiet = 0
    while quiet < 5:
        _, ready, _ = select.select([], [c for c in sent if sent[c] < MOST], [], 0)
        quiet = 0 if ready else quiet + 1
        for client in ready:
            try:
                sent[client] += client.send(piece)
            except BlockingIOError:
                continue
            except OSError:  # it was ended
                sent[client] = MOST
        answered()  # the loop has gone round
    return sum(sent.values())


@pytest.mark.parametrize("attack", ATTACKS)
def test_memory_stays_within_its_bound(service: tuple[House, MailProcess], attack: str) -> None:
    house, process = service
    protocol, first, piece = ATTACKS[attack]
    port = process.smtp if protocol == "smtp" else process.pop3

    def answered() -> int:
        status = ask(house.paths.mail_control, {"ask": "status"})
        return int(status["connections"])

    answered()
    before = peak(process)
    with ExitStack() as held:
        clients = []
        for _ in range(CONNECTIONS * 3 // 4):  # the LAN's share
            client = held.enter_context(socket.create_connection(("127.0.0.1", port), 20))
            client.setblocking(False)
            client.send(first + piece[:1])
            clients.append(client)
        press(clients, piece, answered)
        grown = peak(process) - before
    bound = len(clients) * PER_CONNECTION + 6_000_000  # and what the first ones make it load
    if first == ENVELOPE:
        bound += ALL_HOLD_BACK  # all mails together, while the disk is slow
    assert grown < bound, f"the process has grown by {grown} octets, {bound} are allowed"
