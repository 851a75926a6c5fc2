"""What tasks give (tasks.py), for whoever shows it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SettingsOutcome:
    """What a change of settings did."""

    changed: tuple[tuple[str, str, str], ...]
    """Name, and what it was and is, as shown."""
    restarted: tuple[str, ...]
    pending: tuple[tuple[str, str], ...]
    """What has not taken it up yet, and why."""
    problems: tuple[str, ...]
    """What has become wrong by it elsewhere."""


@dataclass(frozen=True)
class Restarted:
    """What was started again, and what was not, with the reason."""

    done: tuple[str, ...]
    pending: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Said:
    """What a command has printed, and whether it has found nothing wrong."""

    lines: tuple[str, ...]
    well: bool


@dataclass(frozen=True)
class Record:
    """A DNS record of the signing key."""

    name: str
    text: str
    zone_line: str
