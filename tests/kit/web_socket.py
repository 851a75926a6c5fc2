"""A page's end of a WebSocket, by wsproto, over a real connection; and an application served."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from wsproto import ConnectionType, WSConnection
from wsproto.events import BytesMessage, Event, Request, TextMessage

from app.core.clock import ManualClock
from app.net.listener import Endpoint, Limits, Server
from app.net.peers import Networks
from app.web.http import HttpSession
from app.web.service import Application, WebService

LIMITS = Limits(16, 8, 25, Networks(["127.0.0.0/8"]))


@asynccontextmanager
async def served(application: Application) -> AsyncIterator[int]:
    """An application with WebSockets on a port of its own."""
    clock = ManualClock()
    service = WebService(application, clock, websockets=True)
    server: Server[HttpSession] = Server(
        service, "127.0.0.1", [Endpoint(0, name="http")], clock, LIMITS
    )
    ports = await server.start()
    try:
        yield ports["http"]
    finally:
        await server.stop()


class Peer:
    """Asks for a WebSocket, speaks, and hears."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._heard: list[Event] = []

    @classmethod
    @asynccontextmanager
    async def asks(
        cls, port: int, path: str, host: str, headers: Sequence[tuple[bytes, bytes]] = ()
    ) -> AsyncIterator["Peer"]:
        """A connection that has asked; the first that is heard is the answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        peer = cls(reader, writer)
        try:
            peer._send(Request(host=host, target=path, extra_headers=list(headers)))
            yield peer
        finally:
            writer.close()

    def say(self, message: str | bytes) -> None:
        """Send a message."""
        self._send(TextMessage(message) if isinstance(message, str) else BytesMessage(message))

    async def hear(self) -> Event:
        """The next thing heard."""
        while not self._heard:
            octets = await asyncio.wait_for(self._reader.read(65_536), 10)
            self._protocol.receive_data(octets or None)
            self._heard.extend(self._protocol.events())
        return self._heard.pop(0)

    async def text(self, beginning: str = "") -> str:
        """The next text that begins so; others, and sound, are passed over."""
        while True:
            event = await self.hear()
            assert isinstance(event, TextMessage | BytesMessage), event
            if isinstance(event, TextMessage) and event.data.startswith(beginning):
                return event.data

    async def octets(self) -> bytes:
        """The next octets; texts are passed over."""
        while True:
            event = await self.hear()
            assert isinstance(event, TextMessage | BytesMessage), event
            if isinstance(event, BytesMessage):
                return bytes(event.data)

    def _send(self, event: Event) -> None:
        self._writer.write(self._protocol.send(event))
