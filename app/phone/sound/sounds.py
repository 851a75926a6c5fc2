"""What a line can play, by name; those that the clerk has are declared in app/phone/jobs.py."""

from dataclasses import dataclass, field
from typing import Literal

from app.phone.jobs import (
    ClerkSound,
    Draft,
    Greeting,
    HoldMusic,
    MailText,
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
    "MailText",
    "MessageAudio",
    "Pause",
    "Pcm",
    "Played",
    "Playhead",
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


@dataclass(eq=False, slots=True)
class Playhead:
    """Where and how a recording is played: whoever has it may read and change it at any time.

    It outlives a stop: played again, the recording goes on where it was, without asking the clerk
    for what was fetched a moment ago.
    """

    position: int = 0
    """Samples of the recording before the next one to be played."""
    speed: float = 1.0
    """0.5 to 2: how fast it is spoken; the pitch stays."""
    gain_db: float = 0.0
    """How much louder it is played than it was recorded."""
    fetched: dict[int, Samples] = field(default_factory=dict, repr=False)
    """Pieces of the recording by their number, kept by whoever plays it."""


@dataclass(frozen=True, eq=False, slots=True)
class Played:
    """A recording that is played from a playhead on, and moves it."""

    sound: ClerkSound
    head: Playhead


Sound = ClerkSound | Pause | Pcm | Tone | CountryTone | Played
