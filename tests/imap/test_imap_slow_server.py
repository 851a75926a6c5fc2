"""A server that says an octet now and then: no call, no key and no stop of the service waits."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from app.imap.mirror.config import ImapConfig
from app.imap.mirror.service import MirrorService
from app.imap.net.connection import connect
from app.inbox.account_passwords import BOX, AccountPasswords, BoxAccount
from app.inbox.entries import EntryState
from app.inbox.mirror import Mirror
from app.voicemail.owner import owner
from tests.kit.odd_server import JumpingLoop
from tests.kit.voicemail import PIN, House, ScriptLine

ACCOUNT = BoxAccount("imap", "box", "imap.test")
GREETING = b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello\r\n"
STEP_S = 29.0
WITHIN_S = 20.0  # of a machine that has much else to do


class Trickle:
    """Greets everybody at once; of all answers it says an octet whenever it is told to."""

    def __init__(self) -> None:
        self._writers: list[asyncio.StreamWriter] = []
        self.asked = 0

    async def open(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        writer.write(GREETING)
        while await reader.read(65_536):
            self.asked += 1
        writer.close()

    def say(self) -> None:
        for writer in self._writers:
            if not writer.is_closing():
                writer.write(b"*")

    async def close(self) -> None:
        self._server.close()
        await self._server.wait_closed()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.close()


def service_of(house: House, port: int) -> MirrorService:
    kit = house.kit
    passwords = AccountPasswords(kit.db, lambda: bytes(32))
    kit.db.now(lambda tx: passwords.set(tx, BOX, ACCOUNT.name, ACCOUNT.place, "pass word"))
    config = ImapConfig("127.0.0.1", port, "none", ACCOUNT, "{login}")
    return MirrorService(kit.db, kit.store, kit.people, passwords, config, "box.test", connect)


def visit(house: House) -> ScriptLine:
    line = ScriptLine(house.clerk, name="101", kind="station", caller=None)
    line.runs(owner(line, house.clerk, "201"))
    line.talk(f"presses {PIN}#")
    return line


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not holds():
            await asyncio.sleep(0.001)


def run(work: Callable[[JumpingLoop], Awaitable[None]]) -> None:
    loop = JumpingLoop()
    try:
        loop.run_until_complete(work(loop))
    finally:
        loop.close()


def test_calls_and_keys_wait_for_nothing_and_the_owner_is_told(house: House) -> None:
    mirror, anna = Mirror(house.kit.db), house.kit.person("anna").id

    async def work(loop: JumpingLoop) -> None:
        server = Trickle()
        service = service_of(house, await server.open())
        await service.start()
        await until(lambda: server.asked == 3)
        server.say()
        house.leave("201")
        (entry,) = house.voicemails("anna")
        visit(house).talk("hears vm-youhave digits/1 vm-INBOX vm-message \n presses 17")
        assert house.kit.store.need(entry.id).state is EntryState.BIN
        assert not mirror.is_away(anna)
        for _ in range(2):
            loop.ahead += STEP_S
            server.say()
            await asyncio.sleep(0.01)
        await until(lambda: mirror.is_away(anna))
        assert "no login within 30 s" in mirror.account(anna).error
        visit(house).talk("hears switchhook/mail-system-away vm-youhave")
        await service.stop()
        await server.close()

    run(work)


def test_service_stops_at_once(house: House) -> None:
    async def work(loop: JumpingLoop) -> None:
        server = Trickle()
        service = service_of(house, await server.open())
        await service.start()
        await until(lambda: server.asked == 3)
        async with asyncio.timeout(5.0):
            stopping = asyncio.ensure_future(service.stop())
            while not stopping.done():
                server.say()
                await asyncio.sleep(0.01)
        await server.close()

    run(work)
