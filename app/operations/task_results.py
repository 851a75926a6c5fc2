"""What tasks give (tasks.py), for whoever shows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Union

from app.core.sentences import Sentence, sentence


@dataclass(frozen=True)
class Told:
    """A sentence as a record has it, so that who reads it can say it in another language."""

    text: str
    values: Mapping[str, Union[str, int, float, "Told"]] = field(default_factory=dict)

    @property
    def sentence(self) -> Sentence:
        """The sentence again."""
        values = {
            name: value.sentence if isinstance(value, Told) else value
            for name, value in self.values.items()
        }
        return sentence(self.text, **values)


def told(text: str) -> Told:
    """Any text, or a Sentence with all that it was made of."""
    if not isinstance(text, Sentence):
        return Told(text)
    return Told(text.text, {name: _kept(value) for name, value in text.values.items()})


def _kept(value: object) -> str | int | float | Told:
    if isinstance(value, Sentence):
        return told(value)
    return value if isinstance(value, str | int | float) else str(value)


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
    """What a command has printed, and whether it has found nothing wrong."""

    lines: tuple[str, ...]
    well: bool


@dataclass(frozen=True)
class Record:
    """A DNS record of the signing key."""

    name: str
    text: str
    zone_line: str
