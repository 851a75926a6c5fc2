"""WebSockets [RFC 6455] without sockets and through real ones; the peer is wsproto's other end."""

import asyncio
from collections.abc import Sequence

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket as Asked
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    Pong,
    RejectConnection,
    Request,
    TextMessage,
)

from app.core.clock import ManualClock
from app.net.listener import Endpoint, Limits, Server
from app.net.peers import Networks
from app.web import http
from app.web.http import HttpSession
from app.web.service import WebService
from app.web.upgrade import asks_for_websocket
from app.web.websocket import (
    GONE_S,
    MESSAGE,
    OCTETS_PER_SECOND,
    PER_SECOND,
    PING_S,
    WAITING,
    NoWebSocket,
    WebSocket,
)

LIMITS = Limits(8, 4, 25, Networks(["127.0.0.0/8"]))


HEADERS = (
    (b"host", b"127.0.0.1"),
    (b"upgrade", b"websocket"),
    (b"connection", b"keep-alive, Upgrade"),
    (b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
    (b"sec-websocket-version", b"13"),
)


class Pair:
    """A session that has become a WebSocket, and its peer."""

    def __init__(self) -> None:
        self.session = HttpSession(0.0)
        self.peer = WSConnection(ConnectionType.CLIENT)
        self.session.receive(self.peer.send(Request(host="127.0.0.1", target="/live")))
        request = self.session.next_event()
        assert isinstance(request, http.Request) and asks_for_websocket(request)
        self.socket = WebSocket(request.target, request.headers, 0.0)
        self.session.switch(self.socket, self.socket.accept())
        (accepted,) = self.heard()
        assert isinstance(accepted, AcceptConnection)

    def say(self, *events: Event, size: int = 100_000) -> None:
        octets = b"".join(self.peer.send(event) for event in events)
        for start in range(0, len(octets), size):
            self.session.receive(octets[start : start + size])

    def heard(self) -> list[Event]:
        while piece := self.session.to_send():
            self.peer.receive_data(piece)
        return list(self.peer.events())

    def messages(self) -> list[str | bytes]:
        found = []
        while (message := self.socket.next_message()) is not None:
            found.append(message)
        return found


@pytest.mark.parametrize("size", [1, 3, 100_000])
def test_messages_are_whole_however_they_are_cut_and_in_fragments(size: int) -> None:
    pair = Pair()
    pair.say(
        TextMessage("lift ", message_finished=False),
        Ping(b"there?"),
        TextMessage("101 ü"),
        BytesMessage(b"\0\1" * 80),
        size=size,
    )
    assert pair.messages() == ["lift 101 ü", b"\0\1" * 80]
    assert pair.heard() == [Pong(b"there?")]
    pair.socket.send("ok")
    pair.socket.send(b"\2\3")
    pair.session.look()
    assert pair.heard() == [TextMessage("ok"), BytesMessage(bytearray(b"\2\3"))]


def test_what_comes_with_the_request_belongs_to_the_websocket() -> None:
    session, peer = HttpSession(0.0), WSConnection(ConnectionType.CLIENT)
    request = peer.send(Request(host="127.0.0.1", target="/live"))
    early = WSConnection(ConnectionType.CLIENT)
    early.send(Request(host="127.0.0.1", target="/live"))
    frame = b"\x82\x81\0\0\0\0\x07"  # final, binary, masked by zeros, one octet
    session.receive(request + frame)
    event = session.next_event()
    assert isinstance(event, http.Request)
    socket = WebSocket(event.target, event.headers, 0.0)
    session.switch(socket, socket.accept())
    assert socket.next_message() == b"\x07"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (HEADERS[:-1], 400),
        ((*HEADERS[:-1], (b"sec-websocket-version", b"8")), 426),
        ((*HEADERS[:3], HEADERS[4]), 400),
        ((*HEADERS[:2], *HEADERS[3:]), 400),
        (((b"host", b"xn--\xff"), *HEADERS[1:]), 400),
        (HEADERS[1:], 400),  # as in HTTP/1.0
        ((HEADERS[0], (b"upgrade", b"h2c"), *HEADERS[2:]), 400),
    ],
)
def test_request_that_is_none_is_refused(
    headers: Sequence[tuple[bytes, bytes]], status: int
) -> None:
    with pytest.raises(NoWebSocket) as refusal:
        WebSocket(b"/live", headers, 0.0)
    assert refusal.value.status == status
    WebSocket(b"/live", HEADERS, 0.0)


def ends(pair: Pair) -> int:
    """The code with which it has ended, as the peer hears it."""
    assert pair.session.closed and not pair.session.wants_input
    last = pair.heard()[-1]
    assert isinstance(last, CloseConnection)
    return last.code


def test_long_message_ends_it_also_in_fragments_and_empty_ones() -> None:
    for events in (
        [BytesMessage(bytes(MESSAGE + 1))],
        [BytesMessage(bytes(MESSAGE), message_finished=False), BytesMessage(b"1")],
    ):
        pair = Pair()
        pair.say(*events)
        assert ends(pair) == 1009
    pair = Pair()
    pair.say(BytesMessage(b"", message_finished=False))
    continued = b"\0\x80\0\0\0\0"
    pair.session.receive(continued * (MESSAGE - 1))
    assert not pair.session.closed
    pair.session.receive(continued)
    assert ends(pair) == 1009
    pair = Pair()
    pair.say(BytesMessage(bytes(MESSAGE)))
    assert pair.messages() == [bytes(MESSAGE)] and not pair.session.closed


def test_many_messages_or_octets_in_a_second_end_it() -> None:
    pair = Pair()
    for _ in range(3):  # a second each
        for _ in range(PER_SECOND):
            pair.say(BytesMessage(b"1"))
            pair.messages()
        pair.session.tick(pair.session._now + 1.0)
    assert not pair.session.closed
    pair.say(*[Ping() for _ in range(PER_SECOND + 1)])
    assert ends(pair) == 1008
    pair = Pair()
    for _ in range(OCTETS_PER_SECOND // MESSAGE):
        pair.say(BytesMessage(bytes(MESSAGE)))
        pair.messages()
    assert ends(pair) == 1008


def test_what_is_not_taken_is_not_read_on() -> None:
    pair = Pair()
    pair.say(*[TextMessage("1")] * (WAITING - 1))
    assert pair.session.wants_input
    pair.say(TextMessage("1"))
    assert not pair.session.wants_input
    pair.socket.next_message()
    assert pair.session.wants_input


def test_peer_that_is_silent_is_asked_and_then_gone() -> None:
    pair = Pair()
    pair.session.tick(PING_S)
    pair.session.tick(PING_S + 1)
    assert [type(event) for event in pair.heard()] == [Ping]
    pair.say(Pong())
    for second in range(1, int(GONE_S)):
        pair.session.tick(PING_S + 1 + second)
    assert not pair.session.closed
    pair.session.tick(PING_S + 1 + GONE_S)
    assert pair.session.closed and pair.socket.code == 1006


def test_nonsense_ends_it_with_a_protocol_error() -> None:
    for octets in (
        b"\x92\x81\0\0\0\0\x07",
        b"\x82\x01\x07",
        b"\x83\x80\0\0\0\0",
        b"\x81\x81\0\0\0\0\xff",
    ):
        pair = Pair()
        pair.session.receive(octets)
        assert ends(pair) in (1002, 1007)


def test_end_of_the_service_and_of_the_peer_are_told() -> None:
    pair = Pair()
    pair.session.stop()
    assert ends(pair) == 1001
    pair = Pair()
    pair.say(CloseConnection(code=1000))
    assert ends(pair) == 1000 and pair.socket.code == 1000
    pair.session.receive(b"more")
    pair.socket.send("more")
    pair.session.look()
    assert not pair.session.to_send()


async def echo(socket: Asked) -> None:
    await socket.accept(headers=[(b"x-echo", b"1")])
    async for text in socket.iter_text():
        if text == "bye":
            return
        await socket.send_text(text.upper())


async def refused(socket: Asked) -> None:
    await socket.close()


async def silent(socket: Asked) -> None:
    return


async def ordinary(request: object) -> PlainTextResponse:
    return PlainTextResponse("here")


STARLETTE = Starlette(
    routes=[
        WebSocketRoute("/live", echo),
        WebSocketRoute("/refused", refused),
        WebSocketRoute("/silent", silent),
        Route("/", ordinary),
    ]
)


async def conversation(path: str, *words: str, websockets: bool = True) -> list[Event]:
    """What a peer hears that says these words, until the connection is closed."""
    clock = ManualClock()
    service = WebService(STARLETTE, clock, websockets=websockets)
    server: Server[HttpSession] = Server(
        service, "127.0.0.1", [Endpoint(0, name="http")], clock, LIMITS
    )
    ports = await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", ports["http"])
    peer, heard = WSConnection(ConnectionType.CLIENT), list[Event]()

    async def hear() -> None:
        octets = await asyncio.wait_for(reader.read(4096), 10)
        peer.receive_data(octets or None)
        heard.extend(peer.events())

    try:
        writer.write(peer.send(Request(host="127.0.0.1", target=path)))
        await hear()
        for word in words:
            writer.write(peer.send(TextMessage(word)))
            await hear()
        return heard
    finally:
        writer.close()
        await server.stop()


def test_starlette_answers_through_our_connections() -> None:
    accepted, first, second, end = asyncio.run(conversation("/live", "lift", "dial", "bye"))
    assert isinstance(accepted, AcceptConnection)
    assert (b"x-echo", b"1") in accepted.extra_headers
    assert (first, second) == (TextMessage("LIFT"), TextMessage("DIAL"))
    assert isinstance(end, CloseConnection) and end.code == 1000


@pytest.mark.parametrize(
    ("path", "websockets", "status"),
    [
        ("/refused", True, 403),
        ("/silent", True, 403),
        ("/nowhere", True, 403),
        ("/", True, 403),
        ("/live", False, 404),
    ],
)
def test_refusal_is_an_ordinary_answer(path: str, websockets: bool, status: int) -> None:
    first, *_ = asyncio.run(conversation(path, websockets=websockets))
    assert isinstance(first, RejectConnection) and first.status_code == status


def test_without_websockets_the_page_itself_is_answered() -> None:
    first, *_ = asyncio.run(conversation("/", websockets=False))
    assert isinstance(first, RejectConnection) and first.status_code == 200
