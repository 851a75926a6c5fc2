"""Hearing dial tone on outside lines: before we dial, and after a far end has hung up.

An office that clears by no other sign gives dial tone to whoever stays on the line. It is steady
where end tones (far_end.py) have a beat, so the periods in a row are counted, of all lines at once.
"""

from collections.abc import Callable

import numpy as np

from app.phone.sound.end_tones import FLOOR, PURE, tone_basis
from drivers.buses import Samples


class DialToneWatch:
    """Counts, for each watched slot, the periods (10 ms) of dial tone in a row."""

    def __init__(self, slots: int, hertz: tuple[float, ...]) -> None:
        self.hertz = hertz
        self._basis = np.array(tone_basis(hertz), np.float32).T.copy()
        self._wanted: dict[int, tuple[int, Callable[[], None]]] = {}
        self._periods = np.zeros(slots, np.int32)

    def watch(self, slot: int, periods: int, heard: Callable[[], None] | None) -> None:
        """Call `heard` once when there was dial tone for so many periods; None: do not listen."""
        self._periods[slot] = 0
        self._wanted.pop(slot, None)
        if heard is not None:
            self._wanted[slot] = periods, heard

    def lasted(self, slot: int) -> int:
        """Periods of dial tone in a row up to now; 0 if there is none, or nobody listens."""
        return int(self._periods[slot]) if slot in self._wanted else 0

    def hear(self, heard: Samples) -> None:
        """Take one period of all slots, (slots, 80)."""
        if not self._wanted:
            return
        slots = list(self._wanted)
        sound = heard[slots].astype(np.float32)
        power = np.einsum("ij,ij->i", sound, sound)
        part = sound @ self._basis
        tone = (np.einsum("ij,ij->i", part, part) > PURE * power) & (power > FLOOR)
        self._periods[slots] = np.where(tone, self._periods[slots] + 1, 0)
        for slot in slots:
            periods, call = self._wanted.get(slot, (0, None))
            if call is not None and self._periods[slot] == periods:
                call()
