"""The phone side's settings as plain data; where they come from (file, store) is unknown here."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class IncomingRoute:
    """What happens to calls that come in on one trunk."""

    handsets: tuple[str, ...] = ()
    """Which stations ring; empty means all."""
    mailbox: str = ""
    """Whose voicemail answers when nobody lifts; empty means the clerk directory's default."""


@dataclass(frozen=True, slots=True)
class PhoneConfig:
    """Settings of the phone side; times are line time."""

    country: str = "us"
    """Tone plan and ring cadence (app.phone.sound.tones)."""
    ring_seconds: float = 20.0
    """How long handsets ring for an outside call before voicemail answers (1 to 120 s)."""
    no_answer_seconds: float = 20.0
    """How long a handset rings for another handset before voicemail answers (1 to 120 s)."""
    incoming: Mapping[str, IncomingRoute] = field(default_factory=dict)
    """By trunk name; a trunk that is not named is treated as IncomingRoute()."""
