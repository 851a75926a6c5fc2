"""How a recording has ended, as it is kept with it until the message is delivered."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HowEnded:
    """What is known when no more is said."""

    why: str | None = None
    pieces: int | None = None
    """How many there were to be kept, if that is known."""
    takes: tuple[int, ...] = ()
    """Pieces with which the caller began anew."""
    urgent: bool = False
