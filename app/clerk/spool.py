"""Recordings that the store cannot take: a file each, synced piece by piece, until it can.

A file is frames (frames.py), so that a crash costs no more than the piece being written:

    {"facts": ..., "owner": ...}    whose recording it is, from whom, since when
    {"seq": 3} and the samples      a piece, S16LE at 8 kHz
    {"end": why, "at": seconds, "pieces": 9}    no piece follows; there were 9, null: not known
    {"end": ..., "takes": [3], "urgent": true}  the caller began anew with piece 3; both may lack

The file may be the rest of a recording whose beginning is in the store: its number is the same. A
folder that cannot be written is passed over for the next one, of which the last lies in memory; so
one recording may lie in several folders. Nothing here knows the store.
"""

import logging
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.clerk import frames
from app.clerk.ended import HowEnded
from app.core import files
from app.core.records import BadRecord, from_json, to_json

log = logging.getLogger(__name__)

SUFFIX = ".voice"
READ_AT_ONCE = 1 << 18
MOST_FILES = 200  # in one folder
RECORDING_LIMIT = 3 * 60 * 16_000  # octets of one recording in one folder: 3 minutes


class SpoolFull(Exception):
    """No folder takes what was to be kept; the text says why."""


@dataclass(frozen=True, slots=True)
class SpoolFolder:
    """A place for files, and how many octets may lie there."""

    path: str
    most: int


@dataclass(frozen=True, slots=True)
class CallFacts:
    """Whose recording it is. What is not known is empty; the store may know it."""

    mailbox: str = ""
    line: str = ""
    number: str | None = None
    name: str | None = None
    started_at: float = 0.0
    """Seconds since 1970 UTC."""
    person: int = 0
    """Id of whose mailbox it was then; 0 if nobody knew."""
    owner: str = ""
    """Their name: another store may have given the id to somebody else."""


_OWNER = ("person", "owner")


@dataclass(slots=True)
class Spooled:
    """What the spool has of one recording."""

    number: int
    facts: CallFacts = CallFacts()
    ended_at: float | None = None
    """Seconds since 1970 UTC; None while it is under way."""
    ended: HowEnded = field(default_factory=HowEnded)
    """What else is known since its end."""
    pieces: dict[int, tuple[Path, int, int]] = field(default_factory=dict)
    """By number of the piece: file, place and octets."""
    files: list[Path] = field(default_factory=list)


class Spool:
    """The files of all folders. One object, one thread."""

    def __init__(self, folders: Iterable[SpoolFolder]) -> None:
        self._folders = tuple(folders)
        self._sizes: dict[Path, int] = {}  # octets of each file that are whole frames
        self._found: dict[int, Spooled] = {}
        for folder in self._folders:
            for path in sorted(_listed(Path(folder.path))):
                self._look_into(path)

    def __contains__(self, number: int) -> bool:
        return number in self._found

    def get(self, number: int) -> Spooled:
        """What there is of this recording, which must be here."""
        return self._found[number]

    def all(self) -> list[Spooled]:
        """All recordings here, oldest first."""
        return sorted(self._found.values(), key=lambda found: found.facts.started_at)

    def begin(self, number: int, facts: CallFacts) -> None:
        """A recording, or the rest of one. Raises SpoolFull."""
        if number not in self._found:
            self._write(number, [(_first(facts), b"")])
            self._found[number].facts = facts

    def add(self, number: int, pieces: Iterable[tuple[int, bytes]]) -> None:
        """Keep pieces of a recording that has begun here; those that are here stay as they are.

        Raises SpoolFull.
        """
        found = self._found[number]
        fresh = [({"seq": seq}, octets) for seq, octets in pieces if seq not in found.pieces]
        if fresh:
            self._write(number, fresh)

    def end(self, number: int, how: HowEnded, at: float) -> None:
        """No piece follows; `at` is seconds since 1970 UTC. Raises SpoolFull."""
        found = self._found[number]
        if found.ended_at is None:
            header: dict[str, Any] = {"end": how.why, "at": at, "pieces": how.pieces}
            if how.takes or how.urgent:
                header |= {"takes": list(how.takes), "urgent": how.urgent}
            self._write(number, [(header, b"")])

    def samples(self, number: int) -> Iterator[tuple[int, bytes]]:
        """The pieces that are here with their numbers, in order. Raises OSError."""
        for seq, (path, place, octets) in sorted(self._found[number].pieces.items()):
            with path.open("rb") as file:
                file.seek(place)
                yield seq, file.read(octets)

    def drop(self, number: int) -> None:
        """Forget a recording: it is in the store. Raises OSError."""
        for path in self._found[number].files:
            path.unlink(missing_ok=True)
            files.sync_folder(path.parent)
            self._sizes.pop(path, None)
        del self._found[number]

    def _write(self, number: int, news: list[tuple[dict[str, Any], bytes]]) -> None:
        """Each file begins with whose recording it is: of several only one may be left."""
        found, problems = self._found.get(number), []
        for folder in self._folders:
            path = Path(folder.path) / f"{number}{SUFFIX}"
            written = news
            if found is not None and path not in self._sizes:
                written = [(_first(found.facts), b""), *news]
            octets = b"".join(frames.encode(header, raw) for header, raw in written)
            try:
                self._check_room(folder, path, len(octets))
                self._append(path, octets)
            except OSError as problem:
                problems.append(f"{folder.path}: {problem}")
                continue
            self._note(number, path, written)
            return
        raise SpoolFull("; ".join(problems) or "there is no spool")

    def _check_room(self, folder: SpoolFolder, path: Path, octets: int) -> None:
        here = [size for file, size in self._sizes.items() if file.parent == path.parent]
        if sum(here) + octets > folder.most or (
            path not in self._sizes and len(here) >= MOST_FILES
        ):
            raise OSError(f"{len(here)} files of {sum(here)} octets are the most")
        if self._sizes.get(path, 0) + octets > RECORDING_LIMIT:
            raise OSError(f"{path.name} has {self._sizes[path]} octets: the most")

    def _append(self, path: Path, octets: bytes) -> None:
        """Add frames behind those that are whole; on the disk when this returns."""
        size = self._sizes.get(path)
        _make(path.parent)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o660)
        try:
            os.ftruncate(fd, size or 0)  # what an earlier try has left half
            place = size or 0
            while octets:
                done = os.pwrite(fd, octets, place)
                place, octets = place + done, octets[done:]
            os.fsync(fd)
        finally:
            os.close(fd)
        if size is None:
            files.sync_folder(path.parent)

    def _note(self, number: int, path: Path, written: list[tuple[dict[str, Any], bytes]]) -> None:
        found = self._found.setdefault(number, Spooled(number))
        if path not in found.files:
            found.files.append(path)
        place = self._sizes.get(path, 0)
        for header, raw in written:
            place += len(frames.encode(header, raw))
            self._understand(found, header, path, place - len(raw), len(raw))
        self._sizes[path] = place

    def _understand(
        self, found: Spooled, header: dict[str, Any], path: Path, place: int, octets: int
    ) -> None:
        if "facts" in header:
            owner = header.get("owner", {"person": 0, "owner": ""})
            found.facts = from_json(CallFacts, header["facts"] | owner, "facts")
        elif "seq" in header:
            found.pieces.setdefault(int(header["seq"]), (path, place, octets))
        else:
            pieces = None if header["pieces"] is None else int(header["pieces"])
            takes = tuple(int(seq) for seq in header.get("takes", ()))
            found.ended_at = float(header["at"])
            found.ended = HowEnded(str(header["end"]), pieces, takes, bool(header.get("urgent")))

    def _look_into(self, path: Path) -> None:
        """Read what an earlier clerk has left; what is no whole frame of ours is cut off."""
        if not path.stem.isdigit():
            return
        decoder, whole = frames.Decoder(), list[tuple[dict[str, Any], bytes]]()
        try:
            with path.open("rb") as file:
                while octets := file.read(READ_AT_ONCE):
                    whole += decoder.feed(octets)
        except (OSError, frames.BadFrame) as problem:
            log.error("%s is only read up to its damage: %s", path, problem)
        try:
            self._note(int(path.stem), path, whole)
        except (BadRecord, KeyError, TypeError, ValueError) as problem:
            log.error("%s is no recording: %r", path, problem)


def _first(facts: CallFacts) -> dict[str, Any]:
    """A file's first header: the owner is apart, so that an older program reads the rest."""
    said = to_json(facts)
    return {"owner": {name: said.pop(name) for name in _OWNER}, "facts": said}


def _make(folder: Path) -> None:
    """Make a folder that nobody else may write into. Raises OSError if somebody else's is there."""
    folder.mkdir(mode=0o770, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (0, os.geteuid()):
        raise OSError(f"{folder} is somebody else's")
    if found.st_mode & stat.S_IWOTH:
        raise OSError(f"everybody may write into {folder}")


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.glob(f"*{SUFFIX}"))
    except OSError as problem:
        log.error("%s cannot be read: %s", folder, problem)
        return []
