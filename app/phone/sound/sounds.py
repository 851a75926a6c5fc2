"""What a line can play, by name; those that the clerk has are declared in app/phone/jobs.py."""

from dataclasses import dataclass, field
from typing import Literal

from app.phone.jobs import (
    ClerkSound,
    Draft,
    Greeting,
    HoldMusic,
    MessageAudio,
    Prompt,
    Spoken,
    Take,
)
from drivers.buses import Samples
from drivers.tones import Tone

__all__ = [
    "ClerkSound",
    "CountryTone",
    "Draft",
    "Greeting",
    "HoldMusic",
    "MessageAudio",
    "Pause",
    "Pcm",
    "Prompt",
    "Sound",
    "Spoken",
    "Take",
    "Tone",
]


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence of this many milliseconds."""

    ms: int


@dataclass(frozen=True, eq=False, slots=True)
class Pcm:
    """Samples that are in memory."""

    samples: Samples = field(repr=False)


@dataclass(frozen=True, slots=True)
class CountryTone:
    """A tone of the country's plan, so many cadences of it."""

    name: Literal["busy", "reorder"]
    cadences: int


Sound = ClerkSound | Pause | Pcm | Tone | CountryTone
