"""How much memory the admin service takes while hostile clients hold all its web connections."""

import json
import os
import re
import select
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from app.config.paths import PROJECT
from app.device import certificates
from app.net.connection import RECEIVE
from app.web.http import BODY, HEAD
from app.web.thread import PER_PEER
from tests.kit.killing import House

TRANSPORT = 65_536
PER_CONNECTION = 3 * RECEIVE + TRANSPORT + 2 * (HEAD + BODY)
"""Octets that one connection may cost: what has come, a request twice (read, given out), output."""
MOST = 2_000_000
"""Octets that each client sends if it is let."""

POST = b"POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: a\r\nContent-Length: 65536\r\n\r\n"
ATTACKS = {
    "a header without an end": (False, b"GET / HTTP/1.1\r\nHost: a\r\n", b"x: y\r\n" * 1000),
    "a body that stops": (False, POST, b"x" * 65_000),
    "answers that nobody reads": (False, b"", b"GET /setup HTTP/1.1\r\nHost: a\r\n\r\n" * 200),
    "the same by TLS": (True, b"", b"GET /setup HTTP/1.1\r\nHost: a\r\n\r\n" * 200),
}


class Admin:
    """`python -m app admin` over a box of its own."""

    def __init__(self, house: House) -> None:
        told, ready = os.pipe()
        self.log = house.var / "admin.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app", "admin", "--ready-fd", str(ready)],
                cwd=PROJECT,
                env={**os.environ, "SWITCHHOOK_VAR": str(house.var)},
                pass_fds=[ready],
                stderr=log,
            )
        os.close(ready)
        try:
            assert os.read(told, 1) == b"\n", self.log.read_text()
        finally:
            os.close(told)
        self.ports = json.loads(house.paths.web_ports.read_bytes())

    def peak(self) -> int:
        """Octets of memory that the process has had at most."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) * 1000

    def end(self) -> None:
        """As its supervisor does."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(20) == 0, self.log.read_text()


@pytest.fixture(scope="module")
def admin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Admin]:
    house = House(tmp_path_factory.mktemp("admin") / "box")
    house.furnish(("anna",))
    certificates.ensure(house.paths.keys, ("box.test",), ("127.0.0.1",))
    admin = Admin(house)
    yield admin
    admin.end()
    assert "Traceback" not in admin.log.read_text()


def flood(sock: socket.socket, piece: bytes) -> None:
    """Send as long as the service takes more, or until it has ended the connection."""
    sent = 0
    sock.settimeout(0)
    while sent < MOST:
        _, writable, _ = select.select([], [sock], [], 0.2)
        if not writable:
            return
        try:
            sent += sock.send(piece)
        except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return
        except OSError:  # it was ended
            return


@pytest.mark.parametrize("attack", ATTACKS)
def test_memory_has_a_bound_whatever_clients_do(admin: Admin, attack: str) -> None:
    """Each from an address of its own: connections that have just ended may still be counted."""
    tls, before, piece = ATTACKS[attack]
    attacker = f"127.0.0.{2 + list(ATTACKS).index(attack)}"
    port = admin.ports["https" if tls else "http"]
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    quiet = admin.peak()
    with ExitStack() as held:
        for _ in range(PER_PEER):
            sock: socket.socket = held.enter_context(
                socket.create_connection(("127.0.0.1", port), 10, (attacker, 0))
            )
            if tls:
                sock = held.enter_context(context.wrap_socket(sock))
            sock.sendall(before)
            flood(sock, piece)
        assert admin.peak() - quiet < PER_PEER * PER_CONNECTION + 4_000_000
