"""The phone side's settings as plain data; where they come from (file, store) is unknown here."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.phone.timers import NO_ANSWER


@dataclass(frozen=True, slots=True)
class IncomingRoute:
    """What happens to calls that come in on one trunk."""

    handsets: tuple[str, ...] = ()
    """Which stations ring; empty means all."""
    mailbox: str = ""
    """Whose voicemail answers when nobody lifts; empty means the clerk directory's default."""


@dataclass(frozen=True, slots=True)
class PhoneConfig:
    """Settings of the phone side; times are line time.

    Raises ValueError, naming the field, for a time outside the range of its timer.
    """

    country: str = "us"
    """Code of the country whose tones, ringing and caller ID the lines have (drivers.countries)."""
    ring_seconds: float = NO_ANSWER.ms / 1000
    """How long handsets ring for an outside call before voicemail answers (4 to 120 s)."""
    no_answer_seconds: float = NO_ANSWER.ms / 1000
    """How long a handset rings for another handset before voicemail answers (4 to 120 s)."""
    incoming: Mapping[str, IncomingRoute] = field(default_factory=dict)
    """By trunk name; a trunk that is not named is treated as IncomingRoute()."""

    def __post_init__(self) -> None:
        for name in ("ring_seconds", "no_answer_seconds"):
            try:
                NO_ANSWER.lasting(1000 * getattr(self, name))
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error
