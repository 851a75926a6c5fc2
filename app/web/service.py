"""Requests to the web application and its answers back: between our connections and ASGI 3.

    service = WebService(application, clock)
    server = Server(service, "127.0.0.1", [Endpoint(8080, name="http")], clock, limits)

An application is what Starlette makes: a coroutine function of (scope, receive, send).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_to_bytes

from app.core.clock import Clock
from app.net.listener import Connection
from app.web.http import HIGH, Arrived, Drained, HttpSession, Request
from app.web.upgrade import Upgrade, asks_for_websocket

log = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


class PeerGone(OSError):
    """The connection has ended before its answer was whole [ASGI 2.4: an OSError says so]."""


class WebService:
    """Answers requests: app.net.connection.Service."""

    label = "HTTP"
    too_many = (
        b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\n"
        b"Connection: close\r\nContent-Length: 0\r\n\r\n"
    )

    def __init__(self, application: Application, clock: Clock, *, websockets: bool = False) -> None:
        """`websockets`: the application has some; else a request for one is like any other."""
        self._application, self._clock, self._websockets = application, clock, websockets
        self._room: dict[HttpSession, asyncio.Event] = {}

    def open(self, connection: Connection[HttpSession]) -> HttpSession:
        """The session of a new connection."""
        session = HttpSession(self._clock.monotonic())
        self._room[session] = asyncio.Event()
        return session

    def handle(
        self,
        session: HttpSession,
        event: Request | Drained | Arrived,
        connection: Connection[HttpSession],
    ) -> None:
        """Answer a request, or let the answer under way go on."""
        if isinstance(event, Drained | Arrived):
            self._room[session].set()
        else:
            connection.run(self._answer(session, event, connection))

    def describe(self, session: HttpSession) -> tuple[str, str]:
        """State and person."""
        return "waits" if session.wants_input else "answers", ""

    def lost(self, session: HttpSession) -> None:
        """Whoever waits to send more learns that nobody takes it."""
        session.closed = True
        self._room.pop(session).set()

    async def _answer(
        self, session: HttpSession, request: Request, connection: Connection[HttpSession]
    ) -> None:
        """Run the application for one request. A fault of it is raised: the connection's."""
        room = self._room.get(session)
        if room is None:
            return
        if self._websockets and asks_for_websocket(request):
            await self._upgrade(session, request, connection, room)
            return
        receive = _gathered(request)
        if request.length:
            receive = _in_pieces(session, connection, room)

        async def send(message: Message) -> None:
            if session.closed:
                raise PeerGone
            if message["type"] == "http.response.start":
                session.start(message["status"], [*message["headers"], self._date()])
            else:
                session.send(message.get("body", b""))
                if not message.get("more_body", False):
                    session.finish()
            connection.wake()
            while session.backlog > HIGH and not session.closed:
                room.clear()
                await room.wait()

        def be_patient() -> None:
            session.patient = True

        scope = {
            **scope_of(request, connection),
            "patient": be_patient,
            "length": request.length,
            "has_left": connection.will_send_no_more,
        }
        try:
            await self._application(scope, receive, send)
        except Exception as problem:
            if not isinstance(problem, PeerGone) and not isinstance(problem.__context__, PeerGone):
                raise
            log.debug("%s has gone before its answer was whole", connection.peer)

    async def _upgrade(
        self,
        session: HttpSession,
        request: Request,
        connection: Connection[HttpSession],
        room: asyncio.Event,
    ) -> None:
        """Run the application for a WebSocket, from its request to its end."""
        from app.web.websocket import NoWebSocket, WebSocket  # a device has none

        try:
            socket = WebSocket(request.target, request.headers, self._clock.monotonic())
        except NoWebSocket as problem:
            session.start(problem.status, [(b"content-length", b"0"), self._date()])
            session.finish()
            connection.wake()
            return
        upgrade = Upgrade(session, connection, socket, room)
        scheme = "wss" if connection.endpoint.tls else "ws"
        scope = {**scope_of(request, connection), "type": "websocket", "scheme": scheme}
        await self._application({**scope, "subprotocols": []}, upgrade.receive, upgrade.send)
        await upgrade.finish()

    def _date(self) -> tuple[bytes, bytes]:
        """[RFC 9110 §6.6.1]."""
        from email.utils import format_datetime

        now = datetime.fromtimestamp(int(self._clock.now()), UTC)
        return b"date", format_datetime(now, usegmt=True).encode()


def _gathered(request: Request) -> Receive:
    """Gives a body that is there as a whole."""
    left = [request.body]

    async def receive() -> Message:
        if not left:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": left.pop(), "more_body": False}

    return receive


def _in_pieces(
    session: HttpSession, connection: Connection[HttpSession], room: asyncio.Event
) -> Receive:
    """Gives a long body as it comes, to an application that has said that it will wait for it."""

    async def receive() -> Message:
        while not session.closed and session.patient:
            room.clear()
            piece = session.take_body()
            connection.wake()
            if piece is None:
                return {"type": "http.request", "body": b"", "more_body": False}
            if piece:
                return {"type": "http.request", "body": piece, "more_body": True}
            await room.wait()
        return {"type": "http.disconnect"}

    return receive


def scope_of(request: Request, connection: Connection[HttpSession]) -> Message:
    """What ASGI calls a scope: the request without its body."""
    target = request.target
    if not target.startswith(b"/"):  # with scheme and host before it, as to a proxy, or "*"
        target = b"/" + target.partition(b"://")[2].partition(b"/")[2]
    raw_path, _, query = target.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": request.version,
        "method": request.method,
        "scheme": "https" if connection.endpoint.tls else "http",
        "path": unquote_to_bytes(raw_path).decode(errors="replace"),
        "raw_path": raw_path,
        "query_string": query,
        "root_path": "",
        "headers": list(request.headers),
        "client": (connection.peer, 0),
        "server": (connection.local, None),
    }
