"""Names for the things a line can play. What they sound like is made elsewhere."""

from dataclasses import dataclass, field
from typing import Literal

from drivers.buses import Samples
from drivers.tones import Tone as Tone


@dataclass(frozen=True, slots=True)
class Prompt:
    """A recorded prompt by its name in the sound-pack layout, e.g. "vm-intro" or "digits/7"."""

    name: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """A text, read by the speech synthesizer; only for what no pack has."""

    text: str


@dataclass(frozen=True, slots=True)
class MessageAudio:
    """The audio part of a message in the inbox, by its entry number."""

    entry: int


@dataclass(frozen=True, slots=True)
class Greeting:
    """A mailbox's own recorded greeting, by the person's number in the store."""

    person: int
    kind: str = "unavailable"


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence of this many milliseconds."""

    ms: int


@dataclass(frozen=True, eq=False, slots=True)
class Pcm:
    """Samples that are at hand already."""

    samples: Samples = field(repr=False)


@dataclass(frozen=True, slots=True)
class CountryTone:
    """A tone of the country's plan, so many cadences of it."""

    name: Literal["busy", "reorder"]
    cadences: int


Sound = Prompt | Spoken | MessageAudio | Greeting | Pause | Pcm | Tone | CountryTone
