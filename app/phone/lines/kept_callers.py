"""Callers of lines that ring, kept over a restart of the phone service.

Caller ID comes once, between the first two bursts. A phone service that is killed after it finds
the office still ringing, and would take a message from nobody. So the caller lies in shared memory
(a file on a tmpfs, mapped) for as long as the line rings: writing there waits for no disk, which
the beat must not, and it outlives the process, but not the machine.

    slot of a line, 256 octets:   length (1)   JSON: line, number, name, reason, at
"""

import json
import logging
import mmap
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, cast

from app.core.records import parse_json
from app.phone.calls.caller import Caller, Reason

SLOT = 256
LONGEST_TEXT = 60
"""Characters of number and of name that are kept; caller ID has no more than 50 [GR-31]."""
VALID_S = 60.0
"""A caller who was last heard to ring longer ago has given up."""

log = logging.getLogger(__name__)


class CallerMemory(Protocol):
    """Where callers are kept while their lines ring."""

    def keep(self, line: str, caller: Caller) -> None:
        """This caller rings on this line now."""
        ...

    def take(self, line: str) -> Caller | None:
        """Who rang on this line a moment ago and was not dropped; whoever it was is dropped."""
        ...

    def drop(self, line: str) -> None:
        """Nobody rings on this line any more."""
        ...


class NoMemory:
    """Keeps nothing."""

    def keep(self, line: str, caller: Caller) -> None:
        """See CallerMemory."""

    def take(self, line: str) -> Caller | None:
        """See CallerMemory."""
        return None

    def drop(self, line: str) -> None:
        """See CallerMemory."""


class KeptCallers:
    """CallerMemory in a file that is mapped; `now` is a monotonic clock of the machine, in s."""

    def __init__(self, path: Path, lines: Sequence[str], now: Callable[[], float]) -> None:
        """`path` lies on a tmpfs. Raises OSError if the file cannot be made or is another's."""
        self._place = {line: SLOT * number for number, line in enumerate(lines)}
        self._now = now
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        file = os.open(path, flags, 0o600)
        try:
            if os.fstat(file).st_uid != os.geteuid():
                raise PermissionError(f"{path} belongs to somebody else")
            size = max(mmap.PAGESIZE, SLOT * len(self._place))
            os.ftruncate(file, size)
            self._map = mmap.mmap(file, size)
        finally:
            os.close(file)

    def keep(self, line: str, caller: Caller) -> None:
        """See CallerMemory."""
        number, name = (caller.number or "")[:LONGEST_TEXT], (caller.name or "")[:LONGEST_TEXT]
        row = [line, number, name, caller.reason, round(self._now(), 1)]
        octets = json.dumps(row, ensure_ascii=False).encode("utf-8", "replace")
        self.drop(line)
        if line in self._place and len(octets) < SLOT:
            at = self._place[line]
            self._map[at + 1 : at + 1 + len(octets)] = octets
            self._map[at] = len(octets)  # last: a slot that is half written has no length

    def take(self, line: str) -> Caller | None:
        """See CallerMemory."""
        at = self._place.get(line, 0)
        octets = self._map[at + 1 : at + 1 + self._map[at]]
        self.drop(line)
        try:
            kept, number, name, reason, seen = parse_json(octets)
            fresh = kept == line and 0 <= self._now() - float(seen) <= VALID_S
        except (ValueError, TypeError):  # nothing is kept, or what is there is not ours
            return None
        return Caller(number or None, name or None, cast(Reason | None, reason)) if fresh else None

    def drop(self, line: str) -> None:
        """See CallerMemory."""
        if line in self._place:
            self._map[self._place[line]] = 0


def kept_callers(path: Path, lines: Sequence[str], now: Callable[[], float]) -> CallerMemory:
    """KeptCallers, or NoMemory where there is no tmpfs to write to."""
    try:
        return KeptCallers(path, lines, now)
    except OSError as problem:
        log.warning("callers are not kept over a restart: %s", problem)
        return NoMemory()
