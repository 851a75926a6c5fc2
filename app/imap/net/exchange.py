"""One command and its answer over a connection, whatever the command is."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from app.imap.net import refusals
from app.imap.net.api import SLOWEST, Gone, ProtocolError
from app.imap.net.commands import Command
from app.imap.net.news import News
from app.imap.net.reader import BadResponse, Data, Status
from app.imap.net.session import Answered, Event, Told, Wanted
from app.imap.net.states import ImapState
from app.imap.net.wire import Quiet, Wire

Take = Callable[[Data | Status], bool]
"""Takes what the server tells during a command; False: it was not meant for it."""
PIECE = 65_536
"""Octets that are sent at a time."""


@dataclass
class Selection:
    """The mailbox that is selected, and what is told of it."""

    mailbox: str
    uidvalidity: int
    """The number of its numbering."""
    highestmodseq: int | None
    """None: it counts no changes, and must not be asked for them [RFC 7162 §3.1.2.2]."""
    news: News = field(default_factory=News)


class Exchange:
    """A connection that is logged in, and whose turn it is there."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.session = wire.session
        self.selection: Selection | None = None
        self.patience_s = wire.timeouts.answer_s
        """Seconds of silence after which the server is taken to be gone."""
        self._lock = asyncio.Lock()

    def can(self, capability: str) -> bool:
        """Whether the server says that it can."""
        return capability in self.session.capabilities

    @property
    def counts_changes(self) -> bool:
        """Whether it knows CONDSTORE, by itself or with QRESYNC [RFC 7162 §3.2.3]."""
        return self.can("CONDSTORE") or self.can("QRESYNC")

    @property
    def busy(self) -> bool:
        """Whether it is somebody's turn."""
        return self._lock.locked()

    def selected(self) -> Selection:
        """The mailbox that is selected. Raises ValueError if none is."""
        if self.selection is None:
            raise ValueError("no mailbox is selected")
        return self.selection

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Be alone; whatever leaves a command half done ends the connection. Raises Gone."""
        async with self._lock:
            if self.session.is_over:
                raise Gone("the connection is closed")
            self.patience_s = self.wire.timeouts.answer_s
            try:
                yield
            finally:
                if self.session.state is not ImapState.READY:
                    self.wire.abort()

    async def run(
        self, command: Command, take: Take | None = None, octets: AsyncIterable[bytes] | None = None
    ) -> Status:
        """Send a command, within a turn; its OK. Raises what else the server says."""
        status = await self.run_for_any(command, take, octets)
        if status.kind != "OK":
            raise refusals.of(status)
        return status

    async def run_for_any(
        self, command: Command, take: Take | None = None, octets: AsyncIterable[bytes] | None = None
    ) -> Status:
        """Send a command, within a turn; its answer, whatever it is. Raises Gone, ProtocolError."""
        self.session.ask(command)
        must_be_in_time = self.timed()
        while True:
            must_be_in_time()
            event = await self.next_event()
            if isinstance(event, Told):
                self.note(event.what, take)
            elif isinstance(event, Wanted):
                assert octets is not None, "who announces a stream has one"
                await self._stream(octets)
            elif isinstance(event, Answered):
                return event.status

    def timed(self) -> Callable[[], None]:
        """Begin to count the time of a command; what it gives raises Gone when that is over."""
        loop, before = asyncio.get_running_loop(), self.wire.octets
        begun = loop.time()

        def must_be_in_time() -> None:
            most_s = self.wire.timeouts.command_s + (self.wire.octets - before) / SLOWEST
            if loop.time() - begun > most_s:
                self.wire.abort()
                raise Gone(f"no answer for {most_s:.0f} s")

        return must_be_in_time

    async def next_event(self) -> Event:
        """The next event of the session. Raises Gone if there is none for too long."""
        try:
            return await self.wire.next_event(self.patience_s)
        except Quiet as problem:
            self.wire.abort()
            raise Gone(f"silent for {self.patience_s:.0f} s") from problem

    def note(self, what: Data | Status, take: Take | None = None) -> bool:
        """Whether a command that takes it, or the selected mailbox, is concerned.

        Raises ProtocolError for what no server may say.
        """
        try:
            if take is not None and take(what):
                return True
            if isinstance(what, Data):
                return self.selection is not None and self.selection.news.take(what)
            self._check_validity(what)
        except BadResponse as problem:
            self.wire.abort()
            raise ProtocolError(str(problem)) from problem
        return False

    def _check_validity(self, status: Status) -> None:
        """UIDs do not change their meaning within a session [RFC 3501 §2.3.1.1]."""
        if self.selection is not None and status.name == "UIDVALIDITY":
            now = b"%d" % self.selection.uidvalidity
            if status.code[1:] != [now]:
                raise BadResponse("it renumbers the mailbox that is selected")

    async def _stream(self, octets: AsyncIterable[bytes]) -> None:
        async for piece in octets:
            for at in range(0, len(piece), PIECE):
                self.session.give(piece[at : at + PIECE])
                await self.wire.send()
            if self.session.is_over:
                return
        if self.session.owed:
            raise ValueError(f"{self.session.owed} octets fewer than were announced")
