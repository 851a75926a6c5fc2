"""The service that keeps everybody's inbox in step, over a model of a server."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.imap.mirror.config import ImapConfig
from app.imap.mirror.none import NoMirror
from app.imap.mirror.person import PersonInbox
from app.imap.mirror.service import MirrorService
from app.imap.net.api import Server
from app.inbox.account_passwords import BOX, AccountPasswords, BoxAccount
from app.inbox.entries import Entry, EntryState, Kind
from app.inbox.mirror import Mirror
from tests.kit.imap_model import ModelConnection, ModelServer
from tests.kit.store import StoreKit, open_store

ACCOUNT = BoxAccount("imap", "box", "imap.test")
CONFIG = ImapConfig("imap.test", 993, "implicit", ACCOUNT, "{login}@example.org")
VOICE = b"From: 5551234\r\nSubject: Voicemail\r\nMessage-ID: <%d@box.test>\r\n\r\nhello\r\n"
WITHIN_S = 20.0  # of a machine that has much else to do


class World:
    """A store of three people, and a server with an inbox for each."""

    def __init__(self, kit: StoreKit) -> None:
        self.kit = kit
        self.servers = {f"{name}@example.org": ModelServer() for name in ("anna", "bob", "cleo")}
        self.asked: list[Server] = []
        self.mirror = Mirror(kit.db)
        self.passwords = AccountPasswords(kit.db, lambda: bytes(32))
        self.service: MirrorService
        self._numbers = iter(range(1, 100))

    def keep_password(self, password: str = "pass word") -> None:
        self.kit.db.now(
            lambda tx: self.passwords.set(tx, BOX, ACCOUNT.name, ACCOUNT.place, password)
        )

    async def connect(self, server: Server) -> ModelConnection:
        self.asked.append(server)
        return await self.servers[str(server.authorize_as)].connect(server)

    @property
    def anna(self) -> ModelServer:
        return self.servers["anna@example.org"]

    def voicemail(self, login: str = "anna") -> Entry:
        entry = self.kit.put(login, VOICE % next(self._numbers), Kind.VOICEMAIL)
        self.service.changed()
        return entry

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        kit = self.kit
        parts = (kit.db, kit.store, kit.people, self.passwords, CONFIG, "box.test")
        self.service = MirrorService(*parts, self.connect)
        await self.service.start()
        try:
            yield
        finally:
            await self.service.stop()

    async def until(self, holds: Callable[[], object]) -> None:
        """Let the service work until something holds."""
        async with asyncio.timeout(WITHIN_S):
            while not holds():
                await asyncio.sleep(0.002)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    kit = open_store(tmp_path)
    world = World(kit)
    world.keep_password()
    yield world
    kit.close()


def run(work: Awaitable[None]) -> None:
    asyncio.run(work)  # type: ignore[arg-type]  # a coroutine


def test_both_sides_are_brought_in_step_and_stay_so(world: World) -> None:
    async def work() -> None:
        async with world.running():
            await world.until(world.service.idle)
            entry = world.voicemail()
            await world.until(lambda: world.anna.inbox.mails)
            await world.until(world.service.idle)
            world.anna.inbox.flag(1, ["\\Seen"])
            world.anna.tell()
            heard = lambda: world.kit.store.need(entry.id).state is EntryState.HEARD  # noqa: E731
            await world.until(heard)
            assert world.service.status() == {"connected": 3, "away": 0}
        assert {one.authorize_as for one in world.asked} == set(world.servers)
        assert {(one.login, one.password) for one in world.asked} == {("box", "pass word")}

    run(work())


def test_while_the_server_is_away_nothing_is_lost(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.imap.mirror.plan.RETRY_S", 0.01)

    async def work() -> None:
        async with world.running():
            await world.until(world.service.idle)
            world.anna.go_down()
            await world.until(lambda: world.mirror.account(anna).error)
            world.voicemail()
            world.voicemail("bob")
            await world.until(lambda: world.mirror.waiting() == {anna: 1})
            assert world.servers["bob@example.org"].inbox.mails and not world.anna.inbox.mails
            world.anna.is_up = True
            await world.until(lambda: not world.mirror.waiting())
            assert len(world.anna.inbox.mails) == 1
            await world.until(lambda: not world.mirror.account(anna).error)

    anna = world.kit.person("anna").id
    run(work())


def test_a_refused_login_is_said_and_disturbs_nobody(world: World) -> None:
    async def work() -> None:
        world.anna.refuses = True
        async with world.running():
            await world.until(lambda: world.mirror.account(anna).error)
            await world.until(lambda: world.service.status()["connected"] == 2)
            assert "wrong password" in world.mirror.account(anna).error
            assert not world.service.idle()

    anna = world.kit.person("anna").id
    run(work())


def test_a_fault_of_ours_with_one_inbox_leaves_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = PersonInbox.open

    async def fails_for_anna(inbox: PersonInbox) -> None:
        if inbox._person.login == "anna":
            raise ValueError("nobody has foreseen this")
        await opened(inbox)

    async def work() -> None:
        async with world.running():
            await world.until(lambda: world.service.status() == {"connected": 2, "away": 1})
            await world.until(lambda: world.mirror.account(anna).error)
            assert "a fault of this box" in world.mirror.account(anna).error

    monkeypatch.setattr(PersonInbox, "open", fails_for_anna)
    anna = world.kit.person("anna").id
    run(work())


def test_a_password_that_is_entered_anew_is_tried_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.imap.mirror.service.PEOPLE_S", 0.01)

    async def work() -> None:
        world.anna.refuses = True
        async with world.running():
            await world.until(lambda: world.mirror.account(anna).error)
            world.anna.refuses = False
            world.keep_password("another word")
            await world.until(lambda: not world.mirror.account(anna).error)
            assert world.asked[-1].password == "another word"

    anna = world.kit.person("anna").id
    run(work())


def test_without_a_password_everybody_is_told_so(tmp_path: Path) -> None:
    kit = open_store(tmp_path)
    world = World(kit)

    async def work() -> None:
        async with world.running():
            await world.until(lambda: all(world.mirror.account(n).error for n in (1, 2, 3)))
            assert "no password" in world.mirror.account(1).error and not world.asked

    run(work())
    kit.close()


def test_who_comes_and_goes_is_followed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.imap.mirror.service.PEOPLE_S", 0.01)

    async def work() -> None:
        async with world.running():
            await world.until(world.service.idle)
            world.kit.db.now(lambda tx: world.kit.people.remove(tx, cleo))
            await world.until(lambda: world.service.status() == {"connected": 2, "away": 0})

    cleo = world.kit.person("cleo").id
    run(work())


def test_without_a_server_nothing_is_noted_any_more(world: World) -> None:
    world.kit.db.now(lambda tx: world.mirror.switch(tx, True))
    run(NoMirror(world.kit.db).start())
    assert not world.mirror.is_on
