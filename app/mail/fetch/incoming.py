"""A fetched message on its way into the store, and the one commit that delivers it.

It goes into its person's own inbox and never on from there. It may have been delivered to the same
address before, by the server that it is fetched from: what goes round is known by our own mark.
"""

import asyncio
import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from app.core.clock import Clock
from app.core.text import one_line
from app.inbox.delivery import Delivery, Destination, Envelope, Local
from app.inbox.fetch_accounts import FetchAccount, FetchAccounts
from app.inbox.mail_facts import mail_facts
from app.inbox.notices import put_notice
from app.inbox.people import Person
from app.inbox.room import Reservation
from app.inbox.store import Store
from app.mail.smtp.content import IncomingContent, InFlight, Leftovers
from app.mail.smtp.data import Findings
from app.mail.smtp.grammar import GrammarError, host_named, parse_address
from app.mail.smtp.trace import date
from app.message.authentication_results import without_forged
from app.message.headers import HeadReader, fields, scan_head
from app.message.notice import Told
from app.store.database import Database, Tx

T = TypeVar("T")

DOOR = "fetch"
"""The door of what was fetched, as the history names it."""
_VOLATILE = re.compile(rb"(?:status|x-status|x-uidl?|x-keywords|x-mozilla-.*|x-imap.*|lines)")
"""Fields that servers change while a message lies there."""


@dataclass(frozen=True)
class Parts:
    """What a visit works with."""

    db: Database
    store: Store
    delivery: Delivery
    accounts: FetchAccounts
    leftovers: Leftovers
    in_flight: InFlight
    clock: Clock
    hostname: str
    postmaster: str
    """Address that notices come from."""
    largest: int
    """Octets of the largest message that is taken."""

    async def commit(self, work: Callable[[Tx], T]) -> T:
        """Do a unit of work; what it gives, when that is on the disk. Raises StoreFailed."""
        return await asyncio.wrap_future(self.db.submit(work))


def digest(head: bytes) -> str:
    """What tells a header from all others; "" if nothing in it is of this message alone."""
    found = list(fields(head))
    if not {"message-id", "received"} & {field.name for field in found}:
        return ""
    return header_hash(head)


def header_hash(head: bytes) -> str:
    """A digest of a header, without what servers change in it."""
    said = hashlib.sha256()
    for field in fields(head):
        if not _VOLATILE.fullmatch(field.name.encode("ascii")):
            said.update(field.octets)
    return said.hexdigest()[:40]


class FetchedMessage:
    """One message; `add` its octets as they come, then `deliver` it or `discard` it."""

    def __init__(self, parts: Parts, account: FetchAccount, person: Person, room: Reservation):
        self._parts = parts
        self._account = account
        self._person = person
        self._room = room
        self._head = HeadReader()
        self._forged = 0  # octets that were taken out of the header
        self._mark = f"account {account.id}"  # no alias has such a name
        self._progress = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._content = IncomingContent(
            parts.db, parts.store, room, parts.leftovers, parts.in_flight, self._progressed
        )

    @property
    def digest(self) -> str:
        """See the function; known when the message is whole."""
        return digest(self._head.head)

    @property
    def header_hash(self) -> str:
        """See the function; known when the message is whole."""
        return header_hash(self._head.head)

    @property
    def was_here(self) -> bool:
        """Whether this account has brought it here before; known when the message is whole."""
        own = self._parts.store.loop_marks.of(self._mark)
        return own in scan_head(self._head.head).marks

    async def add(self, block: bytes) -> None:
        """Keep more octets, and wait while too many are not on the disk. Raises NoSpace."""
        self._content.add(self._kept(block))
        while self._content.must_wait:
            self._progress.clear()
            await self._progress.wait()

    def end(self) -> None:
        """The message is whole. Raises NoSpace."""
        if not self._head.complete:
            self._content.add(self._without_forged(self._head.end()))

    def _kept(self, block: bytes) -> bytes:
        """What of the next octets is kept, once the header is known."""
        if self._head.complete:
            return block
        return self._without_forged(self._head.feed(block))

    def _without_forged(self, octets: bytes) -> bytes:
        """The first octets without what somebody has said in the box's own name [RFC 8601 §5].

        The header stays known as the server shows it: by that it is found again.
        """
        if not octets:
            return b""
        head = self._head.head
        changed = without_forged(head, self._parts.hostname)
        self._forged = len(head) - len(changed)
        return changed + octets[len(head) :]

    async def deliver(self, mark: str, size: int, dotted: int) -> None:
        """Commit it, and that it is fetched. Raises StoreFailed, or NoSuchPerson."""
        envelope, accounts = self._envelope(), self._parts.accounts
        found = Findings(size=size - self._forged, dotted=dotted)

        def work(tx: Tx) -> None:
            content = self._content.finish(tx, found)
            self._parts.delivery.deliver(tx, envelope, content)
            accounts.add_seen(tx, self._account.id, mark, self.digest)

        await self._parts.commit(work)

    def discard(self) -> None:
        """Forget it."""
        self._content.discard()

    def release(self) -> None:
        """Give back the room on the disk that was reserved."""
        self._room.release()

    def _progressed(self) -> None:
        self._loop.call_soon_threadsafe(self._progress.set)

    def _envelope(self) -> Envelope:
        head, now = scan_head(self._head.head), self._parts.clock.now()
        kind, facts = mail_facts(head, now, DOOR, self._account.server)
        prefix = self._received(now)
        if head.is_text:
            prefix += b"\r\n"  # so that our fields are not taken for part of the text
        return Envelope(
            sender=_return_path(self._head.head),
            recipients=(own_inbox(self._person),),
            kind=kind,
            facts=facts,
            received_header=prefix,
            head=replace(head, hops=0, marks=frozenset()),
        )

    def _received(self, now: float) -> bytes:
        """Our mark and our Received field; POP3 is none of SMTP's protocols [RFC 5321 §4.4]."""
        server, name = host_named(self._account.server), secrets.token_hex(8)
        text = f"Received: from {server}\r\n\tby {self._parts.hostname} with POP3 id {name}"
        own = self._parts.store.loop_marks.field(self._mark)
        return own + f"{text}; {date(now)}\r\n".encode()


def own_inbox(person: Person) -> Destination:
    """The person's inbox, whatever aliases say."""
    return Destination(person.login, (Local(person),), (), False, ())


def notify(parts: Parts, tx: Tx, person: Person, told: Told) -> None:
    """Put a notice into a person's inbox."""
    put_notice(tx, parts.store, parts.delivery.config, person, told, door=DOOR, by="notice")


def _return_path(head: bytes) -> str:
    """The envelope sender, as the server of the old box has noted it [RFC 5321 §4.4]."""
    value = next((field.value for field in fields(head) if field.name == "return-path"), b"")
    text = one_line(value.decode("utf-8", "replace")).strip("<> ")
    try:
        return str(parse_address(text)) if text else ""
    except GrammarError:
        return ""
