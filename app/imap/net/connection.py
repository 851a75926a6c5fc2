"""An IMAP connection as app/imap/net/api.py promises it, over a socket.

What each method may rely on, what it raises and what its numbers mean is said there.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Collection, Sequence
from datetime import datetime

from app.imap.net import changing, listing, reading, selecting, watching
from app.imap.net.api import (
    Appended,
    Changes,
    Connection,
    Facts,
    Gone,
    ImapError,
    MailboxEvent,
    Moved,
    Namespaces,
    Selected,
    Server,
    Status,
    SyncPoint,
)
from app.imap.net.commands import Command
from app.imap.net.exchange import Exchange
from app.imap.net.session import LoggedIn
from app.imap.net.states import ImapState
from app.imap.net.wire import FAREWELL_S, Quiet, Wire


async def connect(server: Server) -> Connection:
    """Connect and log in. Raises ImapError, LoginRefused if the server does not let us in."""
    wire = await Wire.open(server)
    try:
        while not isinstance(await wire.next_event(server.timeouts.answer_s), LoggedIn):
            continue
    except Quiet as problem:
        raise Gone(f"no login within {server.timeouts.answer_s:.0f} s") from problem
    finally:
        if wire.session.state is not ImapState.READY:
            wire.abort()
    return ImapConnection(wire)


class ImapConnection:
    """See app/imap/net/api.py: Connection."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._exchange = Exchange(wire)

    @property
    def capabilities(self) -> frozenset[str]:
        """See Connection."""
        return self._wire.session.capabilities

    async def close(self) -> None:
        """See Connection."""
        if not self._exchange.busy:
            # the server may be gone or say what it likes: we leave either way
            with contextlib.suppress(ImapError, TimeoutError):
                async with asyncio.timeout(FAREWELL_S), self._exchange.turn():
                    await self._exchange.run(Command(b"LOGOUT"))
        await self._wire.close()

    async def namespaces(self) -> Namespaces:
        """See Connection."""
        async with self._exchange.turn():
            return await listing.namespaces(self._exchange)

    async def list_status(self, pattern: str) -> dict[str, Status]:
        """See Connection."""
        async with self._exchange.turn():
            return await listing.list_status(self._exchange, pattern)

    async def create(self, mailbox: str) -> None:
        """See Connection."""
        async with self._exchange.turn():
            await changing.create(self._exchange, mailbox)

    async def select(self, mailbox: str, known: SyncPoint | None = None) -> Selected:
        """See Connection."""
        async with self._exchange.turn():
            return await selecting.select(self._exchange, mailbox, known)

    async def changes(self) -> Changes:
        """See Connection."""
        async with self._exchange.turn():
            return await selecting.changes(self._exchange)

    async def search(self, criteria: str) -> list[int]:
        """See Connection."""
        async with self._exchange.turn():
            return await reading.search(self._exchange, criteria)

    async def fetch_facts(self, uids: Collection[int], headers: Sequence[str]) -> list[Facts]:
        """See Connection."""
        async with self._exchange.turn():
            return await reading.fetch_facts(self._exchange, uids, headers)

    def fetch_message(self, uid: int) -> AsyncIterator[bytes]:
        """See Connection."""
        return reading.fetch_message(self._exchange, uid)

    async def append(
        self,
        mailbox: str,
        octets: AsyncIterable[bytes],
        size: int,
        flags: Collection[str] = (),
        date: datetime | None = None,
    ) -> Appended | None:
        """See Connection; `size` is in octets."""
        async with self._exchange.turn():
            return await changing.append(self._exchange, mailbox, octets, size, flags, date)

    async def store(
        self,
        uids: Collection[int],
        add: Collection[str] = (),
        remove: Collection[str] = (),
        unchangedsince: int | None = None,
    ) -> list[int]:
        """See Connection; `unchangedsince` is a modseq number."""
        async with self._exchange.turn():
            return await changing.store(self._exchange, uids, add, remove, unchangedsince)

    async def move(self, uids: Collection[int], mailbox: str) -> Moved | None:
        """See Connection."""
        async with self._exchange.turn():
            return await changing.move(self._exchange, uids, mailbox)

    async def expunge(self, uids: Collection[int]) -> None:
        """See Connection."""
        async with self._exchange.turn():
            await changing.expunge(self._exchange, uids)

    def watch(self, mailboxes: Sequence[str]) -> AsyncGenerator[MailboxEvent, None]:
        """See Connection."""
        return watching.watch(self._exchange, mailboxes)
