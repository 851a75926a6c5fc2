"""A time of day as it is said."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A time as it is said: month 1..12, weekday 0 = Sunday .. 6, and how many days ago."""

    month: int
    day: int
    weekday: int
    hour: int
    minute: int
    days_ago: int
    """Calendar days since then; 0 is today, what is to come is below."""
