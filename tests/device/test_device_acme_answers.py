"""An authority that answers otherwise than RFC 8555 says: it is told, and not waited for long."""

import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from app.device import certificates
from app.device.acme import LOOKS, AcmeClient, AcmeFailed

Answers = dict[str, Any]
"""By path: a JSON value, octets, or (status, JSON value)."""


class Server(ThreadingHTTPServer):
    """Answers by a table."""

    answers: Answers
    asked: list[str]

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """Every answer brings a nonce and says where the order is."""

    server: Server

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self._answer()

    def _answer(self) -> None:
        self.server.asked.append(self.path)
        found = self.server.answers.get(self.path, (404, {}))
        status, value = found if isinstance(found, tuple) else (200, found)
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Replay-Nonce", "bm9uY2U")
        self.send_header("Location", f"{self.server.url}/it")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """What it was asked is in `asked`."""


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    keys = tmp_path_factory.mktemp("keys")
    certificates.ensure(keys, ("localhost",), ("127.0.0.1",))
    return keys


@pytest.fixture
def server(keys: Path) -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keys / "server.crt", keys / "server.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.asked = []
    running = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    running.start()
    yield server
    server.shutdown()
    running.join()
    server.server_close()


def well(url: str) -> Answers:
    """An authority that would sign."""
    names = ("newNonce", "newAccount", "newOrder")
    challenge = {"type": "http-01", "token": "to-ken_1", "url": f"{url}/challenge"}
    return {
        "/dir": {name: f"{url}/{name}" for name in names},
        "/newNonce": {},
        "/newAccount": {"status": "valid"},
        "/newOrder": {
            "status": "pending",
            "authorizations": [f"{url}/proof"],
            "finalize": f"{url}/finalize",
        },
        "/proof": {
            "status": "pending",
            "identifier": {"type": "dns", "value": "box.example.org"},
            "challenges": [challenge],
        },
        "/challenge": {"status": "processing"},
        "/it": {"status": "valid", "certificate": f"{url}/certificate"},
        "/certificate": b"-----BEGIN CERTIFICATE-----",
    }


def obtain(server: Server, keys: Path, folder: Path) -> tuple[str, list[float]]:
    """Why it failed, and the pauses that were made."""
    pauses: list[float] = []
    trusted = ssl.create_default_context(cafile=keys / "ca.crt")
    key = ec.generate_private_key(ec.SECP256R1())
    client = AcmeClient(f"{server.url}/dir", key, folder, trusted, pauses.append)
    with pytest.raises(AcmeFailed) as failed:
        client.obtain(("box.example.org",), key, "")
    return str(failed.value), pauses


def with_token(token: Any) -> Callable[[Answers], None]:
    return lambda answers: answers["/proof"]["challenges"][0].update(token=token)


def refuses(path: str, *, status: int, **problem: str) -> Callable[[Answers], None]:
    return lambda answers: answers.update({path: (status, problem)})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda answers: answers.update({"/dir": b"<html>"}), "the answer cannot be read|no JSON"),
        (lambda answers: answers.update({"/dir": []}), "no JSON object"),
        (lambda answers: answers["/dir"].pop("newOrder"), "has no newOrder"),
        (
            lambda answers: answers["/dir"].update(newAccount="http://127.0.0.1/"),
            "begin with https",
        ),
        (lambda answers: answers["/newOrder"].pop("authorizations"), "has no authorizations"),
        (
            lambda answers: answers["/proof"].update(challenges=[{"type": "dns-01"}]),
            "box.example.org: the authority offers no proof by HTTP",
        ),
        (with_token("../../etc/passwd"), "token is not one"),
        (with_token(""), "token is not one"),
        (
            lambda answers: (
                answers["/proof"]["challenges"][0].update(error={"detail": "no route"})
                or answers["/proof"].update(status="invalid")
            ),
            "box.example.org: no route",
        ),
        (
            refuses("/newOrder", status=429, type="x:rateLimited", detail="too many orders"),
            "the authority says: too many orders",
        ),
        (refuses("/newAccount", status=500), "the authority says: HTTP status 500"),
        (
            refuses("/newAccount", status=400, type="urn:ietf:params:acme:error:badNonce"),
            "takes none of its own nonces",
        ),
    ],
)
def test_answer_that_cannot_be_used_is_told_and_leaves_no_file(
    change: Callable[[Answers], None], told: str, server: Server, keys: Path, tmp_path: Path
) -> None:
    server.answers = well(server.url)
    change(server.answers)
    text, _ = obtain(server, keys, tmp_path)
    assert re.search(told, text), text
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_proof_that_comes_to_no_end_is_given_up(server: Server, keys: Path, tmp_path: Path) -> None:
    server.answers = well(server.url)
    text, pauses = obtain(server, keys, tmp_path)
    assert "did not come to an end in time" in text
    assert len(pauses) == LOOKS and server.asked.count("/proof") == LOOKS + 1
    assert list(tmp_path.iterdir()) == []
