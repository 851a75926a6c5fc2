"""Hearing dial tone on outside lines: before we dial, and after a far end has hung up.

An office that clears by no other sign gives dial tone to whoever stays on the line. It is steady
where end tones (far_end.py) have a beat, so the periods in a row are counted. While it sounds
nowhere one period in eight is looked at; what sounds then counts as having sounded since the last
look. What ends a call must also keep its level, and have all of its frequencies: a note that is
held, by a voice or an instrument, does not.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from app.phone.sound.end_tones import FLOOR, PURE, tone_basis
from app.phone.sound.tone_bank import Floats, ToneBank, places_in

LOOK_EVERY = 8
"""Periods (10 ms) from one look to the next, while dial tone sounds nowhere."""
_CLOSELY = 100
"""A run that must be so many periods long ends a call: its level and frequencies are looked at."""
_WINDOW = 12
"""Periods whose power is compared: whole cycles of all tones that are modulated (25 to 50 Hz)."""
_ALIKE = 1.5
"""Power of the loudest window against the softest: +-1 dB."""
_APART_HZ = 80.0
"""Frequencies nearer to each other than this are not told apart in a period."""
_SHARE = 0.1
"""Part of the tone's power that each of its frequencies has at least."""


class _Wanted(NamedTuple):
    periods: int
    heard: Callable[[], None]


class _Run:
    """Periods with dial tone in a row: the power that each vector of the basis has in each."""

    def __init__(self, periods: int) -> None:
        self.periods = periods
        self.parts: list[list[float]] = []
        self.told = False


class DialToneWatch:
    """Counts, for each watched slot, the periods (10 ms) of dial tone in a row."""

    def __init__(self, bank: ToneBank, hertz: tuple[float, ...]) -> None:
        self.hertz = hertz
        self._bank = bank
        basis = tone_basis(hertz)
        self._tone = bank.judge(basis, PURE, FLOOR)
        self._each = bank.measure(basis)
        steps = (abs(one - other) for one in hertz for other in hertz if one != other)
        self._apart = min(steps, default=0.0) >= _APART_HZ
        self._wanted: dict[int, _Wanted] = {}
        self._runs: dict[int, _Run] = {}
        self._looked_at = bank.now
        """By the bank's count of periods."""

    def watch(self, slot: int, periods: int, heard: Callable[[], None] | None) -> None:
        """Call `heard` once when there was dial tone for so many periods; None: do not listen."""
        self._runs.pop(slot, None)
        self._wanted.pop(slot, None)
        self._bank.ask([self._tone], slot, heard is not None)
        if heard is not None:
            self._wanted[slot] = _Wanted(periods, heard)

    def lasted(self, slot: int) -> int:
        """Periods of dial tone in a row up to now; 0 if there is none, or nobody listens.

        Up to LOOK_EVERY - 1 too many.
        """
        run = self._runs.get(slot)
        return 0 if run is None else run.periods

    @property
    def awake(self) -> bool:
        """Whether hear() has something to do in the bank's latest period."""
        return bool(self._runs or self._bank.sounding >> self._tone & 1)

    def hear(self) -> None:
        """Go on by the bank's latest period; it may be left out for those that are not `awake`."""
        since = self._bank.now - self._looked_at
        if not self._wanted or (not self._runs and since % LOOK_EVERY):
            return
        self._looked_at = self._bank.now
        tone = self._bank.found(self._tone)
        for slot in [slot for slot in self._runs if not tone >> slot & 1]:
            del self._runs[slot]
        for slot in places_in(tone):
            if slot in self._wanted:  # another line's tone may just have ended this one's call
                self._sounds(slot, min(since, LOOK_EVERY))

    def _sounds(self, slot: int, since: int) -> None:
        """The tone is there, `since` periods after the look before."""
        run = self._runs.get(slot)
        if run is None:
            run = self._runs[slot] = _Run(since)
        else:
            run.periods += 1
        wanted = self._wanted[slot]
        if run.told:
            return
        run.parts.append(self._bank.squares(slot, self._each))
        if run.periods < wanted.periods:
            return
        if wanted.periods < _CLOSELY or self._is_tone(np.array(run.parts)):
            run.told = True
            wanted.heard()
        else:
            del self._runs[slot]

    def _is_tone(self, parts: Floats) -> bool:
        """Whether a run, (periods, vectors), keeps its level and has all frequencies."""
        power = parts.sum(1)
        windows = power[: len(power) // _WINDOW * _WINDOW].reshape(-1, _WINDOW).sum(1)
        if windows.max() > _ALIKE * windows.min():
            return False
        each = parts.sum(0).reshape(-1, 2).sum(1)
        return not self._apart or bool(each.min() >= _SHARE * each.sum())
