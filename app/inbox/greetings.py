"""Greetings as files: each person's and the company's, and which of them is played when.

    greetings/<person>/unavailable.wav           what callers hear of a mailbox
    greetings/<person>/night.wav                 the same while it is night
    greetings/<person>/<kind>.wav                the others, see GreetingKind
    greetings/<person>/temporary-20261224.wav    played up to and on that day, before all others
    greetings/0/...                              the company's, for callers from outside
    greetings/night                              there while it is night

They lie beside the store and not in it: callers are greeted also while it cannot be used.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

from app.core import files
from app.core.presence import Presence

COMPANY = 0
"""In place of a person's id: nobody's in particular."""
COMPANYS = "company/"
"""What the names of its greetings begin with, among a mailbox's."""
LONGEST_S = 60
"""Seconds of a greeting; callers hang up before its end as it is."""
FILE_MODE = 0o660
"""Root and the services write them [app/device/permissions.py]."""
FOLDER_MODE = 0o770


class GreetingKind(StrEnum):
    """When a greeting is played; PLAYED says which goes before which."""

    DAY = "unavailable"
    """Whenever no other one is."""
    NIGHT = "night"
    """From when somebody says that it is night until somebody says that it is not."""
    BUSY = "busy"
    """To who calls while the person is on the telephone."""
    TEMPORARY = "temporary"
    """Until a day that was said with it, or until it is removed."""
    OUT = "out"
    """While the person's presence says so, as the next three."""
    MEETING = "meeting"
    AWAY = "away"
    DO_NOT_DISTURB = "dnd"
    NAME = "name"
    """No greeting but the name as its owner says it: part of the greeting that is put together."""


OF_THE_COMPANY = (
    GreetingKind.DAY, GreetingKind.NIGHT, GreetingKind.BUSY, GreetingKind.TEMPORARY
)  # fmt: skip
"""What the company may have: it has no presence, and its name is in its greetings."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What decides which greeting is played."""

    busy: bool = False
    """The person is on the telephone."""
    presence: Presence = Presence.IN
    """What the person has said of themselves."""
    night: bool = False
    """Somebody has said that it is night."""


PLAYED: tuple[tuple[GreetingKind, Callable[[Situation], bool]], ...] = (
    (GreetingKind.TEMPORARY, lambda now: True),  # where it has not ended
    (GreetingKind.OUT, lambda now: now.presence is Presence.OUT),
    (GreetingKind.MEETING, lambda now: now.presence is Presence.MEETING),
    (GreetingKind.AWAY, lambda now: now.presence is Presence.AWAY),
    (GreetingKind.DO_NOT_DISTURB, lambda now: now.presence is Presence.DND),
    (GreetingKind.NIGHT, lambda now: now.night),
    (GreetingKind.BUSY, lambda now: now.busy),
    (GreetingKind.DAY, lambda now: True),
)
"""Which greeting is played when: the first that is recorded and whose condition holds. Of one kind
the person's own goes before the company's."""


@dataclass(frozen=True, slots=True)
class RecordedGreeting:
    """One greeting that is there."""

    kind: GreetingKind
    octets: int
    """Size of its WAVE file."""
    until: date | None = None
    """Last day on which it is played; None: until it is removed."""


class Greetings:
    """The greetings in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, person: int, kind: GreetingKind) -> Path:
        """Where a greeting is, or would be."""
        plain = self._folder / str(person) / f"{kind.value}.wav"
        if kind is not GreetingKind.TEMPORARY:
            return plain
        return max(plain.parent.glob(f"{kind.value}-*.wav"), default=plain)

    def until(self, person: int) -> date | None:
        """The last day of the temporary greeting; None: it has none, or there is no such."""
        return _until(self.path(person, GreetingKind.TEMPORARY))

    def recorded(self, person: int) -> tuple[GreetingKind, ...]:
        """Which greetings a person has, or the company."""
        return tuple(kind for kind in GreetingKind if self.path(person, kind).is_file())

    def described(self, person: int) -> tuple[RecordedGreeting, ...]:
        """The same with their size and end. Raises OSError."""
        found = ((kind, self.path(person, kind)) for kind in self.recorded(person))
        return tuple(RecordedGreeting(k, path.stat().st_size, _until(path)) for k, path in found)

    def read(self, person: int, kind: GreetingKind) -> bytes | None:
        """A greeting as a WAVE file; None if there is none."""
        try:
            return self.path(person, kind).read_bytes()
        except FileNotFoundError:
            return None

    def write(
        self, person: int, kind: GreetingKind, wave: bytes, until: date | None = None
    ) -> None:
        """Make or replace a greeting; `until` is the last day of a temporary one.

        Raises OSError, and what was there stays.
        """
        old = self.path(person, kind)
        ends = until is not None and kind is GreetingKind.TEMPORARY
        path = old.with_name(f"{kind.value}-{until:%Y%m%d}.wav" if ends else f"{kind.value}.wav")
        path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        files.write(path, wave, FILE_MODE)
        if old != path:
            old.unlink(missing_ok=True)

    def remove(self, person: int, kind: GreetingKind) -> bool:
        """Remove a greeting; whether there was one. Raises OSError."""
        path = self.path(person, kind)
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        files.sync_folder(path.parent)
        return True

    @property
    def night(self) -> bool:
        """Whether it is night."""
        return self._night.exists()

    def set_night(self, night: bool) -> bool:
        """Say that it is night, or that it is not; whether that changes anything. Raises OSError.

        It outlives a restart: whoever has said so in the evening means until the morning.
        """
        if night == self.night:
            return False
        if night:
            files.write(self._night, b"", FILE_MODE)
        else:
            self._night.unlink(missing_ok=True)
            files.sync_folder(self._folder)
        return True

    @property
    def _night(self) -> Path:
        return self._folder / "night"

    def playable(self, person: int, now: Situation, today: date | None) -> tuple[str, ...]:
        """A mailbox's greetings that hold now, best first: kinds, the company's as `company/…`.

        See PLAYED. A temporary one is over after its last day; `today` None: nobody knows the day,
        and it holds.
        """
        return tuple(
            f"{COMPANYS}{kind.value}" if one == COMPANY else kind.value
            for kind, holds in PLAYED
            if holds(now)
            for one in dict.fromkeys((person, COMPANY))
            if _holds(self.path(one, kind), today)
        )


def _until(path: Path) -> date | None:
    ends = re.fullmatch(r"[a-z]+-(\d{8})", path.stem)
    try:
        return datetime.strptime(ends[1], "%Y%m%d").date() if ends else None
    except ValueError:  # put there by hand; a greeting that is played for ever is seen soon
        return None


def _holds(path: Path, today: date | None) -> bool:
    until = _until(path)
    return path.is_file() and (until is None or today is None or today <= until)
