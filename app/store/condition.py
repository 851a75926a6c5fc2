"""The condition of the store: well, damaged, read-only or missing, told to all processes.

A damaged store is a state, not an exception: whoever meets damage notes it in a file beside the
store (a damaged store cannot hold the note itself), and all processes go by that file.

    inbox.db.damage         one JSON object a line, added to; there is damage while it is there
    inbox.db.check-wanted   somebody has met an error of the disk: a check is due now

What may still be written is decided here. Unreadable octets of messages do no harm to what is
added elsewhere in the file, so mail and voicemail still come in; nothing is deleted, because the
pages of a broken message would be handed out again. Any other damage stops writing: a commit on
top of it can destroy what is still whole.
"""

import json
import logging
import os
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from app.core.clock import Clock, SystemClock
from app.core.files import sync_folder
from app.core.records import parse_json
from app.store.errors import StoreDamaged, StoreFailed, StoreFull
from app.store.presence import is_there

log = logging.getLogger(__name__)

REMEDY = "`inbox repair` makes a new store of all that can be read"
MOST_NOTES = 50
"""Findings that are kept; a store with more is no less damaged."""
_CORRUPT = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_DISK = frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN})


class State(StrEnum):
    """How the store is."""

    WELL = "well"
    DAMAGED = "damaged"
    READ_ONLY = "read-only"
    MISSING = "missing"


@dataclass(frozen=True)
class Condition:
    """The store's state, and what it means."""

    state: State
    what: tuple[str, ...] = ()
    """What was found, a text each."""
    since: float = 0.0
    """When it was noticed first, in seconds since 1970 UTC; 0 if nothing was."""
    writable: bool = True
    """Whether mail and voicemail may be added."""
    unreadable: frozenset[int] = frozenset()
    """Contents (by number) of which octets cannot be read."""

    @property
    def text(self) -> str:
        """What happened, what it means and what to do, for the owner; "" if all is well."""
        if self.state is State.WELL:
            return ""
        if self.state is State.MISSING:
            return "there is no store of messages yet"
        if self.state is State.READ_ONLY:
            return "the store of messages cannot be written: its disk or file is read-only"
        noticed = datetime.fromtimestamp(self.since, UTC).strftime("%Y-%m-%d %H:%M UTC")
        return (
            f"the store of messages is damaged (noticed {noticed}): {'; '.join(self.what[:3])}."
            f" {self._meaning()} {REMEDY}."
        )

    def _meaning(self) -> str:
        if not self.writable:
            return (
                "Nothing is written to it: mail is refused for the time being, so that senders keep"
                " it and try again."
            )
        count = len(self.unreadable)
        some = f"{count or 'No'} message{'' if count == 1 else 's'}"
        return f"{some} cannot be read; mail and calls are taken as before, nothing is purged."


WELL = Condition(State.WELL)


@dataclass(frozen=True)
class Finding:
    """One thing that a check has found."""

    what: str
    content: int | None = None
    """The content (its number) whose octets cannot be read; None: it is something else."""
    stops_writing: bool = True


@dataclass(frozen=True)
class _Note:
    """One line of the file."""

    at: float
    what: str
    writable: bool
    content: int | None = None


class StoreCondition:
    """The condition of the store at `store`, as all processes know it."""

    def __init__(self, store: Path, clock: Clock | None = None) -> None:
        self._store = store
        self._file = store.with_name(store.name + ".damage")
        self._wanted = store.with_name(store.name + ".check-wanted")
        self._clock: Clock = clock if clock is not None else SystemClock()
        self._unsaved: list[_Note] = []  # what a read-only disk does not take
        self._seen: tuple[int, int, int] | None = None  # the file whose notes are in _condition
        self._condition = WELL

    # ---- asked

    def read(self) -> Condition:
        """The condition now, the disk's included."""
        damage = self.damage()
        if damage.state is not State.WELL:
            return damage
        if not is_there(self._store):
            return Condition(State.MISSING)
        read_only = os.statvfs(self._store.parent).f_flag & os.ST_RDONLY
        if read_only or not os.access(self._store, os.W_OK):
            return Condition(State.READ_ONLY, writable=False)
        return WELL

    def damage(self) -> Condition:
        """The known damage, or WELL; costs one look at a name while there is none."""
        if not self._unsaved and not os.access(self._file, os.F_OK):
            return WELL
        return self._read_notes()

    def require_writable(self) -> None:
        """Raise StoreDamaged while nothing may be written."""
        damage = self.damage()
        if not damage.writable:
            raise StoreDamaged(damage.text)

    @property
    def check_is_wanted(self) -> bool:
        """Whether somebody has met an error since the last check."""
        return self._wanted.exists()

    # ---- told

    def note(self, what: str, content: int | None = None) -> None:
        """Damage was met: in the octets of a content (its number), or elsewhere (None)."""
        known = self.damage()
        if content in known.unreadable or (content is None and not known.writable):
            return
        note = _Note(self._clock.now(), what, content is not None, content)
        log.error("the store of messages is damaged: %s. %s", what, REMEDY)
        self._append(note)
        self.ask_for_check()

    def ask_for_check(self) -> None:
        """Have the store checked soon, because its disk has shown an error."""
        try:
            how = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            os.close(os.open(self._wanted, how, 0o660))
        except OSError as problem:
            log.error("a check of the store cannot be asked for: %s", problem)

    def check_begins(self) -> None:
        """From here on an error asks for another check."""
        self._wanted.unlink(missing_ok=True)

    def found(self, findings: Iterable[Finding]) -> None:
        """The result of a whole check; without findings the store is well again. Raises OSError."""
        at = self.damage().since or self._clock.now()
        notes = [_Note(at, f.what, not f.stops_writing, f.content) for f in findings]
        self._unsaved = []
        if not notes:
            self.clear()
            return
        # In place: were the power cut now, an empty file would still say that there is damage.
        self._write(self._file, notes, os.O_TRUNC)

    def clear(self) -> None:
        """There is no damage any more. Raises OSError."""
        self._unsaved = []
        self._file.unlink(missing_ok=True)
        sync_folder(self._file.parent)

    def error_of(
        self, problem: sqlite3.Error, doing: str, content: int | None = None
    ) -> StoreFailed:
        """The error to raise for one of SQLite's; damage is noted, and a check is asked for.

        `doing` says what failed: "the store could not be read"; `content` is the content (its
        number) whose octets were asked for.
        """
        if primary_code(problem) in _CORRUPT:
            self.note(f"{doing}: {problem}", content)
        elif primary_code(problem) in _DISK and not is_full(problem):
            self.ask_for_check()
        return as_store_error(problem, doing)

    # ---- the file

    def _append(self, note: _Note) -> None:
        try:
            self._write(self._file, [note], os.O_APPEND)
        except OSError as problem:
            self._unsaved.append(note)
            log.error("%s cannot be written, so only this process knows: %s", self._file, problem)

    def _write(self, path: Path, notes: Iterable[_Note], flags: int) -> None:
        lines = [json.dumps(vars(note)) + "\n" for note in notes]
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | flags, 0o660)
        try:
            os.write(fd, "".join(lines).encode())  # one write: lines of two processes do not mix
            os.fsync(fd)
        finally:
            os.close(fd)

    def _read_notes(self) -> Condition:
        try:
            found = self._file.stat()
            seen = (found.st_ino, found.st_size, found.st_mtime_ns)
        except FileNotFoundError:
            return _condition(self._unsaved)
        if seen != self._seen or self._unsaved:
            lines = self._file.read_text(errors="replace").splitlines()
            self._condition = _condition([*map(_parsed, lines), *self._unsaved])
            self._seen = seen
        return self._condition


def primary_code(problem: sqlite3.Error) -> int:
    """SQLite's primary result code, the low octet of an extended one [Result Codes §2]; 0: none."""
    return getattr(problem, "sqlite_errorcode", 0) & 0xFF


def as_store_error(problem: sqlite3.Error, doing: str) -> StoreFailed:
    """StoreDamaged, StoreFull or StoreFailed for SQLite's error; `doing` says what failed."""
    if primary_code(problem) in _CORRUPT:
        return StoreDamaged(f"{doing}: {problem}. {REMEDY}")
    if is_full(problem):  # SQLite's own text may be "disk I/O error"
        return StoreFull(f"{doing}: the disk is full")
    return StoreFailed(f"{doing}: {problem}")


def is_full(problem: sqlite3.Error) -> bool:
    """Whether an error means that the disk has no room: for a page, or for the WAL's index."""
    full = primary_code(problem) == sqlite3.SQLITE_FULL
    return full or getattr(problem, "sqlite_errorcode", 0) == sqlite3.SQLITE_IOERR_SHMSIZE


def is_about_the_file(problem: sqlite3.Error) -> bool:
    """Whether an error is the file's or the disk's, and not the statement's."""
    return primary_code(problem) in _CORRUPT | _DISK or is_full(problem)


def _parsed(line: str) -> _Note:
    """A line of the file; one that is cut off or garbled is damage of which no more is known."""
    try:
        fields: dict[str, Any] = parse_json(line)
        content = fields["content"]
        return _Note(
            float(fields["at"]),
            str(fields["what"]),
            bool(fields["writable"]),
            None if content is None else int(content),
        )
    except (ValueError, KeyError, TypeError):
        return _Note(0.0, "a note of damage that cannot be read", False)


def _condition(notes: list[_Note]) -> Condition:
    if not notes:
        return Condition(State.DAMAGED, ("a note of damage that is empty",), 0.0, False)
    return Condition(
        State.DAMAGED,
        tuple(dict.fromkeys(note.what for note in notes))[:MOST_NOTES],
        min(note.at for note in notes),
        all(note.writable for note in notes),
        frozenset(note.content for note in notes if note.content is not None),
    )
