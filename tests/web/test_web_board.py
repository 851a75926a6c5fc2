"""The virtual board's page: who may open it, and what goes between it and the board."""

import asyncio
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from wsproto.events import AcceptConnection, CloseConnection, Event, RejectConnection

from app.web.board.nearby import at_this_machine, from_our_page
from app.web.board.relay import LONGEST, PARTIES
from app.web.board.routes import PAGES_MOST, routes
from app.web.rendering import Pages
from drivers.board import virtual_board
from drivers.models.box import VirtualBox
from drivers.models.bus_server import BoxServer
from drivers.models.sound import save_wav
from tests.kit.models import set_up_station, set_up_trunk, sine
from tests.kit.web_socket import Peer, served

HOST = "127.0.0.1:8080"
PAGE = [(b"origin", b"http://127.0.0.1:8080")]


@pytest.mark.parametrize(
    ("peer", "host", "may"),
    [
        ("127.0.0.1", "127.0.0.1:8080", True),
        ("127.0.0.1", "localhost", True),
        ("::1", "[::1]:8080", True),
        ("::ffff:127.0.0.1", "LocalHost:8080", True),
        ("192.168.1.7", "127.0.0.1:8080", False),
        ("::ffff:192.168.1.7", "127.0.0.1:8080", False),
        ("fe80::1%eth0", "[::1]", False),
        ("127.0.0.1", "evil.example", False),
        ("127.0.0.1", "127.0.0.1.evil.example", False),
        ("127.0.0.1", "127.0.0.1:8080:1", False),
        ("127.0.0.1", "", False),
        ("?", "127.0.0.1", False),
    ],
)
def test_board_is_operated_at_its_machine_only(peer: str, host: str, may: bool) -> None:
    assert at_this_machine(peer, Headers({"host": host})) is may


@pytest.mark.parametrize(
    ("scheme", "origin", "may"),
    [
        ("ws", "http://127.0.0.1:8080", True),
        ("wss", "https://127.0.0.1:8080", True),
        ("ws", "https://127.0.0.1:8080", False),
        ("ws", "http://127.0.0.1", False),
        ("ws", "http://127.0.0.1:8081", False),
        ("ws", "null", False),
        ("ws", "http://evil.example", False),
        ("ws", "", False),
    ],
)
def test_only_a_page_of_ours_may_speak_with_the_board(scheme: str, origin: str, may: bool) -> None:
    headers = {"host": HOST} | ({"origin": origin} if origin else {})
    assert from_our_page(scheme, Headers(headers)) is may


class Board:
    """A virtual board in a thread, its chips set up by hand."""

    def __init__(self, folder: Path) -> None:
        self.box = VirtualBox(virtual_board(2, 1))
        self.box.pcm().start()
        set_up_station(self.box, "101")
        set_up_station(self.box, "102")
        set_up_trunk(self.box, "line1")
        self.operator = folder / "operator"
        self.server = BoxServer(self.box, folder / "bus", self.operator)
        self._thread = threading.Thread(target=self.server.run)
        self._thread.start()

    def stop(self) -> None:
        """End it; twice is harmless."""
        if self._thread.is_alive():
            self.server.stop()
            self._thread.join()
            self.server.close()


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    board = Board(tmp_path)
    yield board
    board.stop()


def application(board: Board, sample: str = "") -> Starlette:
    config: Any = SimpleNamespace(operator=str(board.operator), sample=sample)
    return Starlette(routes=list(routes(config, Pages())))


def talk(board: Board, say: Sequence[str | bytes], hear: int, sample: str = "") -> list[str]:
    """What is answered to these messages, after the page is there: so many texts."""

    async def work() -> list[str]:
        async with (
            served(application(board, sample)) as port,
            Peer.asks(port, "/board/live", HOST, PAGE) as peer,
        ):
            assert isinstance(await peer.hear(), AcceptConnection)
            answers = []
            for message in say:
                peer.say(message)
            for _ in range(hear):
                answers.append(await peer.text())
            return answers

    return asyncio.run(work())


@pytest.mark.parametrize(
    ("host", "headers"),
    [
        (HOST, []),
        (HOST, [(b"origin", b"http://evil.example")]),
        ("evil.example", [(b"origin", b"http://evil.example")]),
    ],
)
def test_page_elsewhere_gets_no_websocket(
    board: Board, host: str, headers: list[tuple[bytes, bytes]]
) -> None:
    async def work() -> object:
        async with (
            served(application(board)) as port,
            Peer.asks(port, "/board/live", host, headers) as peer,
        ):
            return await peer.hear()

    answer = asyncio.run(work())
    assert isinstance(answer, RejectConnection) and answer.status_code == 403


def test_page_watches_and_operates(board: Board) -> None:
    async def work() -> list[bool]:
        lifted = []
        async with (
            served(application(board)) as port,
            Peer.asks(port, "/board/live", HOST, PAGE) as peer,
        ):
            await peer.hear()
            for command in ("watch", "lift 101"):
                peer.say(command)
                view = json.loads((await peer.text("* "))[2:])
                lifted.append(view["handsets"]["101"]["off_hook"])
            return lifted

    assert asyncio.run(work()) == [False, True]


def test_nobody_is_there_is_said(board: Board) -> None:
    (answer,) = talk(board, ["lift 999"], 1)
    assert answer == "failed nobody is at '999'; there are: 101, 102, line1"


def test_one_party_does_not_wait_for_another(board: Board) -> None:
    said = talk(board, ["lift 101", "lift 102", "dial 101 123456789", "flash 102"], 4)
    assert said[-2:] == ["ok 102 flashed", "ok 101 dialled 123456789"]


def test_page_hears_and_speaks(board: Board) -> None:
    async def work() -> None:
        async with (
            served(application(board)) as port,
            Peer.asks(port, "/board/live", HOST, PAGE) as peer,
        ):
            await peer.hear()
            peer.say("lift 101")
            assert await peer.text() == "ok 101 is lifted"
            for command in ("ear 101", "mouth 101"):
                peer.say(command)
                assert (await peer.text()).startswith("ok ")
            for _ in range(4):
                peer.say(sine([700], -10, 10).tobytes())
            heard = np.frombuffer(b"".join([await peer.octets() for _ in range(10)]), "<i2")
            assert len(heard) == 800

    asyncio.run(work())
    assert board.box.telephones["101"].off_hook


def test_page_touches_no_files_and_has_no_other_verbs(board: Board, tmp_path: Path) -> None:
    save_wav(tmp_path / "a sentence.wav", sine([700], -10, 100))
    out = tmp_path / "out.wav"
    orders = ["lift 101", f"hear 101 {out}", "say 101 /etc/passwd", "wait-for 101 beep", "time 5s"]
    orders += ["sample 101 x", "lift 101\nsay 101 x", "x" * (LONGEST + 1), ""]
    answers = talk(board, [*orders, "sample 101"], 10, str(tmp_path / "a sentence.wav"))
    assert not out.exists()
    assert sum(text.startswith("failed ") for text in answers) == 8
    assert answers[-1].startswith(f"ok 101 said {tmp_path / 'a sentence.wav'}")


def test_page_has_few_connections_to_the_board(board: Board) -> None:
    async def work() -> list[str]:
        answers = []
        async with (
            served(application(board)) as port,
            Peer.asks(port, "/board/live", HOST, PAGE) as peer,
        ):
            await peer.hear()
            for number in range(PARTIES + 1):
                peer.say(f"lift {number}")
                answers.append(await peer.text())
            return answers

    *known, last = asyncio.run(work())
    assert all("nobody is at" in text for text in known)
    assert last == "failed too many parties; load the page again"


def test_few_pages_are_open_at_one_time(board: Board) -> None:
    async def work() -> list[Event]:
        async with served(application(board)) as port, AsyncExitStack() as stack:
            for _ in range(PAGES_MOST):
                peer = await stack.enter_async_context(Peer.asks(port, "/board/live", HOST, PAGE))
                assert isinstance(await peer.hear(), AcceptConnection)
            async with Peer.asks(port, "/board/live", HOST, PAGE) as peer:
                return [await peer.hear(), await peer.hear()]

    _, end = asyncio.run(work())
    assert isinstance(end, CloseConnection) and end.code == 1013


def test_board_that_ends_or_is_not_there_ends_the_page(board: Board) -> None:
    async def work() -> list[int]:
        codes: list[int] = []
        async with served(application(board)) as port:
            for _ in range(2):
                async with Peer.asks(port, "/board/live", HOST, PAGE) as peer:
                    await peer.hear()
                    if not codes:
                        peer.say("watch")
                        await peer.text("* ")
                        await asyncio.to_thread(board.stop)
                    end = await peer.hear()
                    assert isinstance(end, CloseConnection)
                    codes.append(end.code)
        return codes

    assert asyncio.run(work()) == [1012, 1012]
