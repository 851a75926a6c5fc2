"""IMAP servers whose every word a test writes, and our client that talks to them.

    talk = '''
        C: $ NOOP
        S: * 3 EXISTS
        S: $ OK done
    '''
    played(talk, lambda connection: connection.changes())

"$" at the head of a line is the client's tag, "*" in a line of the client anything. `S+` sends
without a line end, `C+` awaits octets that are no line, `cut` breaks the connection off, `wait N`
sets the clock of the loop on by N seconds. Octets are written as in Python.
"""

import asyncio
import re
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from app.imap.net.api import Connection, Server
from app.imap.net.connection import connect
from tests.kit.odd_server import JumpingLoop

T = TypeVar("T")

CAPABILITIES = (
    "IMAP4rev1 SASL-IR AUTH=PLAIN ENABLE CONDSTORE QRESYNC ESEARCH UIDPLUS MOVE IDLE NAMESPACE"
    " LIST-EXTENDED LIST-STATUS NOTIFY UNSELECT LITERAL+"
)
"""Of a server that can all."""
OLD = "IMAP4rev1 AUTH=PLAIN SASL-IR"
"""Of one that can nothing."""


def login(capabilities: str = CAPABILITIES) -> str:
    """What is said until commands can be asked for."""
    enabling = """
        C: $ ENABLE CONDSTORE QRESYNC
        S: * ENABLED CONDSTORE QRESYNC
        S: $ OK enabled
    """
    return f"""
        S: * OK [CAPABILITY {capabilities}] hello
        C: $ AUTHENTICATE PLAIN AGFubmEAcGFzcyB3b3Jk
        S: $ OK [CAPABILITY {capabilities}] in
        {enabling if "QRESYNC" in capabilities else ""}
    """


SELECT = """
    C: $ SELECT "INBOX"*
    S: * 3 EXISTS
    S: * OK [UIDVALIDITY 7] valid
    S: * OK [UIDNEXT 14] next
    S: * OK [HIGHESTMODSEQ 90] counted
    S: $ OK [READ-WRITE] selected
"""


@dataclass(frozen=True)
class Step:
    """One line of a script: what is done, and with which octets."""

    verb: str
    octets: bytes


def steps(script: str) -> list[Step]:
    found = []
    for line in filter(None, map(str.strip, script.splitlines())):
        verb, _, rest = line.partition(" ")
        octets = rest.encode("utf-8").decode("unicode_escape").encode("latin-1")
        assert verb in ("C:", "S:", "C+", "S+", "cut", "wait"), line
        found.append(Step(verb, octets + b"\r\n" if verb.endswith(":") else octets))
    return found


class Player:
    """The server's side of a script; it knows nothing of sockets."""

    def __init__(self, script: str) -> None:
        self.steps = steps(script)
        self.tag = b""
        self._heard = b""

    def hear(self, octets: bytes) -> None:
        """Compare what the client says with what the script awaits."""
        self._heard += octets
        while self.steps and self.steps[0].verb in ("C:", "C+"):
            step = self.steps[0]
            if step.verb == "C:":
                line, end, rest = self._heard.partition(b"\r\n")
                if not end:
                    return
                self._match(line + end, step.octets)
            else:
                line, rest = self._heard[: len(step.octets)], self._heard[len(step.octets) :]
                if len(line) < len(step.octets):
                    return
                assert line == step.octets
            self._heard = rest
            del self.steps[0]
        assert not self._heard or not self.steps or self.steps[0].verb not in ("S:", "S+"), (
            f"{self._heard!r} came, the server speaks: {self.steps[:1]}"
        )

    def _match(self, line: bytes, awaited: bytes) -> None:
        pattern = re.escape(awaited).replace(rb"\*", b".*")
        if awaited.startswith(b"$ "):
            pattern = rb"(A\d+)" + pattern.removeprefix(rb"\$")
        found = re.fullmatch(pattern, line, re.DOTALL)
        assert found, f"{line!r} came, {awaited!r} was awaited"
        self.tag = found[1] if found.re.groups else self.tag

    def say(self) -> bytes:
        """All that the server says now."""
        said = b""
        while self.steps and self.steps[0].verb in ("S:", "S+"):
            said += re.sub(rb"^\$(?= )", self.tag, self.steps.pop(0).octets)
        return said


def played(
    script: str,
    use: Callable[[Connection], Awaitable[T]],
    *,
    capabilities: str = CAPABILITIES,
    server: Server | None = None,
    begin: str | None = None,
) -> T:
    """Log in to a server with this script and use the connection; all of it must be played."""
    loop = JumpingLoop()
    player = Player((login(capabilities) if begin is None else begin) + script)
    try:
        return loop.run_until_complete(_played(loop, player, use, server))
    finally:
        loop.close()


async def _played(
    loop: JumpingLoop,
    player: Player,
    use: Callable[[Connection], Awaitable[T]],
    server: Server | None,
) -> T:
    serving: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(_serve(loop, player, reader, writer))
        serving.append(task)
        await asyncio.wait([task])
        writer.close()

    door = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = door.sockets[0].getsockname()[1]
    asked = server or Server("127.0.0.1", port, "none", "anna", "pass word")
    connection = None
    try:
        connection = await connect(
            Server(
                "127.0.0.1", port, asked.tls, asked.login, asked.password, asked.authorize_as,
                asked.fingerprint, asked.timeouts,
            )
        )  # fmt: skip
        result = await use(connection)
    finally:
        if connection is not None:
            connection._wire.abort()  # type: ignore[attr-defined]
        door.close()
        for task in serving:
            await task
    assert not player.steps, f"not played: {player.steps}"
    return result


async def _serve(
    loop: JumpingLoop,
    player: Player,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    while True:
        writer.write(player.say())
        try:
            await writer.drain()
        except ConnectionError:  # the client has left
            return
        if player.steps and player.steps[0].verb == "wait":
            await _turns()  # what was said is heard before
            loop.ahead += float(player.steps.pop(0).octets)
            await _turns()
        elif player.steps and player.steps[0].verb == "cut":
            del player.steps[0]
            sock: socket.socket = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            return
        else:
            try:
                octets = await reader.read(65_536)
            except ConnectionError:
                return
            if not octets:
                return
            player.hear(octets)


async def _turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def pieces(octets: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    """The octets of a mail, as APPEND takes them."""
    for at in range(0, len(octets), size):
        yield octets[at : at + size]
