"""A calling fax on all lines at once: 1100 Hz for 0.5 s in every 3.5 s [T.30 §4.2].

Two bursts at the right distance are demanded: no speech and no music has that. A burst is of 425 ms
and more [T.30: 0.5 s -15 %], of 1100 +-38 Hz, down to -40 dBm0; a single period that is disturbed
does not end it.
"""

from dataclasses import dataclass

from app.phone.sound.end_tones import tone_basis
from app.phone.sound.tone_bank import ToneBank, places_in
from app.phone.timers import CNG_CYCLE_LONGEST, CNG_CYCLE_SHORTEST
from drivers.sampling import PERIOD, amplitude

HERTZ = (1080.0, 1120.0)
"""In one period the two hold everything of 1100 +-38 Hz."""
PURE = 0.7
"""Part of a period's power at these frequencies."""
FLOOR = PERIOD * amplitude(-41.0) ** 2 / 2
BURST = 42
"""Periods of one burst at least: those that it fills."""


@dataclass(slots=True)
class _Line:
    """What one place has sounded, in periods."""

    burst: int = 0
    missing: int = 0
    """In a row, since the burst's latest."""
    counted: bool = False
    """Whether the burst is long enough."""
    since: int = CNG_CYCLE_LONGEST.periods + 1
    """Since the latest burst became long enough."""

    def calls(self, tone: bool) -> bool:
        """One period more; whether it makes a second burst long enough, at the right distance."""
        self.since += 1
        if not tone:
            self.missing += 1
            if self.missing > 1:
                self.burst, self.counted = 0, False
            return False
        self.burst += 1 + (self.missing if self.burst else 0)
        self.missing = 0
        if self.burst < BURST or self.counted:
            return False
        since, self.since, self.counted = self.since, 0, True
        return CNG_CYCLE_SHORTEST.periods <= since <= CNG_CYCLE_LONGEST.periods

    @property
    def over(self) -> bool:
        """Whether nothing is left of it that matters."""
        return not self.burst and self.since > CNG_CYCLE_LONGEST.periods


class FaxToneDetector:
    """Calling faxes on all places of a bank where somebody asks."""

    def __init__(self, bank: ToneBank) -> None:
        self._bank = bank
        self._tone = bank.judge(tone_basis(HERTZ), PURE, FLOOR)
        self._lines: dict[int, _Line] = {}

    def listen(self, place: int, on: bool) -> None:
        """Listen to this line from now on, or no longer."""
        self._bank.ask([self._tone], place, on)
        self._lines.pop(place, None)

    @property
    def awake(self) -> bool:
        """Whether hear() has something to do in the bank's latest period."""
        return bool(self._lines or self._bank.sounding >> self._tone & 1)

    def hear(self) -> list[int]:
        """Where a fax calls: said once for each burst at the right distance from another."""
        tone = self._bank.found(self._tone)
        if not (tone or self._lines):
            return []
        for place in places_in(tone):
            if place not in self._lines:
                self._lines[place] = _Line()
        found = [
            place for place, line in self._lines.items() if line.calls(bool(tone >> place & 1))
        ]
        self._lines = {place: line for place, line in self._lines.items() if not line.over}
        return found
