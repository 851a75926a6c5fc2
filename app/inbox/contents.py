"""Content: the octets of messages, in chunks that are committed as they arrive.

A message on its way in is content without an entry; it becomes visible with the entries that the
last transaction adds, and is swept if that transaction never comes. A chunk is found by one number,
which is the table's rowid [SQLite, CREATE TABLE §5]: place = content << 20 | seq.
"""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from sqlite3 import Connection
from typing import Any, cast

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
AHEAD = 16
"""Beginnings of messages that can be read in one statement."""
_OPENINGS = (
    "SELECT entry.id, prefix, octets FROM entry LEFT JOIN chunk"
    f" ON place = content << {_SEQ_BITS} WHERE entry.id IN ({', '.join('?' * AHEAD)})"
)
_OPENING = "SELECT prefix, (SELECT octets FROM chunk WHERE place = ?) FROM entry WHERE id = ?"
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
        tx.sealed = content, size, chunks, dotted

    def write_small(self, tx: Tx, octets: bytes, dotted: int) -> int:
        """Store a whole message of CHUNK octets at most, sealed; returns its number.

        `dotted` is as in `seal`. Raises ValueError if there are more octets.
        """
        if len(octets) > CHUNK:
            raise ValueError(f"a chunk of {len(octets)} octets; at most {CHUNK} are allowed")
        size, chunks = len(octets), 1 if octets else 0
        cursor = tx.execute(
            "INSERT INTO content (begun_at, size, dotted, chunks) VALUES (?, ?, ?, ?)",
            (self._clock.now(), size, dotted, chunks),
        )
        content = cast(int, cursor.lastrowid)
        if octets:
            tx.execute("INSERT INTO chunk VALUES (?, ?)", (place(content, 0), octets))
            tx.octets += size
        tx.sealed = content, size, chunks, dotted
        return content

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
        if tx.sealed is not None and tx.sealed[0] == content:
            return tx.sealed[1:]
        row = tx.execute(
            "SELECT size, chunks, dotted FROM content WHERE id = ? AND size IS NOT NULL", (content,)
        ).fetchone()
        if row is None:
            raise ContentGone(f"content {content} does not exist or is not complete")
        return cast(tuple[int, int, int], row)

    def chunk(self, content: int, seq: int) -> bytes:
        """Piece `seq` of a message, from 0; the fast path of RETR.

        Raises ContentGone; StoreDamaged or StoreFailed if its pages cannot be read.
        """
        row = self._read(_CHUNK, (content << _SEQ_BITS | seq,), content)
        if row is None:
            raise ContentGone(f"content {content} has no chunk {seq}")
        return cast(bytes, row[0])

    def opening(self, entry: int, content: int) -> tuple[bytes, bytes]:
        """An entry's prefix, and chunk 0 of its content: b"" if that has none.

        One statement, since nearly every RETR needs nothing else. Raises as `chunk`.
        """
        row = self._read(_OPENING, (content << _SEQ_BITS, entry), content)
        if row is None:
            raise ContentGone(f"there is no entry {entry}")
        return row[0], row[1] or b""

    def openings(self, entries: Sequence[int]) -> dict[int, tuple[bytes, bytes]]:
        """What `opening` gives, of up to AHEAD entries in one statement; by entry.

        Without those that are gone; none at all if any of them cannot be read.
        """
        wanted = (*entries, *[entries[-1]] * (AHEAD - len(entries)))
        try:
            rows = self._cursor().execute(_OPENINGS, wanted).fetchall()
        except sqlite3.Error:
            return {}  # `opening` tells which of them it is, and notes that damage alone
        return {entry: (prefix, octets or b"") for entry, prefix, octets in rows}

    def _read(self, statement: str, arguments: tuple[int, ...], content: int) -> Any:
        try:
            return self._cursor().execute(statement, arguments).fetchone()
        except sqlite3.Error as problem:
            doing = f"message content {content} cannot be read"
            raise self._db.condition.error_of(problem, doing, content) from problem

    def _cursor(self) -> sqlite3.Cursor:
        """The thread's own, which notes no damage by itself."""
        try:
            return cast(sqlite3.Cursor, self._local.cursor)
        except AttributeError:
            self._local.cursor = self._db.reader().cursor()
            return cast(sqlite3.Cursor, self._local.cursor)

    def beginning(self, tx: Tx, content: int) -> bytes:
        """The first chunk of a message, of one in this transaction, too; b"" if there is none."""
        row = tx.execute(_CHUNK, (place(content, 0),)).fetchone()
        return b"" if row is None else bytes(row[0])

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

    def drop_unused(self, tx: Tx, contents: Iterable[int]) -> None:
        """Delete those of `contents` that no entry and no queue row needs any more.

        What cannot be read stays: its pages lead to others that are in use.
        """
        broken = self._db.condition.damage().unreadable
        for content in dict.fromkeys(contents):
            if content in broken:
                continue
            used = tx.execute(f"SELECT 1 FROM content WHERE id = ? AND ({_USED})", (content,))
            if used.fetchone() is None:
                self._drop(tx, content)

    def last(self, tx: Connection) -> int:
        """The number of the content that was begun last, of those there are; 0 for none."""
        return int(tx.execute("SELECT coalesce(max(id), 0) FROM content").fetchone()[0])

    def unused(self, after: int, last: int, limit: int = 100) -> list[int]:
        """Content that never got an entry, for `drop_unused`; numbers above `after`, up to `last`.

        The lowest `limit` of them, without those that cannot be read. It looks at all content
        between, but without the write lock. What is above `last` may be a message on its way in.
        """
        broken = json.dumps(list(self._db.condition.damage().unreadable))
        rows = self._db.reader().execute(
            f"SELECT id FROM content WHERE id > ? AND id <= ? AND NOT ({_USED})"
            " AND id NOT IN (SELECT value FROM json_each(?)) ORDER BY id LIMIT ?",
            (after, last, broken, limit),
        )
        return [content for (content,) in rows.fetchall()]

    def _drop(self, tx: Tx, content: int) -> None:
        tx.execute(
            "DELETE FROM chunk WHERE place BETWEEN ? AND ?",
            (place(content, 0), place(content + 1, 0) - 1),
        )
        tx.execute("DELETE FROM content WHERE id = ?", (content,))
        tx.sealed = None


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
