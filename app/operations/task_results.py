"""What tasks give (tasks.py), for whoever shows it."""

from dataclasses import dataclass

from app.core.told import Told


@dataclass(frozen=True)
class SettingsOutcome:
    """What a change of settings did."""

    changed: tuple[tuple[str, str, str], ...]
    """Name, and what it was and is, as shown."""
    restarted: tuple[str, ...]
    pending: tuple[tuple[Told, Told], ...]
    """What has not taken it up yet, and why."""
    problems: tuple[Told, ...]
    """What has become wrong by it elsewhere."""


@dataclass(frozen=True)
class Restarted:
    """What was started again, and what was not, with the reason."""

    done: tuple[str, ...]
    pending: tuple[tuple[Told, Told], ...]


@dataclass(frozen=True)
class Said:
    """What was told line by line, and whether nothing wrong was found."""

    lines: tuple[Told, ...]
    well: bool


@dataclass(frozen=True)
class Record:
    """A DNS record of the signing key."""

    name: str
    text: str
    zone_line: str
