"""Full-text search in inboxes: an index beside the store, made by SQLite's FTS5 [sqlite.org/fts5].

The index says nothing that the store does not, so it is a file of its own: no delivery waits for
it, no backup carries it, and one that is damaged, or belongs to another store, is made anew. It
follows the store's change log, in slices (`catch_up`); an old store is gone through from its first
entry.

    word    the list of entries of each word; the row's number is person << 32 | entry, so a search
            reads a person's own part of a list, the newest first
    said    the words of each entry, compressed: FTS5 asks for them to take an entry out again
    followed  up to where the index has followed the store
"""

import json
import logging
import re
import sqlite3
import threading
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

from app.inbox.contents import CHUNK
from app.inbox.entries import ENTRY_COLUMNS, Entry, EntryState, entry_of
from app.inbox.errors import ContentGone
from app.inbox.store import Store
from app.inbox.transcripts import TRANSCRIBED
from app.store.database import Database
from app.store.errors import StoreDamaged, StoreFailed

log = logging.getLogger(__name__)

T = TypeVar("T")

TEXT_LIMIT = 8_192
"""Characters of a message's text that can be found."""
READ_LIMIT = 8 * CHUNK
"""Octets of a message among which they are looked for."""
SLICE = 50
"""Entries that are looked at in one transaction."""
WORDS_LIMIT = 10
"""Words of a question that are looked for."""
BEGINNING = 3
"""Characters from which on a word stands for all that begin with it."""
BUSY_S = 5.0

_VERSION = 1
"""Of the tables, and of what is put in: another one begins anew."""
_TABLES = (
    """CREATE TABLE followed (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL,
        change TEXT NOT NULL, scanned INTEGER, scan_end INTEGER NOT NULL)""",
    """CREATE TABLE said (entry INTEGER PRIMARY KEY, person INTEGER NOT NULL,
        words BLOB NOT NULL)""",
    """CREATE VIRTUAL TABLE word USING fts5 (said, content = '', columnsize = 0, detail = none,
        tokenize = ascii)""",
)
_SINGLE = "\u2e80-\u30ff\u31f0-\u9fff\uf900-\ufaff"  # Han and kana, which no blanks part
_WORD = re.compile(rf"[{_SINGLE}]|(?:(?![{_SINGLE}])[^\W_])+")


def words_in(text: str) -> list[str]:
    """The words of a text, without case and accents, in their order; of Han and kana each sign."""
    parts = unicodedata.normalize("NFKD", text).casefold()
    return _WORD.findall("".join(c for c in parts if not unicodedata.combining(c)))


def _match(question: str) -> str:
    """What FTS5 is asked for a question: all its words; "" if it has none."""
    words = list(dict.fromkeys(words_in(question)))[:WORDS_LIMIT]
    return " ".join(f'"{word}"' + "*" * (len(word) >= BEGINNING) for word in words)


class SearchIndex:
    """The index of one store; one object for a process, usable from any thread."""

    def __init__(self, db: Database, store: Store) -> None:
        self._db, self._store = db, store
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    @property
    def path(self) -> Path:
        """The index's file."""
        return self._db.path.with_name("search.db")

    def catch_up(self) -> bool:
        """Follow the store for one slice; whether there is more to follow.

        Raises StoreFailed if the store cannot be read. What is wrong with the index itself is
        mended by making it anew.
        """
        return self._do(self._follow)

    def find(
        self,
        person_id: int,
        question: str,
        states: Iterable[EntryState],
        limit: int,
        before: int | None = None,
    ) -> list[Entry]:
        """A person's newest `limit` entries in these states that have all words of a question.

        A word of BEGINNING characters or more stands for all that begin with it; case and accents
        do not count. Sender, subject, caller and text are looked through. `before`: of entries with
        smaller numbers only. A question without words finds nothing.
        """
        asked, kept = _match(question), frozenset(states)
        found: list[Entry] = []
        end = before if before is not None else 1 << 32
        while asked and len(found) < limit:
            numbers = self._numbers(asked, person_id, end, 2 * limit)
            if not numbers:
                break
            entries = self._entries(person_id, numbers)
            found += [entry for entry in entries if entry.state in kept]
            end = numbers[-1]
        return found[:limit]

    def progress(self) -> float:
        """How much of an old store is in the index, from 0 to 1; 1 when it has caught up."""
        row = self._do(lambda it: it.execute("SELECT scanned, scan_end FROM followed").fetchone())
        if row is None:
            return 0.0
        scanned, end = row
        return 1.0 if scanned is None else min(1.0, scanned / max(1, end))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _numbers(self, asked: str, person: int, end: int, limit: int) -> list[int]:
        """Entries of a person that match, with numbers below `end`, the highest first."""
        rows = self._do(
            lambda index: index.execute(
                "SELECT rowid FROM word WHERE word MATCH ? AND rowid BETWEEN ? AND ?"
                " ORDER BY rowid DESC LIMIT ?",
                (asked, person << 32, (person << 32) + end - 1, limit),
            ).fetchall()
        )
        return [number & 0xFFFF_FFFF for (number,) in rows]

    def _entries(self, person: int, numbers: Sequence[int]) -> list[Entry]:
        """Those of these entries that are there and the person's, the newest first."""
        rows = self._db.reader().execute(
            f"SELECT {ENTRY_COLUMNS} FROM entry WHERE id IN (SELECT value FROM json_each(?))"
            " AND +person = ?",
            (json.dumps(numbers), person),
        )
        return sorted(map(entry_of, rows.fetchall()), key=lambda entry: entry.id, reverse=True)

    # ---- following the store

    def _follow(self, connection: sqlite3.Connection) -> bool:
        if not self._fits(connection):
            self._begin_anew(connection)
        seq, scanned, end = connection.execute(
            "SELECT seq, scanned, scan_end FROM followed"
        ).fetchone()
        changes = self._store.changes(seq, SLICE)
        told = {c.entry for c in changes if c.entry is not None and c.verb == TRANSCRIBED}
        for number in told:
            self._forget(connection, number)
        self._look(connection, {change.entry for change in changes if change.entry is not None})
        if changes:
            at = changes[-1].seq
            mark = self._mark(at)
            connection.execute("UPDATE followed SET seq = ?, change = ?", (at, mark))
        more = len(changes) == SLICE
        if not more and scanned is not None:
            numbers = self._numbers_after(scanned, end)
            self._look(connection, numbers)
            to = numbers[-1] if len(numbers) == SLICE else None
            connection.execute("UPDATE followed SET scanned = ?", (to,))
            more = to is not None
        return more

    def _fits(self, connection: sqlite3.Connection) -> bool:
        """Whether the index has followed this very store, and none of its changes is forgotten.

        A store that was restored from a backup has other changes under the same numbers.
        """
        row = connection.execute("SELECT seq, change FROM followed").fetchone()
        if row is None:
            return False
        seq, change = int(row[0]), str(row[1])
        return self._mark(seq) == change or self._number("SELECT min(seq) FROM change") == seq + 1

    def _begin_anew(self, connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM said")
        connection.execute("INSERT INTO word (word) VALUES ('delete-all')")
        last = self._store.last_change()
        connection.execute(
            "INSERT OR REPLACE INTO followed VALUES (1, ?, ?, 0, ?)",
            (last, self._mark(last), self._number("SELECT max(id) FROM entry")),
        )

    def _mark(self, seq: int) -> str:
        """What change has this number; "" if it is forgotten, or there was none."""
        row = self._db.reader().execute("SELECT at, entry FROM change WHERE seq = ?", (seq,))
        found = row.fetchone()
        return "" if found is None else f"{found[0]} {found[1]}"

    def _number(self, select: str) -> int:
        return int(self._db.reader().execute(select).fetchone()[0] or 0)

    def _numbers_after(self, after: int, end: int) -> list[int]:
        rows = self._db.reader().execute(
            "SELECT id FROM entry WHERE id > ? AND id <= ? ORDER BY id LIMIT ?", (after, end, SLICE)
        )
        return [number for (number,) in rows.fetchall()]

    def _look(self, connection: sqlite3.Connection, numbers: Iterable[int]) -> None:
        """Bring these entries up to date: put in, take out, or move to another person."""
        for number in numbers:
            entry = self._store.entry(number)
            had = connection.execute(
                "SELECT person FROM said WHERE entry = ?", (number,)
            ).fetchone()
            if had is not None and (entry is None or entry.person != had[0]):
                self._forget(connection, number)
                had = None
            if had is None and entry is not None:
                self._put_in(connection, entry)

    def _forget(self, connection: sqlite3.Connection, entry: int) -> None:
        """Take an entry out, as it was put in; one that is not in is left."""
        had = connection.execute(
            "SELECT person, words FROM said WHERE entry = ?", (entry,)
        ).fetchone()
        if had is None:
            return
        person, words = had
        connection.execute(
            "INSERT INTO word (word, rowid, said) VALUES ('delete', ?, ?)",
            (person << 32 | entry, zlib.decompress(words).decode()),
        )
        connection.execute("DELETE FROM said WHERE entry = ?", (entry,))

    def _put_in(self, connection: sqlite3.Connection, entry: Entry) -> None:
        words = self._words(entry)
        connection.execute(
            "INSERT INTO word (rowid, said) VALUES (?, ?)", (entry.person << 32 | entry.id, words)
        )
        connection.execute(
            "INSERT INTO said VALUES (?, ?, ?)",
            (entry.id, entry.person, zlib.compress(words.encode())),
        )

    def _words(self, entry: Entry) -> str:
        """What an entry can be found by, each word once: how often it is said does not matter."""
        from app.message.reading import words_of  # most who open a store read no message

        try:
            pieces = islice(self._store.octets(entry), READ_LIMIT // CHUNK + 1)
            text = words_of(pieces, TEXT_LIMIT)
        except (ContentGone, StoreDamaged) as problem:
            log.warning("the text of entry %d is not in the index: %s", entry.id, problem)
            text = ""
        spoken = self._store.transcripts.get(entry.content)
        known = (
            *(entry.sender, entry.subject, entry.caller_name, entry.caller_number, text),
            *(() if spoken is None else (spoken.said, spoken.number)),
        )
        said = " ".join(filter(None, known)).encode("utf-8", "replace").decode()
        return " ".join(dict.fromkeys(words_in(said)))

    # ---- the file

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do a piece of work in one transaction; a broken index is made anew, empty, before it.

        Raises StoreFailed if its file cannot be used.
        """
        with self._lock:
            try:
                return self._in_transaction(work)
            except sqlite3.OperationalError as problem:  # busy, no room
                raise StoreFailed(f"{self.path} cannot be used: {problem}") from problem
            except sqlite3.DatabaseError as problem:
                log.error("%s is made anew: %s", self.path, problem)
                self._throw_away()
                return self._in_transaction(work)

    def _in_transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._connection is None:
            self._connection = self._open()
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            done = work(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return done

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, BUSY_S, isolation_level=None, check_same_thread=False
        )
        try:
            for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "cache_size = -1000"):
                connection.execute(f"PRAGMA {pragma}").fetchall()
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version not in (0, _VERSION):
                raise sqlite3.DatabaseError(f"its version is {version}, not {_VERSION}")
            if not version:
                self._make(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _make(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        if connection.execute("PRAGMA user_version").fetchone() == (0,):  # nobody was faster
            for statement in _TABLES:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {_VERSION}")
        connection.execute("COMMIT")

    def _throw_away(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        for ending in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + ending).unlink(missing_ok=True)
