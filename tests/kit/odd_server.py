"""Mail servers whose every word a test writes, and our client that sends them a mail.

Both run in one loop, whose clock a peer sets on, so that minutes take no time.
"""

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable

from app.mail.outbound.client_session import Answer, Terms
from app.mail.outbound.routing import Hop
from app.mail.outbound.smtp_client import OutgoingMail, SmtpClient, connect

TEXT = b"Subject: hi\r\n\r\n.dot\r\nlast\r\n"


class Peer:
    """One conversation, as the server sees it; it may set the clock of the loop on."""

    def __init__(
        self, loop: "JumpingLoop", reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.loop, self.reader, self.writer = loop, reader, writer
        self.heard: list[str] = []

    async def say(self, line: str) -> None:
        self.writer.write(line.encode() + b"\r\n")
        await self.writer.drain()

    async def hear(self, verb: str = "") -> str:
        line = (await self.reader.readline()).decode().rstrip("\r\n")
        assert line.startswith(verb), f"{line!r} came, {verb} was awaited"
        self.heard.append(line)
        return line

    async def wait(self, seconds: float) -> None:
        """Let time pass for everybody; whoever has lost patience acts on it before this returns."""
        self.loop.ahead += seconds
        for _ in range(10):
            await asyncio.sleep(0)

    def cut(self) -> None:
        """Break off, as a machine that is reset does."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def rest(self) -> bytes:
        """Whatever else we say until we end the connection, by whatever means."""
        octets = bytearray()
        try:
            while piece := await self.reader.read(65_536):
                octets += piece
        except ConnectionError:
            return bytes(octets)
        return bytes(octets)

    async def greet(self, *offers: str) -> None:
        await self.say("220 odd.test ESMTP")
        await self.hear("EHLO")
        for line in ("250-odd.test", *(f"250-{offer}" for offer in offers), "250 HELP"):
            await self.say(line)

    async def envelope(self, data: str = "354 go on") -> None:
        for verb, answer in (("MAIL", "250 ok"), ("RCPT", "250 ok"), ("DATA", data)):
            await self.hear(verb)
            await self.say(answer)

    async def message(self) -> bytes:
        octets = b""
        while not octets.endswith(b"\r\n.\r\n"):
            octets += await self.reader.readexactly(1)
        return octets

    async def take(self, answer: str = "250 2.0.0 taken") -> bytes:
        """The rest of a conversation in which one mail is taken."""
        await self.envelope()
        octets = await self.message()
        await self.say(answer)
        await self.leave()
        return octets

    async def encrypt(self, secure: ssl.SSLContext) -> None:
        """Answer STARTTLS, and say again what is offered."""
        await self.hear("STARTTLS")
        await self.say("220 go ahead")
        await self.writer.start_tls(secure)
        await self.hear("EHLO")
        await self.say("250 odd.test")

    async def leave(self) -> None:
        await self.hear("QUIT")
        await self.say("221 bye")


Script = Callable[[Peer], Awaitable[object]]


class JumpingLoop(asyncio.SelectorEventLoop):
    """A loop whose clock can be set on."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead


class World:
    """Runs our client against scripts, one for each connection."""

    def __init__(self, secure: ssl.SSLContext | None = None) -> None:
        """`secure`: the server speaks TLS from the first octet."""
        self.loop = JumpingLoop()
        self.secure = secure
        self.peers: list[Peer] = []
        self.text: tuple[bytes, ...] = (TEXT,)
        self.window = 0  # octets that either kernel holds; 0: what it likes

    def send(self, *scripts: Script, terms: Terms | None = None) -> dict[str, Answer]:
        """Send one mail; each script must have been played to its end."""

        async def conversation(client: SmtpClient) -> dict[str, Answer]:
            size = sum(map(len, self.text))
            mail = OutgoingMail("a@b.test", ("x@y.test",), size, lambda: self.text)
            answers = await client.send(mail)
            await client.quit()
            return answers

        return self.loop.run_until_complete(self._played(scripts, terms, conversation))

    async def _played(
        self,
        scripts: tuple[Script, ...],
        terms: Terms | None,
        conversation: Callable[[SmtpClient], Awaitable[dict[str, Answer]]],
    ) -> dict[str, Answer]:
        played: list[asyncio.Task[object]] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            peer = Peer(self.loop, reader, writer)
            self.peers.append(peer)
            script = scripts[len(self.peers) - 1]
            task = asyncio.ensure_future(script(peer))
            played.append(task)
            await asyncio.wait([task])
            writer.close()

        door = socket.create_server(("127.0.0.1", 0))
        if self.window:
            door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.window)
        server = await asyncio.start_server(serve, sock=door, ssl=self.secure)
        port = server.sockets[0].getsockname()[1]
        try:
            client = await connect(Hop("localhost", "127.0.0.1", port), terms or Terms("box.test"))
            if self.window:
                ours = client._wire.transport
                assert ours is not None
                sock = ours.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self.window)
            answers = await conversation(client)
        finally:
            server.close()
            for task in played:
                await task
        assert len(self.peers) == len(scripts)
        return answers

    def close(self) -> None:
        self.loop.close()
