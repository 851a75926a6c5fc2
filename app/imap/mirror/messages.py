"""Messages as they go to the server, and as they are kept of what it has."""

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol, TypeVar, cast

from app.imap.net.api import Facts
from app.inbox.contents import CHUNK, Contents
from app.inbox.entries import Entry, Kind
from app.inbox.mail_facts import mail_facts
from app.inbox.mirror_inward import DOOR, Fetched
from app.inbox.store import Store
from app.message.dot_stuffing import DotCounter
from app.message.headers import HeadReader, scan_head
from app.message.large_mail import stand_in
from app.store.database import Tx

T = TypeVar("T")


class Commit(Protocol):
    """Does one unit of work in the writer thread. Raises what it raises, and StoreFailed."""

    async def __call__(self, work: Callable[[Tx], T], /) -> T:
        """Do it."""
        ...


WHOLE = 262_144
"""Octets of the largest mail that is kept whole; of larger ones the header is."""
WHOLE_VOICEMAIL = 16 << 20
"""The same of voicemail, which the telephone plays: an hour of it is not."""


@dataclass(frozen=True)
class Outgoing:
    """A copy that is to be sent."""

    message_id: str
    """By which it can be found there."""
    size: int
    """In octets."""
    pieces: Iterator[bytes]

    async def stream(self) -> AsyncIterator[bytes]:
        """The pieces, read from the store one by one."""
        for piece in self.pieces:
            yield piece


def outgoing(store: Store, entry: Entry, hostname: str) -> Outgoing:
    """A copy of an entry; a mail without a Message-ID gets one, so that it can be found.

    Raises ContentGone.
    """
    found = scan_head(store.header(entry)).message_id
    if found:
        return Outgoing(found, entry.size, store.octets(entry))
    message_id = f"<{entry.uidl}@{hostname}>"
    line = f"Message-ID: {message_id}\r\n".encode()

    def pieces() -> Iterator[bytes]:
        yield line
        yield from store.octets(entry)

    return Outgoing(message_id, len(line) + entry.size, pieces())


class Keeping:
    """Keeps the octets of a message as they come.

    Each chunk is a transaction of its own, so that nobody who writes waits for more than that. What
    breaks off is swept with all messages that never arrived whole.
    """

    def __init__(self, contents: Contents, commit: Commit) -> None:
        self._contents, self._commit = contents, commit
        self._content = 0
        self._held = bytearray()
        self._dots = DotCounter()
        self._size = self._seq = 0

    async def add(self, octets: bytes) -> None:
        """Take the next octets. Raises ContentGone, StoreFailed."""
        self._held += octets
        while len(self._held) >= CHUNK:
            await self._put(CHUNK)

    async def seal(self) -> int:
        """The content's number, when all octets are there. Raises ContentGone, StoreFailed."""
        if self._held:
            await self._put(len(self._held))
        content, size, dots = self._content, self._size, self._dots.count
        await self._commit(lambda tx: self._contents.seal(tx, content, size, dots))
        return content

    async def _put(self, count: int) -> None:
        chunk = bytes(self._held[:count])
        del self._held[:count]
        self._content = await self._commit(lambda tx: self._added(tx, chunk))
        self._dots.feed(chunk)
        self._size, self._seq = self._size + count, self._seq + 1

    def _added(self, tx: Tx, chunk: bytes) -> int:
        content = self._content or self._contents.begin(tx)
        self._contents.add_chunk(tx, content, self._seq, chunk)
        return content


def digest_of(pieces: Iterable[bytes]) -> bytes:
    """SHA-256 of a message."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.digest()


async def fetched(
    pieces: AsyncIterator[bytes],
    facts: Facts,
    by: str,
    language: str,
    keeping: Keeping,
    whole: bool = False,
) -> Fetched | None:
    """What there is to be kept of a mail; None: it is gone.

    Unless `whole`, no more of a large mail is fetched than the pieces that have its header. `by` is
    whose it is, `language` what is said in instead of the rest. What is more than a chunk goes to
    `keeping`. Raises ContentGone, StoreFailed.
    """
    reader, held, is_small = HeadReader(), list[bytes](), facts.size <= CHUNK
    size, content = 0, None
    async with aclosing(cast("AsyncGenerator[bytes, None]", pieces)) as stream:
        async for piece in stream:
            size += len(piece)
            if not reader.complete:
                reader.feed(piece)
            if reader.complete and not whole and facts.size > _most(reader.head):
                break
            if is_small:
                held.append(piece)
            else:
                await keeping.add(piece)
    if not size:
        return None
    if not reader.complete:
        reader.end()
    kind, noted = mail_facts(scan_head(reader.head), facts.internal_date.timestamp(), DOOR, by)
    if not whole and facts.size > _most(reader.head):
        return Fetched(Kind.EMAIL, noted, (stand_in(reader.head, facts.size, language),), True)
    if not is_small:
        content = await keeping.seal()
    return Fetched(kind, noted, tuple(held), content=content)


def _most(head: bytes) -> int:
    """The size up to which a mail with this header is kept whole."""
    kind, _ = mail_facts(scan_head(head), 0.0, DOOR, "")
    return WHOLE_VOICEMAIL if kind is Kind.VOICEMAIL else WHOLE
