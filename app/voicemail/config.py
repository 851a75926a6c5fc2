"""Settings of voicemail as plain values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RecordingLimits:
    """When a recording ends by itself, in seconds of line time."""

    longest_s: float = 180.0
    silence_s: float = 10.0
    warn_s: float = 10.0
    """Before its longest: then the caller hears that it will end."""
    review: bool = True
    """Whether its caller may change it."""
    operator: str = ""
    """Number that 0 calls during a greeting; empty: 0 does nothing."""
