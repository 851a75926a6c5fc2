"""Between a page's WebSocket and the operator's socket of the virtual board.

Text from the page is a command line of drivers/models/operator.py, or `watch`, `ear` and `mouth` of
drivers/models/live_link.py; octets are what its mouth says. What the board tells goes to the page
as it is, sound as octets. A page may do what hands do, and touches no files.
"""

import asyncio
import binascii
import logging
import shlex
from base64 import b64decode, b64encode

from starlette.websockets import WebSocket

from app.core.errors import SwitchhookError

log = logging.getLogger(__name__)

LIVE = frozenset(("watch", "ear", "mouth"))
HANDS = frozenset(("ring", "lift", "dial", "pulse", "flash", "hangup", "press", "plug", "unplug"))
SAMPLE = "sample"
"""A verb of the page alone: say the sentence that is there for those without a microphone."""
LONGEST = 200
"""Characters of a command at most."""
PARTIES = 32
"""Connections of one page at most: one for each party that it has operated."""
LINE = 65_536
"""Octets of what the board tells in one line at most."""
AGAIN = 1012
"""Close code for a board that has gone: it is started again soon [IANA, WebSocket close codes]."""


class BoardGone(SwitchhookError):
    """The operator's socket cannot be reached; the text says why."""


class Relay:
    """One page's share of the board. `operator` is the socket's path, `sample` a WAV file's."""

    def __init__(self, socket: WebSocket, operator: str, sample: str) -> None:
        self._socket, self._operator, self._sample = socket, operator, sample
        self._connections: dict[str, asyncio.StreamWriter] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Serve the page until it leaves or the board ends."""
        await self._socket.accept()
        try:
            await self._connection("")
            while (message := await self._socket.receive())["type"] == "websocket.receive":
                await self._hear(message.get("text"), message.get("bytes") or b"")
        except BoardGone as problem:
            log.info("a page finds no board: %s", problem)
            await self._socket.close(AGAIN)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            for writer in self._connections.values():
                writer.close()

    async def _hear(self, text: str | None, octets: bytes) -> None:
        if text is None:
            await self._send("", b"~ " + b64encode(octets))
            return
        words = text.split()
        verb, party = words[0] if words else "", words[1] if len(words) > 1 else ""
        if len(text) > LONGEST or not text.isprintable():
            await self._socket.send_text(f"failed a command is one line of {LONGEST} characters")
        elif verb in LIVE:
            await self._send("", text.encode())
        elif verb == SAMPLE and len(words) == 2:
            await self._send(party, f"say {party} {shlex.quote(self._sample)}".encode())
        elif verb in HANDS:
            await self._send(party, text.encode())
        else:
            there = ", ".join(sorted(HANDS | {SAMPLE}))
            await self._socket.send_text(
                f"failed no verb {verb!r} on this page; there are: {there}"
            )

    async def _send(self, party: str, line: bytes) -> None:
        """A line on the connection of a party: one's commands do not wait for the other's."""
        if party not in self._connections and len(self._connections) > PARTIES:
            await self._socket.send_text("failed too many parties; load the page again")
            return
        writer = await self._connection(party)
        try:
            writer.write(line + b"\n")
            await writer.drain()
        except OSError as problem:
            raise BoardGone(str(problem)) from problem

    async def _connection(self, party: str) -> asyncio.StreamWriter:
        if party not in self._connections:
            try:
                reader, writer = await asyncio.open_unix_connection(self._operator, limit=LINE)
            except OSError as problem:
                raise BoardGone(str(problem)) from problem
            self._connections[party] = writer
            self._tasks.add(asyncio.create_task(self._forward(reader)))
        return self._connections[party]

    async def _forward(self, reader: asyncio.StreamReader) -> None:
        """Pass on what the board tells on one connection, until it ends, and the page with it."""
        while line := await reader.readline():
            if line.startswith(b"~ "):
                await self._socket.send_bytes(sound_of(line[2:]))
            else:
                await self._socket.send_text(line.decode("utf-8", "replace").rstrip("\n"))
        await self._socket.close(AGAIN)


def sound_of(text: bytes) -> bytes:
    """The octets of a line of sound; none if it is not whole, as the last of a board that ends."""
    try:
        return b64decode(text.strip(), validate=True)
    except binascii.Error:
        return b""
