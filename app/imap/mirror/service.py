"""Keeps everybody's inbox here and on the IMAP server in step, in the loop of the mail service.

Each person has a task with two connections: one waits for what the server tells (IDLE), on the
other everything is done. A server that is gone is noticed by the first within ten seconds. After a
failure the person's task waits, longer each time, and begins anew; others go on meanwhile.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Any

from app.imap.mirror import plan
from app.imap.mirror.config import ImapConfig
from app.imap.mirror.person import Parts, PersonInbox
from app.imap.net.api import (
    Connection,
    ImapError,
    LoginRefused,
    Server,
)
from app.inbox.account_passwords import AccountPasswords
from app.inbox.errors import InboxError
from app.inbox.mirror import Mirror
from app.inbox.people import People, Person
from app.inbox.store import Store
from app.store.database import Database
from app.store.errors import StoreFailed

log = logging.getLogger(__name__)

LOOK_S = 15.0
"""Seconds after which the server is asked even if it has told nothing."""
TRIM_S = 3_600.0
"""Seconds between two looks for what the cache can give up."""
PEOPLE_S = 5.0
"""Seconds between two looks whether people have come or gone."""


Connect = Callable[[Server], Awaitable[Connection]]


@dataclass
class Running:
    """A person's task."""

    person: Person
    task: "asyncio.Task[None]"
    poked: asyncio.Event = field(default_factory=asyncio.Event)
    connected: bool = False
    idle: bool = False
    """Nothing is to be told or looked at."""


class MirrorService:
    """All inboxes of one box; made in any thread, used in its loop."""

    def __init__(
        self,
        db: Database,
        store: Store,
        people: People,
        passwords: AccountPasswords,
        config: ImapConfig,
        hostname: str,
        connect: Connect,
    ) -> None:
        self._db = db
        self._people = people
        self._passwords = passwords
        self._config = config
        self._connect = connect
        self._mirror = Mirror(db)
        self._parts = Parts(db, store, self._mirror, config.folders, hostname)
        self._running: dict[int, Running] = {}
        self._people_task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to note what changes here, and to bring both sides in step."""
        if not self._mirror.is_on:
            await self._parts.commit(lambda tx: self._mirror.switch(tx, True))
        self._people_task = asyncio.get_running_loop().create_task(self._follow_people())

    async def stop(self) -> None:
        """Cut off what goes on: the next start goes on there."""
        tasks = [one.task for one in self._running.values()]
        tasks += [self._people_task] if self._people_task is not None else []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._running.clear()

    def changed(self) -> None:
        """The store has changed: tell what there is to be told."""
        for person in self._mirror.ready():
            if person in self._running:
                self._running[person].idle = False
                self._running[person].poked.set()

    def idle(self) -> bool:
        """True when everybody is in step, as far as anybody knows."""
        well = all(one.idle and one.connected for one in self._running.values())
        return bool(self._running) and well and not self._mirror.waiting()

    def status(self) -> dict[str, Any]:
        """How many people's inboxes are connected, and how many are not."""
        connected = sum(one.connected for one in self._running.values())
        return {"connected": connected, "away": len(self._running) - connected}

    # ---- people

    async def _follow_people(self) -> None:
        while True:
            here = {person.id: person for person in self._people.all()}
            for gone in [number for number in self._running if number not in here]:
                self._running.pop(gone).task.cancel()
            for number, person in here.items():
                running = self._running.get(number)
                if running is not None and running.person != person:
                    running.person = person
                if running is None:
                    self._begin(person)
            await asyncio.sleep(PEOPLE_S)

    def _begin(self, person: Person) -> None:
        task = asyncio.get_running_loop().create_task(self._keep(person.id))
        self._running[person.id] = Running(person, task)

    async def _keep(self, number: int) -> None:
        """Keep one person's inbox in step, for ever."""
        failures = 0
        while True:
            running = self._running[number]
            password = self._password()
            try:
                await self._work(running)
            except LoginRefused as problem:
                await self._failed(running, str(problem))
                await self._wait_for_another(password)
                continue
            except (ImapError, InboxError, StoreFailed, OSError) as problem:
                why = str(problem)
            except Exception:  # of one person's mail; others' goes on
                log.exception("the inbox of %s is not in step", running.person.login)
                why = "a fault of this box; see its log"
            failures = 0 if running.connected else failures
            await self._failed(running, why)
            await asyncio.sleep(plan.wait_s(failures))
            failures += 1

    def _password(self) -> str | None:
        """The password that is kept; None: none that can be used."""
        try:
            return self._passwords.of_box(self._config.account)
        except (InboxError, StoreFailed):
            return None

    async def _wait_for_another(self, password: str | None) -> None:
        """Wait after a refused login: for long, for servers lock out who tries too often."""
        loop = asyncio.get_running_loop()
        until = loop.time() + plan.REFUSED_S
        while loop.time() < until and self._password() == password:
            await asyncio.sleep(PEOPLE_S)

    async def _failed(self, running: Running, why: str) -> None:
        """Note why an inbox is not in step, once for the same reason."""
        running.connected = running.idle = False
        person = running.person
        with suppress(StoreFailed):  # which is told by the store itself
            if self._mirror.account(person.id).error != why:
                log.warning("the inbox of %s is not in step: %s", person.login, why)
                await self._parts.commit(lambda tx: self._mirror.failed(tx, person.id, why))

    # ---- one person

    async def _work(self, running: Running) -> None:
        """Connect, and keep both sides in step until something fails."""
        person = running.person
        password = self._passwords.of_box(self._config.account)
        server = self._config.server_for(person, password)
        worker = await self._connect(server)
        try:
            inbox = PersonInbox(self._parts, person, worker)
            await inbox.open()
            watcher = await self._connect(server)
            try:
                await self._both(running, inbox, watcher)
            finally:
                await watcher.close()
        finally:
            await worker.close()

    async def _both(self, running: Running, inbox: PersonInbox, watcher: Connection) -> None:
        loop = asyncio.get_running_loop()
        watching = loop.create_task(self._watch(running, watcher))
        working = loop.create_task(self._keep_in_step(running, inbox))
        try:
            await asyncio.wait((watching, working), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (watching, working):
                task.cancel()
            results = await asyncio.gather(watching, working, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _watch(self, running: Running, watcher: Connection) -> None:
        """Wake the worker whenever the server tells of something."""
        async with aclosing(watcher.watch(self._watched())) as events:
            async for _ in events:
                running.idle = False
                running.poked.set()

    def _watched(self) -> Sequence[str]:
        return [self._parts.folders.inbox]

    async def _keep_in_step(self, running: Running, inbox: PersonInbox) -> None:
        loop = asyncio.get_running_loop()
        trim_at = loop.time()
        while True:
            running.poked.clear()
            await inbox.look()
            await inbox.tell()
            await self._in_step(running)
            if loop.time() >= trim_at:
                await inbox.trim()
                trim_at = loop.time() + TRIM_S
            running.idle = not running.poked.is_set()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):  # wait_for loses a cancel in Python 3.11
                    await running.poked.wait()

    async def _in_step(self, running: Running) -> None:
        running.connected = True
        account = self._mirror.account(running.person.id)
        if account.error or account.ok_at is None:
            log.info("the inbox of %s is in step with the server", running.person.login)
            await self._parts.commit(lambda tx: self._mirror.went_well(tx, running.person.id))
