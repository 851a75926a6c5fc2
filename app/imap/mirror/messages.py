"""Messages as they go to the server, and as they are kept of what it has."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import cast

from app.imap.net.api import Facts
from app.inbox.entries import Entry, Kind
from app.inbox.mail_facts import mail_facts
from app.inbox.mirror_inward import DOOR, Fetched
from app.inbox.store import Store
from app.message.headers import HeadReader, scan_head
from app.message.large_mail import stand_in

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


async def fetched(
    pieces: AsyncIterator[bytes], facts: Facts, by: str, language: str
) -> Fetched | None:
    """What there is to be kept of a mail; None: it is gone.

    Of a large mail no more is fetched than the pieces that have its header. `by` is whose it is,
    `language` what is said in instead of the rest.
    """
    reader, held, size = HeadReader(), list[bytes](), 0
    async with aclosing(cast("AsyncGenerator[bytes, None]", pieces)) as stream:
        async for piece in stream:
            held.append(piece)
            size += len(piece)
            if not reader.complete:
                reader.feed(piece)
            if reader.complete and facts.size > _most(reader.head):
                break
    if not held:
        return None
    if not reader.complete:
        reader.end()
    kind, noted = mail_facts(scan_head(reader.head), facts.internal_date.timestamp(), DOOR, by)
    if facts.size > _most(reader.head):
        return Fetched(Kind.EMAIL, noted, (stand_in(reader.head, facts.size, language),), True)
    return Fetched(kind, noted, tuple(held))


def _most(head: bytes) -> int:
    """The size up to which a mail with this header is kept whole."""
    kind, _ = mail_facts(scan_head(head), 0.0, DOOR, "")
    return WHOLE_VOICEMAIL if kind is Kind.VOICEMAIL else WHOLE
