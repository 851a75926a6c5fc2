"""Visits people's POP3 accounts elsewhere when they are due, a few at a time, in the mail loop.

After a visit that failed the next one waits, longer each time: up to LONGEST_S, or LONGEST_LOGIN_S
if the login was refused, for many servers lock out who tries too often.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from app.inbox.account_passwords import (
    AccountPasswords,
    NoSuchPassword,
    PasswordUnreadable,
    load,
)
from app.inbox.fetch_accounts import FetchAccount
from app.inbox.people import People, Person
from app.mail.fetch.incoming import Parts
from app.mail.fetch.session import FetchSession, Login
from app.mail.fetch.visit import Visit, Visited
from app.mail.fetch.wire import FetchFailed, Wire
from app.store.database import Tx
from app.store.errors import StoreFailed

log = logging.getLogger(__name__)

VISITS = 2
"""Accounts that are visited at a time."""
LONGEST_S = 3_600.0
LONGEST_LOGIN_S = 6 * 3_600.0


@dataclass
class Running:
    """A visit that goes on; without a wire it has not begun to connect."""

    task: asyncio.Task[None]
    wire: Wire | None = None


class FetchService:
    """The visits of one mail service; used in its loop."""

    def __init__(self, parts: Parts, people: People, passwords: AccountPasswords) -> None:
        self._parts = parts
        self._people = people
        self._passwords = passwords
        self._running: dict[int, Running] = {}  # by account
        self._unnoted: dict[int, float] = {}  # next visit where it could not be written down
        self._stopping = False

    @property
    def visits(self) -> int:
        """Number of accounts that are being visited."""
        return len(self._running)

    def idle(self) -> bool:
        """True when nothing is due and no visit goes on."""
        return not self._running and not self._parts.accounts.due(1)

    def visit_due(self) -> None:
        """Begin as many visits as may go on at once; call it in the loop, twice a second."""
        places = VISITS - len(self._running)
        if places <= 0 or self._stopping:
            return
        now = self._parts.db.box_time.now()
        waiting = [account for account, until in self._unnoted.items() if until > now]
        for account in self._parts.accounts.due(places, [*self._running, *waiting]):
            task = asyncio.get_running_loop().create_task(self._visit(account))
            self._running[account.id] = Running(task)
            task.add_done_callback(lambda task, number=account.id: self._ended(number, task))  # type: ignore[misc]

    def tick(self) -> None:
        """Let the visits see the time."""
        now = self._parts.clock.monotonic()
        for running in self._running.values():
            if running.wire is not None:
                running.wire.tick(now)

    async def stop(self) -> None:
        """Cut the visits off: the next start finds what was fetched."""
        self._stopping = True
        tasks = [running.task for running in self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, account: int, task: asyncio.Task[None]) -> None:
        self._running.pop(account, None)
        if not task.cancelled() and task.exception() is not None:
            log.error("a visit ended by a fault", exc_info=task.exception())
        if not self._stopping:
            self.visit_due()

    async def _visit(self, account: FetchAccount) -> None:
        try:
            visited = await self._visited(account)
        except FetchFailed as failed:
            await self._note_failure(account, str(failed), failed.login)
        except (NoSuchPassword, PasswordUnreadable) as problem:
            await self._note_failure(account, str(problem), login=True)
        except StoreFailed as problem:
            log.error("mail of %s was not fetched: %s", account.place, problem)
            await self._note_failure(account, f"nothing could be kept here: {problem}")
        except Exception:
            log.exception("mail of %s was not fetched", account.place)
            await self._note_failure(account, "a fault of this box; see its log")
        else:
            await self._note_success(account, visited)

    async def _visited(self, account: FetchAccount) -> Visited:
        person = self._person(account)
        await asyncio.to_thread(load)
        password = self._passwords.get(person.id, account.password_name, account.place)
        login = Login(account.user, password, account.tls)
        session = FetchSession(login, self._parts.largest, self._parts.clock.monotonic())
        wire = Wire(account, session)
        try:
            await wire.connect()
            if account.id in self._running:
                self._running[account.id].wire = wire
            return await Visit(self._parts, account, person, session, wire).run()
        finally:
            await wire.close()

    def _person(self, account: FetchAccount) -> Person:
        person = self._people.by_id(account.person)
        if person is None:
            raise FetchFailed("its person is not here any more")
        return person

    async def _note_success(self, account: FetchAccount, visited: Visited) -> None:
        parts = self._parts
        wait = 0.0 if visited.more else max(account.poll_s, visited.login_delay_s)
        next_box_s = parts.db.box_time.now() + wait
        if visited.fetched:
            log.info("%d messages of %s were fetched", visited.fetched, account.place)

        def work(tx: Tx) -> None:
            parts.accounts.went_well(tx, account.id, next_box_s, visited.trouble)

        await self._note(account, work, next_box_s)

    async def _note_failure(self, account: FetchAccount, text: str, login: bool = False) -> None:
        longest = LONGEST_LOGIN_S if login else LONGEST_S
        wait = min(account.poll_s * 2.0 ** min(account.failures, 20), longest)
        wait = max(wait, account.poll_s)
        log.info("mail of %s was not fetched: %s", account.place, text)
        next_box_s = self._parts.db.box_time.now() + wait

        def work(tx: Tx) -> None:
            self._parts.accounts.failed(tx, account.id, next_box_s, text)

        await self._note(account, work, next_box_s)

    async def _note(
        self, account: FetchAccount, work: Callable[[Tx], None], next_box_s: float
    ) -> None:
        """Write an outcome down; where that fails it is remembered when the next visit is."""
        self._unnoted.pop(account.id, None)
        try:
            await self._parts.commit(work)
        except StoreFailed as problem:
            log.error("the outcome of a visit could not be noted: %s", problem)
            self._unnoted[account.id] = next_box_s
