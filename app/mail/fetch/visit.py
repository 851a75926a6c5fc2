"""One visit to a POP3 server, from login to QUIT: what is new is fetched, what is old deleted.

A message is asked to be deleted only after the commit that has delivered it. If the session ends
before its QUIT the server deletes nothing; the next visit finds the marks and goes on.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice

from app.inbox.errors import MailboxFull, NoSpace, NoSuchPerson
from app.inbox.fetch_accounts import AT_ONCE, DAY, FetchAccount, Seen
from app.inbox.people import Person
from app.mail.fetch.incoming import (
    FetchedMessage,
    Parts,
    digest,
    header_hash,
    notify,
    own_inbox,
)
from app.mail.fetch.session import Done, End, FetchSession, Head, Listed, Octets, Refused
from app.mail.fetch.wire import FetchFailed, Wire
from app.message import notice
from app.store.database import Tx

log = logging.getLogger(__name__)

MESSAGES = 200
"""Messages that one visit fetches: then it says QUIT, so that the server deletes them."""
NAMELESS = "h:"


@dataclass(frozen=True)
class Visited:
    """What came of a visit that reached its QUIT."""

    fetched: int
    more: bool
    """There is more to fetch at once."""
    login_delay_s: int
    """Seconds that the server wants between two logins."""
    trouble: str
    """What could not be done, in the server's words; "" if all was."""


class Visit:
    """One visit for one person."""

    def __init__(
        self, parts: Parts, account: FetchAccount, person: Person, session: FetchSession, wire: Wire
    ) -> None:
        self._parts = parts
        self._account = account
        self._person = person
        self._session = session
        self._wire = wire
        self._listed = Listed({}, {}, False, 0)
        self._marks: dict[int, str] = {}  # by the number of this session
        self._hashes = Counter[str]()  # of messages that the server has no names for
        self._may_be_renamed = False
        self._fetched = 0
        self._full = False
        self._trouble = ""

    async def run(self) -> Visited:
        """Log in, fetch, delete, leave. Raises FetchFailed, StoreFailed."""
        self._listed = await self._wire.expect(Listed)
        named = bool(self._listed.names) or not self._listed.sizes
        self._marks = _by_name(self._listed.names)
        known = await self._known()
        if named:
            await self._note_gone(known)
            self._may_be_renamed = self._parts.accounts.has_gone(self._account.id)
        more = False
        for number in sorted(self._listed.sizes):
            if self._fetched >= MESSAGES:
                more = True
                break
            await self._handle(number, known)
            await asyncio.sleep(0)  # old messages are many, and cost no waiting
        if not named and not more:
            await self._note_gone(await self._known())
        self._session.quit()
        await self._wire.expect(Done)
        await self._tell_if_full()
        return Visited(self._fetched, more, self._listed.login_delay_s, self._trouble)

    async def _known(self) -> dict[str, Seen]:
        """What is known of the messages that have a mark; asked for in slices."""
        known: dict[str, Seen] = {}
        for some in _slices(self._marks.values()):
            known |= self._parts.accounts.seen(self._account.id, some)
            await asyncio.sleep(0)
        return known

    async def _note_gone(self, known: dict[str, Seen]) -> None:
        """Note which messages the server has no more; costs little while it has them all."""
        account, accounts = self._account.id, self._parts.accounts
        if known and accounts.has_gone(account):
            for some in _slices(known):
                await self._parts.commit(partial(accounts.set_listed, account=account, marks=some))
        if accounts.count_listed(account) <= len(known):
            return
        here, after = set(self._marks.values()), ""
        while marks := accounts.listed(account, after):
            after = marks[-1]
            gone = [mark for mark in marks if mark not in here]
            if gone:
                await self._parts.commit(partial(accounts.set_gone, account=account, marks=gone))

    async def _handle(self, number: int, known: dict[str, Seen]) -> None:
        """Fetch a message if it is new, delete it if it is old enough."""
        head = None
        if number not in self._marks:
            head = await self._head(number)
            self._marks[number] = self._by_header(head)
            known = self._parts.accounts.seen(self._account.id, [self._marks[number]])
        mark = self._marks[number]
        seen = known.get(mark)
        if seen is None:
            if self._may_be_renamed and head is None and self._listed.can_top:
                head = await self._head(number)
            seen = await self._fetch(number, mark, head)
        if seen is not None and self._may_go(seen):
            self._session.delete(number)
            answer = await self._wire.next_event()
            if isinstance(answer, Refused):
                self._trouble = f"a message was not deleted: {answer.reply}"

    def _may_go(self, seen: Seen) -> bool:
        days = self._account.keep_days
        if days is None or not seen.fetched:
            return False
        return self._parts.db.box_time.now() - seen.first_box_s >= days * DAY

    async def _head(self, number: int) -> bytes | None:
        """The header of a message; None if the server does not show it."""
        if not self._listed.can_top:
            return None
        self._session.top(number)
        answer = await self._wire.next_event()
        return answer.octets if isinstance(answer, Head) else None

    def _by_header(self, head: bytes | None) -> str:
        """The mark of a message without a name; two with the same header have two."""
        if head is None:
            raise FetchFailed(
                "it can neither name messages (UIDL) nor show their headers (TOP): what was fetched"
                " before could not be told from what is new"
            )
        found = header_hash(head)
        self._hashes[found] += 1
        return f"{NAMELESS}{found}#{self._hashes[found]}"

    async def _fetch(self, number: int, mark: str, head: bytes | None) -> Seen | None:
        """Fetch a message, unless it is an old one by a new name; None if it stays there."""
        parts = self._parts
        if head is not None and self._may_be_renamed and await self._is_old(mark, digest(head)):
            return parts.accounts.seen(self._account.id, [mark]).get(mark)
        size = self._listed.sizes[number]
        if size > parts.largest:
            return await self._leave(mark, size)
        route = own_inbox(self._person)
        try:
            parts.delivery.reserve(route, size)
        except MailboxFull:
            self._full = True
            return None
        try:
            return await self._take(number, mark, size)
        finally:
            parts.delivery.release(route, size)

    async def _is_old(self, mark: str, told: str) -> bool:
        """Whether a message that has gone had this header: this is its new name."""
        accounts, account = self._parts.accounts, self._account.id
        return await self._parts.commit(lambda tx: accounts.renamed(tx, account, mark, told))

    async def _take(self, number: int, mark: str, size: int) -> Seen | None:
        try:
            room = self._parts.delivery.room.reserve(size)
        except NoSpace as full:
            raise FetchFailed(f"it waits: {full}") from full
        message = FetchedMessage(self._parts, self._account, self._person, room)
        delivered = False
        try:
            delivered = await self._receive(number, mark, message)
        except (NoSpace, NoSuchPerson) as problem:
            raise FetchFailed(f"it waits: {problem}") from problem
        finally:
            if not delivered:
                message.discard()
            message.release()
        self._fetched += delivered
        return self._parts.accounts.seen(self._account.id, [mark]).get(mark)

    async def _receive(self, number: int, mark: str, message: FetchedMessage) -> bool:
        """Take a message and deliver it.

        False if the server does not give it, or if it is an old one by a new name.
        """
        self._session.retrieve(number)
        while True:
            event = await self._wire.next_event()
            if isinstance(event, Octets):
                await message.add(event.block)
            elif isinstance(event, End):
                message.end()
                if message.was_here:
                    return await self._leave_own(mark)
                if self._may_be_renamed and await self._is_old(mark, message.digest):
                    return False  # of a server that does not show headers alone
                await message.deliver(mark, event.size, event.dotted)
                return True
            else:
                assert isinstance(event, Refused), "nothing else answers RETR"
                self._trouble = f"a message could not be fetched: {event.reply}"
                return False

    async def _leave_own(self, mark: str) -> bool:
        """Leave a message there that this very account has brought here before: it goes round."""
        accounts, account = self._parts.accounts, self._account.id
        await self._parts.commit(lambda tx: accounts.add_seen(tx, account, mark, "", fetched=False))
        self._trouble = "it has what it was fetched from this box: it is this box, or fetches here"
        return False

    async def _leave(self, mark: str, size: int) -> Seen:
        """Leave a message there that is too large, and tell its person, once."""
        parts, account = self._parts, self._account
        told = notice.too_large(account.place, size, parts.largest)

        def work(tx: Tx) -> None:
            parts.accounts.add_seen(tx, account.id, mark, "", fetched=False)
            notify(parts, tx, self._person, told)

        await parts.commit(work)
        return Seen(parts.db.box_time.now(), False)

    async def _tell_if_full(self) -> None:
        """Tell the person once that messages wait for room, until there was room for all."""
        parts, account = self._parts, self._account
        if self._full:
            self._trouble = self._trouble or f"the mailbox of {self._person.login} is full"
        if self._full == account.told_full:
            return

        def work(tx: Tx) -> None:
            parts.accounts.set_told_full(tx, account.id, self._full)
            if self._full:
                notify(parts, tx, self._person, notice.full(account.place))

        await parts.commit(work)


def _by_name(names: dict[int, str]) -> dict[int, str]:
    """Marks by number; a name that a server gives to two messages [RFC 1939 §7] makes two marks."""
    if len(set(names.values())) == len(names):
        return {number: f"u:{name}" for number, name in names.items()}
    seen = Counter[str]()
    marks = {}
    for number in sorted(names):
        name = names[number]
        seen[name] += 1
        marks[number] = f"u:{name}" if seen[name] == 1 else f"u:{name}#{seen[name]}"
    return marks


def _slices(marks: Iterable[str]) -> Iterator[list[str]]:
    waiting = iter(marks)
    while some := list(islice(waiting, AT_ONCE)):
        yield some
