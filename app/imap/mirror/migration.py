"""Moves whole inboxes to the IMAP server and back, each message compared by its digest.

    migration = Migration(parts, people, passwords, config, connect)
    async for step in migration.to_server(): ...     # Step("anna", 17, 200)
    async for step in migration.from_server(): ...

Nothing is removed on the side that it comes from. What is done is noted message by message, so that
a second run goes on where the first one broke off, and takes up what has come since. What goes to
the server is looked for by its Message-ID before it is sent again. The mirror, once it is switched
on, tells the server of everything that has changed since.
"""

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from app.imap.mirror import plan
from app.imap.mirror.config import ImapConfig
from app.imap.mirror.messages import Keeping, digest_of, fetched
from app.imap.mirror.person import Parts, PersonInbox, batches
from app.imap.net.api import Connection, Facts, ImapError, Server
from app.inbox.account_passwords import AccountPasswords
from app.inbox.errors import InboxError
from app.inbox.mirror_inward import Inward
from app.inbox.people import People, Person
from app.store.database import Tx

Connect = Callable[[Server], Awaitable[Connection]]


@dataclass(frozen=True)
class Step:
    """How far one person's inbox is."""

    login: str
    done: int
    of: int
    """How many messages there are to do in this run."""
    problem: str = ""
    """Why one message, or with `of` 0 the whole inbox, was left; it stays where it is."""


@dataclass(frozen=True)
class UidlRow:
    """Which POP3 unique-id a message had here."""

    login: str
    uidvalidity: int
    uid: int
    """Its number on the server."""
    uidl: str


class Migration:
    """All inboxes of one box."""

    def __init__(
        self,
        parts: Parts,
        people: People,
        passwords: AccountPasswords,
        config: ImapConfig,
        connect: Connect,
    ) -> None:
        self._parts, self._mirror = parts, parts.mirror
        self._people, self._passwords = people, passwords
        self._config, self._connect = config, connect

    async def to_server(self) -> AsyncIterator[Step]:
        """Copy what is in the inboxes here. Raises StoreFailed."""
        async for step in self._everybody(self._copy):
            yield step

    async def from_server(self) -> AsyncIterator[Step]:
        """Fetch what is in the inboxes there, all of it. Raises StoreFailed."""
        async for step in self._everybody(self._fetch):
            yield step

    def uidls(self) -> list[UidlRow]:
        """The messages that the server is known to have, for whoever serves POP3 there."""
        return [
            UidlRow(person.login, *row)
            for person in self._people.all()
            for row in self._mirror.uidls(person.id)
        ]

    async def _everybody(
        self, work: Callable[[Person, Connection], AsyncGenerator[Step, None]]
    ) -> AsyncIterator[Step]:
        for person in self._people.all():
            try:
                password = self._passwords.of_box(self._config.account)
                connection = await self._connect(self._config.server_for(person, password))
                try:
                    async for step in work(person, connection):
                        yield step
                finally:
                    await connection.close()
            except (ImapError, InboxError) as problem:  # others' inboxes go on
                yield Step(person.login, 0, 0, str(problem))

    # ---- to the server

    async def _copy(self, person: Person, connection: Connection) -> AsyncGenerator[Step, None]:
        inbox = PersonInbox(self._parts, person, connection)
        await inbox.open_to_tell()
        await self._parts.commit(lambda tx: self._mirror.include(tx, person.id))
        entries = self._mirror.to_migrate(person.id)
        yield Step(person.login, 0, len(entries))
        for done, entry in enumerate(entries, 1):
            problem = await self._copy_one(inbox, person, entry)
            yield Step(person.login, done, len(entries), problem)

    async def _copy_one(self, inbox: PersonInbox, person: Person, entry: int) -> str:
        """Why a message is not there as it is here; "": it is."""
        for _ in range(2):
            await inbox.tell_of(entry)
            if await inbox.compare(entry):
                return ""
            row = self._mirror.find(entry)
            if row is None or not row.is_here:
                return ""  # its owner has removed it meanwhile
            if row.uid is None:
                return dict(self._mirror.refusals(person.id)).get(entry, "it was not taken")
            if await inbox.has(row.uid):
                return f"message {row.uid} there is not the one that is here"
            # it was there, and somebody has removed it: it is sent again
            await self._parts.commit(lambda tx: self._mirror.look_again(tx, person.id, entry))
        return "it is removed there again and again"

    # ---- from the server

    async def _fetch(self, person: Person, connection: Connection) -> AsyncGenerator[Step, None]:
        inward = Inward(self._parts.store, self._mirror, person.id, person.login)
        selected = await connection.select(self._parts.folders.inbox)
        account = self._mirror.account(person.id)

        def begin(tx: Tx) -> None:
            if account.uidvalidity != selected.uidvalidity:
                inward.lose_uids(tx)
                self._mirror.synced(tx, person.id, selected.uidvalidity, 0, 0)

        await self._parts.commit(begin)
        whole = self._mirror.whole(person.id)
        uids = [uid for uid in await connection.search("ALL") if uid not in whole]
        yield Step(person.login, 0, len(uids))
        done = 0
        for some in batches(uids):
            for facts in await connection.fetch_facts(some, plan.HEADERS):
                problem = await self._fetch_one(inward, person, connection, facts)
                done += 1
                yield Step(person.login, done, len(uids), problem)

    async def _fetch_one(
        self, inward: Inward, person: Person, connection: Connection, facts: Facts
    ) -> str:
        """Why a message is not here as it is there; "": it is, or it is gone."""
        arrival, parts = plan.arrival_of(facts), self._parts
        await parts.commit(lambda tx: inward.recognize(tx, arrival))
        row = await parts.commit(lambda tx: self._mirror.at(tx, person.id, arrival.uid))
        if row is not None and (not row.partial or not row.is_here):
            return ""
        came, keeping = Came(), Keeping(parts.store.contents, parts.commit)
        pieces = came.through(connection.fetch_message(facts.uid))
        kept = await fetched(pieces, facts, person.login, person.language, keeping, whole=True)
        if kept is None:
            return ""
        if came.size != facts.size:
            return f"message {facts.uid} came with {came.size} of {facts.size} octets"

        def keep(tx: Tx) -> int:
            if row is not None:
                return inward.completed(tx, row, arrival, kept)
            return inward.arrived(tx, arrival, kept, is_news=False)

        entry = await parts.commit(keep)
        if came.digest == digest_of(parts.store.octets(parts.store.need(entry))):
            return ""
        await parts.commit(lambda tx: self._mirror.incomplete(tx, entry))
        return f"message {facts.uid} is not here as it came"


class Came:
    """What has come of a message."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self.size = 0
        """In octets."""

    @property
    def digest(self) -> bytes:
        """SHA-256 of it."""
        return self._digest.digest()

    async def through(self, pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
        """The pieces, which are counted."""
        async for piece in pieces:
            self._digest.update(piece)
            self.size += len(piece)
            yield piece
