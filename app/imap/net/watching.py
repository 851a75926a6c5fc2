"""Being told of changes: by NOTIFY of many mailboxes, by IDLE of one [RFC 5465, RFC 2177].

Neither is believed. A server that is gone says nothing, which looks like a quiet mailbox: a sign of
life is asked for every few seconds. And servers have been seen to say OK and to stay silent, for
other people's INBOX, for the first change after a LIST or after the rotation of an index: the sign
of life therefore also asks what NOTIFY should have told (LIST-STATUS), or begins IDLE again.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from app.imap.net import refusals, told
from app.imap.net.api import MailboxEvent, Status, Unsupported
from app.imap.net.commands import Command, spaced
from app.imap.net.exchange import Exchange
from app.imap.net.listing import merged, poll
from app.imap.net.reader import Data
from app.imap.net.reader import Status as StatusResponse
from app.imap.net.selecting import select
from app.imap.net.session import Answered, Event, Told
from app.imap.net.states import ImapState
from app.imap.net.wire import Quiet


async def watch(exchange: Exchange, mailboxes: Sequence[str]) -> AsyncGenerator[MailboxEvent, None]:
    """As Connection.watch. Raises Unsupported, Gone and what else the server says."""
    if len(mailboxes) > 1 and not exchange.can("NOTIFY"):
        raise Unsupported("the server tells of one mailbox at a time only")
    async with exchange.turn():
        one = _Idle(exchange, mailboxes[0]) if len(mailboxes) == 1 else None
        watching = one or _Notify(exchange, mailboxes)
        await watching.begin()
        exchange.patience_s = exchange.wire.timeouts.beat_s
        try:
            while True:
                for event in watching.events():
                    yield event
                await watching.wait()
        except GeneratorExit:
            await watching.end()
            raise


class _Idle:
    """One mailbox. Without IDLE it is asked for news at every beat."""

    def __init__(self, exchange: Exchange, mailbox: str) -> None:
        self._exchange = exchange
        self._session = exchange.session
        self._mailbox = mailbox
        self._can_idle = exchange.can("IDLE")
        self._news = True  # that watching has begun

    async def begin(self) -> None:
        """Select it, if it is not yet, and begin. Raises ImapError."""
        selection = self._exchange.selection
        if selection is None or selection.mailbox != self._mailbox:
            await select(self._exchange, self._mailbox, None)
        await self._begin_idle()

    def events(self) -> list[MailboxEvent]:
        """What has happened since the last time."""
        news, self._news = self._news, False
        return [MailboxEvent(self._mailbox, None)] if news else []

    async def wait(self) -> None:
        """Wait for news, or for a beat and then ask for a sign of life. Raises ImapError."""
        try:
            self._note(await self._exchange.wire.next_event(self._exchange.patience_s))
            while True:  # all that has come by now is one event
                self._note(await self._exchange.wire.next_event(0))
        except Quiet:
            if not self._news:
                await self.end()
        if self._is(ImapState.READY):
            await self._begin_idle()

    async def end(self) -> None:
        """End IDLE; the server's answer is a sign of life. Raises ImapError."""
        if self._is(ImapState.IDLE):
            self._session.done()
            await self._while(ImapState.COMMAND)
        elif not self._can_idle:
            await self._exchange.run(Command(b"NOOP"), self._take)

    async def _begin_idle(self) -> None:
        if not self._can_idle:
            return
        self._session.idle()
        await self._while(ImapState.ASKED_IDLE)

    async def _while(self, state: ImapState) -> None:
        must_be_in_time = self._exchange.timed()
        while self._is(state):
            must_be_in_time()
            self._note(await self._exchange.next_event())

    def _is(self, state: ImapState) -> bool:
        return self._session.state is state

    def _note(self, event: Event) -> None:
        if isinstance(event, Told):
            self._news |= self._exchange.note(event.what)
        elif isinstance(event, Answered) and event.status.kind != "OK":
            raise refusals.of(event.status)

    def _take(self, what: Data | StatusResponse) -> bool:
        self._news |= self._exchange.note(what)
        return True


class _Notify:
    """Many mailboxes on one connection."""

    def __init__(self, exchange: Exchange, mailboxes: Sequence[str]) -> None:
        self._exchange = exchange
        self._mailboxes = mailboxes
        self._seen: dict[str, Status] = {}
        self._changed = dict.fromkeys(mailboxes)  # in the order in which they changed
        self._can_poll = exchange.can("LIST-STATUS") and exchange.can("LIST-EXTENDED")
        self._overflow = False
        self._look_at = self._renew_at = 0.0

    async def begin(self) -> None:
        """Ask to be told. Raises ImapError."""
        if self._exchange.selection is not None and self._exchange.can("UNSELECT"):
            await self._exchange.run(Command(b"UNSELECT"))
        self._exchange.selection = None
        await self._set()

    def events(self) -> list[MailboxEvent]:
        """What has happened since the last time."""
        changed, self._changed = self._changed, {}
        return [MailboxEvent(name, self._seen.get(name)) for name in changed]

    async def wait(self) -> None:
        """Wait for news until a look is due, which asks for all there is. Raises ImapError."""
        now = _now()
        if self._overflow or now >= self._renew_at:
            await self._set()
        elif now >= self._look_at:
            await self._look()
        else:
            try:
                event = await self._exchange.wire.next_event(self._look_at - now)
                if isinstance(event, Told):
                    self._exchange.note(event.what, self._take)
            except Quiet:
                return

    async def end(self) -> None:
        """Be told no more. Raises ImapError."""
        await self._exchange.run(Command(b"NOTIFY NONE"), self._take)

    async def _set(self) -> None:
        """Ask to be told, and how it stands now [RFC 5465 §3.1, §4]."""
        names = [self._exchange.session.mailbox(name) for name in self._mailboxes]
        head, tail = b"NOTIFY SET STATUS (MAILBOXES (", b") (MessageNew MessageExpunge FlagChange))"
        self._overflow = False
        await self._exchange.run(Command(head, *spaced(names), tail), self._take)
        await self._look()
        self._renew_at = _now() + self._exchange.wire.timeouts.renew_s

    async def _look(self) -> None:
        """Ask for a sign of life, and for what should have been told if the server can say that."""
        if self._can_poll:
            found = await poll(self._exchange, self._mailboxes, self._take)
            for name in self._mailboxes:
                self._compare(name, found.get(name))
        else:
            await self._exchange.run(Command(b"NOOP"), self._take)
        timeouts = self._exchange.wire.timeouts
        self._look_at = _now() + (timeouts.look_s if self._can_poll else timeouts.beat_s)

    def _compare(self, name: str, status: Status | None) -> None:
        before = self._seen.get(name)
        if status != before:
            self._changed[name] = None
        if status is not None and before is None:
            self._renew_at = 0.0  # it was not there when we asked to be told of it
        if status is None:
            self._seen.pop(name, None)
        else:
            self._seen[name] = status

    def _take(self, what: Data | StatusResponse) -> bool:
        """Take what is told unasked. Raises BadResponse."""
        if isinstance(what, StatusResponse):
            self._overflow |= what.name == "NOTIFICATIONOVERFLOW"  # it tells no more [§5.8]
        elif what.name == "STATUS":
            octets, status = told.status(what)
            name = self._exchange.session.name_of(octets)
            if name in self._mailboxes:
                self._compare(name, merged(self._seen.get(name), status))
        return True


def _now() -> float:
    return asyncio.get_running_loop().time()
