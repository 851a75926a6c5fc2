"""A WebSocket as ASGI has it: between a connection of ours and an application [ASGI, WebSocket].

The application is called with a scope of type "websocket". Until it accepts, the connection speaks
HTTP, and a refusal is an ordinary answer.
"""

import asyncio
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

from app.web.http import HIGH, HttpSession, Request

if TYPE_CHECKING:
    from app.net.listener import Connection
    from app.web.websocket import WebSocket

Message = MutableMapping[str, Any]

NOT_THERE = 1006
"""Why a WebSocket is over whose connection was lost [RFC 6455 §7.4.1]."""


def asks_for_websocket(request: Request) -> bool:
    """Whether a request wants to become a WebSocket [RFC 6455 §4.1]."""
    upgrade = dict(request.headers).get(b"upgrade", b"")
    has_body = request.body or request.length
    return request.method == "GET" and upgrade.lower() == b"websocket" and not has_body


class Upgrade:
    """What an application receives and sends about one such request.

    `room` is set whenever something has arrived, or has been sent, or the connection is lost.
    """

    def __init__(
        self,
        session: HttpSession,
        connection: "Connection[HttpSession]",
        socket: "WebSocket",
        room: asyncio.Event,
    ) -> None:
        self._session, self._connection = session, connection
        self._socket, self._room = socket, room
        self._told = False  # the application knows that there is somebody
        self._answered = False  # it has accepted or refused

    async def receive(self) -> Message:
        """The next thing that happens to it."""
        if not self._told:
            self._told = True
            return {"type": "websocket.connect"}
        while (message := self._socket.next_message()) is None:
            if self._session.closed:
                code = self._socket.code if self._socket.closed else NOT_THERE
                return {"type": "websocket.disconnect", "code": code}
            await self._moved()
        self._connection.wake()  # it may be read on
        if isinstance(message, str):
            return {"type": "websocket.receive", "text": message}
        return {"type": "websocket.receive", "bytes": message}

    async def send(self, message: Message) -> None:
        """Do what the application says; one that speaks after the end is not heard."""
        kind = message["type"].removeprefix("websocket.")
        if self._session.closed:
            return
        self._answered = True
        if kind == "accept":
            self._session.switch(self._socket, self._socket.accept(message.get("headers", ())))
        elif kind == "send":
            text = message.get("text")
            self._socket.send(message["bytes"] if text is None else text)
            self._session.look()
        elif kind == "close":
            self._close(message.get("code", 1000))
        elif kind == "http.response.start":
            self._session.start(message["status"], message["headers"])
        else:
            self._session.send(message.get("body", b""))
            if not message.get("more_body", False):
                self._session.finish()
        self._connection.wake()
        while self._session.backlog > HIGH and not self._session.closed:
            await self._moved()

    def _close(self, code: int) -> None:
        if self._session.websocket is not None:
            self._socket.close(code)
            self._session.look()
        else:  # before it was accepted
            self._session.start(403, [(b"content-length", b"0")])
            self._session.finish()

    async def finish(self) -> None:
        """The application is through with it, and may have said nothing at all."""
        if self._session.websocket is not None or not self._answered:
            await self.send({"type": "websocket.close"})

    async def _moved(self) -> None:
        self._room.clear()
        await self._room.wait()
