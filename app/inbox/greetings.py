"""Greetings as files: each person's and the company's, by day and at night.

    greetings/<person>/unavailable.wav    what callers hear of a mailbox
    greetings/<person>/night.wav          the same while it is night
    greetings/0/...                       the company's, for callers from outside
    greetings/night                       there while it is night

They lie beside the store and not in it: callers are greeted also while it cannot be used.
"""

from enum import StrEnum
from pathlib import Path

from app.core import files

COMPANY = 0
"""In place of a person's id: nobody's in particular."""
COMPANYS = "company/"
"""What the names of its greetings begin with, among a mailbox's."""
FILE_MODE = 0o660
"""Root and the services write them [app/device/permissions.py]."""
FOLDER_MODE = 0o770


class GreetingKind(StrEnum):
    """When a greeting is played."""

    DAY = "unavailable"
    """Whenever no other one is."""
    NIGHT = "night"
    """From when somebody says that it is night until somebody says that it is not."""


class Greetings:
    """The greetings in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, person: int, kind: GreetingKind) -> Path:
        """Where a greeting is, or would be."""
        return self._folder / str(person) / f"{kind.value}.wav"

    def recorded(self, person: int) -> tuple[GreetingKind, ...]:
        """Which greetings a person has, or the company."""
        return tuple(kind for kind in GreetingKind if self.path(person, kind).is_file())

    def read(self, person: int, kind: GreetingKind) -> bytes | None:
        """A greeting as a WAVE file; None if there is none."""
        try:
            return self.path(person, kind).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, person: int, kind: GreetingKind, wave: bytes) -> None:
        """Make or replace a greeting. Raises OSError, and what was there stays."""
        path = self.path(person, kind)
        path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        files.write(path, wave, FILE_MODE)

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

    def playable(self, person: int) -> tuple[str, ...]:
        """A mailbox's greetings that hold now, best first: kinds, the company's as `company/…`.

        At night one for the night goes before one for the day, whoever's it is; of the same kind
        the person's own goes before the company's.
        """
        kinds = (GreetingKind.NIGHT, GreetingKind.DAY) if self.night else (GreetingKind.DAY,)
        whose = dict.fromkeys((person, COMPANY))
        return tuple(
            f"{COMPANYS}{kind.value}" if one == COMPANY else kind.value
            for kind in kinds
            for one in whose
            if self.path(one, kind).is_file()
        )
