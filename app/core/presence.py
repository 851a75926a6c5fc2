"""Whether somebody can be reached: the values that store, telephones and doors have in common."""

from enum import StrEnum


class Presence(StrEnum):
    """What a person says of being there."""

    IN = "in"
    OUT = "out"
    """Not at their telephone, back some time."""
    MEETING = "meeting"
    AWAY = "away"
    """For days, mostly until a date."""
    DND = "dnd"
    """There, and not to be disturbed."""
