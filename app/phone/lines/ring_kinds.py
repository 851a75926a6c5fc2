"""What a handset rings for, and the beats by which that is heard where it is wanted.

The beats are those of [DAHDI, distinctive rings 2 to 4].
"""

from collections.abc import Mapping
from enum import StrEnum


class RingKind(StrEnum):
    """What a handset is rung for."""

    OUTSIDE = "outside"
    INTERNAL = "internal"
    """Another handset calls."""
    GROUP = "group"
    """A ring group is called."""
    URGENT = "urgent"
    """Somebody who was put on hold, parked or transferred comes back."""


DISTINCTIVE: Mapping[RingKind, tuple[int, ...]] = {
    RingKind.INTERNAL: (250, 250, 500, 1000, 250, 250, 500, 4000),
    RingKind.GROUP: (1000, 500, 2500, 5000),
    RingKind.URGENT: (120, 130, 120, 130, 120, 4000),
}
"""Ringing and silence in turn in ms, in steps of 10 ms, so that 125 ms are 120 or 130; calls from
outside ring as the country's network does. Caller ID has room in the longest silence of each."""
