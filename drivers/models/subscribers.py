"""The numbers of the public network as the telephone office knows them: who answers, who is busy.

A number that nobody has said anything about is a telephone that rings until it is lifted by hand.
"""

from dataclasses import dataclass, field
from enum import Enum


class Reaction(Enum):
    """What becomes of a call to a number."""

    RINGS = "rings"
    """Until somebody lifts it."""
    ANSWERS = "answers"
    BUSY = "busy"
    NOBODY = "nobody"
    """The number is nobody's: special information tone, then reorder."""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One number: what it does when it is called."""

    reaction: Reaction = Reaction.RINGS
    after_ms: int = 0
    """For how long it rings before it answers."""
    reversal: bool = False
    """Whether the line's polarity turns round at the answer, as some networks do."""


@dataclass
class Subscribers:
    """The numbers that one office knows; all its lines share them."""

    by_number: dict[str, Subscriber] = field(default_factory=dict)

    def find(self, number: str) -> Subscriber:
        """What a number does."""
        return self.by_number.get(number, Subscriber())


class PulseReceiver:
    """Counts dial pulses from whether the loop is closed, a look each 10 ms [GR-506].

    A break of 20 to 150 ms is a pulse; 300 ms without one end the digit, and ten pulses are 0.
    """

    LEAST, MOST, END = 2, 15, 30

    def __init__(self) -> None:
        self.pulses = 0
        self._open = self._closed = 0

    def see(self, closed: bool) -> str:
        """Take a look; the digit that has just ended, or nothing."""
        if not closed:
            self._open, self._closed = self._open + 1, 0
            return ""
        self.pulses += self.LEAST <= self._open <= self.MOST
        self._open, self._closed = 0, self._closed + 1
        if not self.pulses or self._closed < self.END:
            return ""
        digit, self.pulses = str(self.pulses % 10), 0
        return digit
