"""The web pages over real sockets: limits, security headers, faults, TLS. curl and Python ask."""

import asyncio
import logging
import socket
import ssl
import subprocess
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app import appliance
from app.config.paths import Paths
from app.core.clock import ManualClock
from app.device import certificates
from app.net.listener import Endpoint, Limits, Server
from app.net.peers import Networks
from app.web import thread
from app.web.application import SECURITY_HEADERS
from app.web.http import HIGH, HttpSession
from app.web.limits import AT_ONCE, PER_SECOND, SOURCES, RequestLimit
from app.web.service import Application, Message, Receive, Send, WebService
from tests.kit.running import until
from tests.kit.web import WebHouse, serving, web_settings

LIMITS = Limits(8, 4, 25, Networks(["127.0.0.0/8"]))


@asynccontextmanager
async def served(application: Application, limits: Limits = LIMITS) -> AsyncIterator[int]:
    """An application on a port of its own."""
    clock = ManualClock()
    server: Server[HttpSession] = Server(
        WebService(application, clock), "127.0.0.1", [Endpoint(0, name="http")], clock, limits
    )
    ports = await server.start()
    try:
        yield ports["http"]
    finally:
        await server.stop()


async def exchange(port: int, octets: bytes) -> bytes:
    """Send, and all that comes until the server ends the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(octets)
    try:
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()


GET = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


async def broken(scope: Message, receive: Receive, send: Send) -> None:
    raise ZeroDivisionError("a secret of ours")


async def broken_amid(scope: Message, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise ZeroDivisionError


@pytest.mark.parametrize(
    ("application", "said"), [(broken, b"HTTP/1.1 500 "), (broken_amid, b"HTTP/1.1 200 ")]
)
def test_fault_ends_its_own_connection_and_tells_the_log_alone(
    application: Application, said: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async def talk() -> list[bytes]:
        async with served(application) as port:
            return [await exchange(port, GET) for _ in range(2)]

    for answer in asyncio.run(talk()):
        assert answer.startswith(said) and b"secret" not in answer
        assert b"0\r\n\r\n" not in answer, "an answer that broke off must not look whole"
    assert caplog.text.count("ZeroDivisionError") >= 2


def test_long_answer_waits_for_a_client_that_reads_slowly() -> None:
    sent: list[int] = []

    async def long(scope: Message, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(200):
            await send({"type": "http.response.body", "body": bytes(HIGH), "more_body": True})
            sent.append(HIGH)
        await send({"type": "http.response.body", "body": b"end"})

    async def talk() -> bytes:
        async with served(long) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=65_536)
            writer.write(GET)
            first = await reader.readline()
            while True:  # as long as the kernel's buffers take more
                before = len(sent)
                for _ in range(200):
                    await asyncio.sleep(0)
                if len(sent) == before:
                    break
            assert len(sent) < 100, "the answer lies in memory"
            rest = await reader.read()
            writer.close()
            return first + rest

    answer = asyncio.run(talk())
    assert len(sent) == 200 and len(answer) > 200 * HIGH and answer.endswith(b"end\r\n0\r\n\r\n")


def test_answer_to_a_client_that_has_gone_is_given_up() -> None:
    async def talk() -> str:
        over: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        async def endless(scope: Message, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            try:
                while True:
                    await send(
                        {"type": "http.response.body", "body": bytes(HIGH), "more_body": True}
                    )
            except Exception as problem:
                over.set_result(type(problem).__name__)
                raise

        async with served(endless) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(GET)
            await reader.readline()
            writer.transport.abort()
            return await asyncio.wait_for(over, 10)

    assert asyncio.run(talk()) == "PeerGone"


def test_application_is_told_what_was_asked() -> None:
    scopes: list[Message] = []

    async def note(scope: Message, receive: Receive, send: Send) -> None:
        scopes.append({**scope, "said": await receive(), "after": await receive()})
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    targets = (b"/a%20b?c=%C3%A4", b"http://box.test/x?y", b"/%ff", b"*")

    async def talk() -> None:
        async with served(note) as port:
            for target in targets:
                answer = await exchange(
                    port,
                    b"POST "
                    + target
                    + b" HTTP/1.1\r\nHost: a\r\nX-Odd: \xe4\r\nConnection: close\r\n"
                    b"Content-Length: 2\r\n\r\nhi",
                )
                assert answer.startswith(b"HTTP/1.1 204 ") and b"\r\ndate: " in answer

    asyncio.run(talk())
    assert [scope["path"] for scope in scopes] == ["/a b", "/x", "/\ufffd", "/"]
    assert [scope["query_string"] for scope in scopes] == [b"c=%C3%A4", b"y", b"", b""]
    for scope in scopes:
        assert scope["said"] == {"type": "http.request", "body": b"hi", "more_body": False}
        assert scope["after"] == {"type": "http.disconnect"}
        assert (b"x-odd", b"\xe4") in scope["headers"]
        assert scope["client"][0] == scope["server"][0] == "127.0.0.1"


def test_source_that_holds_too_many_connections_is_told_so() -> None:
    async def talk() -> bytes:
        async with served(broken, LIMITS) as port:
            held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(4)]
            try:
                return await exchange(port, GET)
            finally:
                for _, writer in held:
                    writer.close()

    assert asyncio.run(talk()).startswith(b"HTTP/1.1 503 ")


def test_source_that_asks_too_often_has_to_wait() -> None:
    clock = ManualClock()
    limit = RequestLimit(broken, clock)
    assert [limit.may_ask("192.0.2.1") for _ in range(AT_ONCE + 2)] == [True] * AT_ONCE + [
        False
    ] * 2
    assert limit.may_ask("192.0.2.2")
    clock.advance(1 / PER_SECOND)
    assert [limit.may_ask("192.0.2.1") for _ in range(2)] == [True, False]
    clock.advance(3600)
    allowed = [limit.may_ask("192.0.2.1") for _ in range(AT_ONCE + 1)]
    assert allowed == [True] * AT_ONCE + [False], "who was quiet has no more than anybody"
    assert limit.may_ask("2001:db8::1")
    for number in range(AT_ONCE - 1):  # one network of 64 bits is one source
        assert limit.may_ask(f"2001:db8::{number:x}")
    assert not limit.may_ask("2001:db8::ffff")


def test_sources_that_are_remembered_have_a_bound() -> None:
    limit = RequestLimit(broken, ManualClock())
    for _ in range(AT_ONCE):
        assert limit.may_ask("192.0.2.1")
    for number in range(SOURCES):
        limit.may_ask(f"10.0.{number // 256}.{number % 256}")
    assert limit.may_ask("192.0.2.1"), "it was forgotten"


def test_too_many_requests_are_answered_429(tmp_path: Path) -> None:
    with serving(tmp_path / "var", web_settings()) as house:
        answers = [house.ask("/static/style.css").status for _ in range(AT_ONCE + 20)]
        assert set(answers) == {200, 429} and answers[:AT_ONCE] == [200] * AT_ONCE


@pytest.mark.parametrize(
    ("path", "status"), [("/setup", 200), ("/nothing", 404), ("/", 302), ("/static/style.css", 200)]
)
def test_every_answer_has_the_security_headers(house: WebHouse, path: str, status: int) -> None:
    answer = house.ask(path)
    assert answer.status == status
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers[name] == value
    assert "server" not in answer.headers


def test_error_page_shows_nothing_of_what_was_asked(house: WebHouse) -> None:
    answer = house.ask("/<script>alert(1)</script>?<b>")
    assert answer.status == 404 and b"script" not in answer.body and b"/setup" in answer.body
    assert house.ask("/setup", "DELETE").status == 405


def curl(*words: str | Path) -> tuple[int, str]:
    """curl's exit code, and what it wrote."""
    done = subprocess.run(
        ["curl", "--silent", "--show-error", "--max-time", "10", *words],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    return done.returncode, done.stdout


def test_curl_believes_the_certificate_and_asks_twice_on_one_connection(house: WebHouse) -> None:
    page = f"https://127.0.0.1:{house.https}/setup"
    form = (
        "--write-out",
        "%{http_code} %{num_connects} %{ssl_verify_result}\n",
        "--output",
        "/dev/null",
    )
    code, said = curl("--cacert", house.paths.keys / "ca.crt", *form, page, *form, page)
    assert (code, said) == (0, "200 1 0\n200 0 0\n")
    assert curl(page)[0] == 60, "unknown authority [curl(1)]"


def test_certificate_that_is_made_anew_is_shown_at_once(tmp_path: Path) -> None:
    def shown(port: int) -> str:
        return ssl.get_server_certificate(("127.0.0.1", port))

    with serving(tmp_path / "var", web_settings()) as house:
        before = shown(house.https)
        certificates.ensure(house.paths.keys, ("other.test",), ("127.0.0.1",))
        after = shown(house.https)
        assert before != after == (house.paths.keys / "server.crt").read_text()
        assert house.ask("/setup", tls=True).status == 200


def test_loop_that_does_not_go_round_is_noticed(tmp_path: Path) -> None:
    clock = ManualClock()
    paths = Paths(tmp_path)
    web = thread.WebThread(appliance.web_config(paths, web_settings()), clock, paths)
    clock.advance(thread.HANGS_S)
    assert not web.hangs
    clock.advance(1)
    assert web.hangs


def test_port_in_use_is_told_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thread, "RETRY_S", 0.01)
    with caplog.at_level(logging.ERROR), socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        def tried() -> bool:
            return "web.http_port" in caplog.text

        def free_it() -> None:
            until(tried)
            other.close()

        freeing = threading.Thread(target=free_it)
        freeing.start()
        with serving(tmp_path / "var", web_settings(http_port=port)) as house:
            freeing.join()
            assert house.http == port and house.ask("/setup").status == 200
    assert "in use" in caplog.text
