"""Content: the octets of messages, in chunks that are committed as they arrive.

A message on its way in is content without an entry; it becomes visible with the entries that the
last transaction adds, and is swept if that transaction never comes. A chunk is found by one number,
which is the table's rowid [SQLite, CREATE TABLE §5]: place = content << 20 | seq.
"""

import threading
from collections.abc import Iterable, Iterator
from typing import cast

from app.core.clock import Clock
from app.inbox.errors import ContentGone
from app.message.dot_stuffing import DotCounter
from app.store.database import Database, Tx

CHUNK = 262_144
"""Octets in a chunk at most. Larger ones cost memory and lock time, smaller ones rows."""

_SEQ_BITS = 20  # 2^20 chunks of 256 kB: 256 GB in one message
UNSEALED_FOR_S = 86_400.0
"""A message still on its way in after a day is not coming any more."""

_CHUNK = "SELECT octets FROM chunk WHERE place = ?"
_USED = (
    "EXISTS (SELECT 1 FROM entry WHERE entry.content = content.id)"
    " OR EXISTS (SELECT 1 FROM queue WHERE queue.content = content.id)"
)


def place(owner: int, seq: int) -> int:
    """The rowid of the chunk `seq`, from 0, of a content (or of the samples of a recording)."""
    return owner << _SEQ_BITS | seq


class Contents:
    """The part of the store that keeps the octets of messages."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._local = threading.local()

    def begin(self, tx: Tx) -> int:
        """Start a message on its way in; returns the content's number."""
        cursor = tx.execute("INSERT INTO content (begun_at) VALUES (?)", (self._clock.now(),))
        return cast(int, cursor.lastrowid)

    def add_chunk(self, tx: Tx, content: int, seq: int, octets: bytes) -> None:
        """Store piece `seq` (from 0, without gaps) of a message on its way in.

        Raises ValueError if there are more than CHUNK octets, ContentGone if the content was swept
        or is sealed.
        """
        if len(octets) > CHUNK:
            raise ValueError(f"a chunk of {len(octets)} octets; at most {CHUNK} are allowed")
        done = tx.execute(
            "INSERT INTO chunk SELECT ?, ? FROM content WHERE id = ? AND size IS NULL",
            (place(content, seq), octets, content),
        )
        if done.rowcount != 1:
            raise ContentGone(f"content {content} is not on its way in")
        tx.octets += len(octets)

    def seal(self, tx: Tx, content: int, size: int, dotted: int) -> None:
        """End a message: its exact `size` in octets, CRLF line ends included.

        `dotted` is how many of its lines begin with a dot; POP3 sends one octet more for each
        [RFC 1939 §3]. Raises ContentGone if it was swept meanwhile, ValueError if `size` is not
        what is stored.
        """
        done = tx.execute(
            "UPDATE content SET size = ?, dotted = ? WHERE id = ? AND size IS NULL",
            (size, dotted, content),
        )
        if done.rowcount != 1:
            raise ContentGone(f"content {content} is not on its way in")
        chunks, stored, last = tx.execute(
            "SELECT count(*), coalesce(sum(length(octets)), 0), coalesce(max(place), 0) FROM chunk"
            " WHERE place BETWEEN ? AND ?",
            (place(content, 0), place(content + 1, 0) - 1),
        ).fetchone()
        if stored != size or (chunks and last != place(content, chunks - 1)):
            raise ValueError(f"content {content}: {stored} octets in {chunks} chunks, not {size}")
        tx.execute("UPDATE content SET chunks = ? WHERE id = ?", (chunks, content))

    def write(self, tx: Tx, pieces: Iterable[bytes]) -> int:
        """Store a whole message from pieces of any length; returns the sealed content's number."""
        content = self.begin(tx)
        dots, size, seq = DotCounter(), 0, 0
        for octets in rechunk(pieces):
            self.add_chunk(tx, content, seq, octets)
            dots.feed(octets)
            size, seq = size + len(octets), seq + 1
        self.seal(tx, content, size, dots.count)
        return content

    def sealed(self, tx: Tx, content: int) -> tuple[int, int, int]:
        """(size in octets, number of chunks, dotted lines) of a sealed content.

        Raises ContentGone if there is none, or if it is not sealed.
        """
        row = tx.execute(
            "SELECT size, chunks, dotted FROM content WHERE id = ? AND size IS NOT NULL", (content,)
        ).fetchone()
        if row is None:
            raise ContentGone(f"content {content} does not exist or is not complete")
        return cast(tuple[int, int, int], row)

    def chunk(self, content: int, seq: int) -> bytes:
        """Piece `seq` of a message, from 0; the fast path of RETR. Raises ContentGone."""
        try:
            cursor = self._local.cursor
        except AttributeError:
            cursor = self._local.cursor = self._db.reader().cursor()
        row = cursor.execute(_CHUNK, (content << _SEQ_BITS | seq,)).fetchone()
        if row is None:
            raise ContentGone(f"content {content} has no chunk {seq}")
        return cast(bytes, row[0])

    def octets(self, content: int, prefix: bytes = b"") -> Iterator[bytes]:
        """A message in pieces: a prefix if there is one, then the chunks. One read a piece.

        Raises ContentGone, at the first piece, if there is no such sealed content.
        """
        row = self._db.reader().execute(
            "SELECT chunks FROM content WHERE id = ? AND size IS NOT NULL", (content,)
        )
        found = row.fetchone()
        if found is None:
            raise ContentGone(f"content {content} does not exist or is not complete")
        if prefix:
            yield prefix
        for seq in range(found[0]):
            yield self.chunk(content, seq)

    def drop_unused(self, tx: Tx, contents: Iterable[int]) -> int:
        """Delete those of `contents` that no entry and no queue row needs any more."""
        gone = 0
        for content in dict.fromkeys(contents):
            used = tx.execute(f"SELECT 1 FROM content WHERE id = ? AND ({_USED})", (content,))
            if used.fetchone() is None:
                self._drop(tx, content)
                gone += 1
        return gone

    def sweep(self, tx: Tx, begun_before: float | None = None, limit: int = 100) -> int:
        """Delete content that never got an entry; returns how many.

        It takes about `limit` pieces of content at a time: call it again until it returns 0.
        `begun_before` (seconds since 1970 UTC) protects messages on their way in: it defaults to a
        day ago. The mail service passes the present moment when it starts, because only its own
        are ever visible half-way.
        """
        before = self._clock.now() - UNSEALED_FOR_S if begun_before is None else begun_before
        rows = tx.execute(
            f"SELECT id FROM content WHERE begun_at < ? AND NOT ({_USED}) LIMIT ?", (before, limit)
        ).fetchall()
        for (content,) in rows:
            self._drop(tx, content)
        return len(rows)

    def _drop(self, tx: Tx, content: int) -> None:
        tx.execute(
            "DELETE FROM chunk WHERE place BETWEEN ? AND ?",
            (place(content, 0), place(content + 1, 0) - 1),
        )
        tx.execute("DELETE FROM content WHERE id = ?", (content,))


def rechunk(pieces: Iterable[bytes], size: int = CHUNK) -> Iterator[bytes]:
    """The same octets in pieces of `size`, the last one shorter; nothing for no octets."""
    held = bytearray()
    for piece in pieces:
        held += piece
        while len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
    if held:
        yield bytes(held)
