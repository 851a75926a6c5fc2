"""Hearing that the far end of an outside line has gone: the office's busy or reorder tone.

All lines are looked at by a few operations on the whole frame (tone_bank.py); only where a line's
tone begins or stops is anything done for that line alone. A single period counts as those before
and behind it do, so that a click, or an echo of what we play, does not break a burst in two.
"""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.phone.sound.end_tones import (
    FLOOR,
    GAP,
    PURE,
    Cadence,
    EndTones,
    least,
    most,
    runs_needed,
)
from app.phone.sound.tone_bank import ToneBank

_STEADY = 0.6
"""Mean power of a burst against its loudest period: a note that fades is no tone."""
_ALIKE = 1.5
"""Power of the loudest burst against the softest: +-1 dB."""


class _Run(NamedTuple):
    """Periods in a row with the tone, or without it."""

    length: int
    mean: float
    peak: float


class FarEndWatch:
    """Tells of each watched slot when the tone has been heard there for long enough."""

    def __init__(self, bank: ToneBank, slots: int, tones: EndTones) -> None:
        self.tones = tones
        self._bank, self._slots = bank, slots
        self._rows = bank.add([tones.basis], PURE, FLOOR)
        self._gone: dict[int, Callable[[], None]] = {}
        self._tone = np.zeros(slots, np.bool_)
        self._two_before = self._one_before = self._tone
        self._lower = self._upper = self._latest_power = np.zeros(slots, np.float32)
        self._length = np.zeros(slots, np.int32)
        self._power = np.zeros(slots, np.float32)
        self._peak = np.zeros(slots, np.float32)
        self._needed = max(runs_needed(cadence) for cadence in tones.cadences)
        self._runs: dict[int, deque[_Run]] = {}

    def watch(self, slot: int, gone: Callable[[], None] | None) -> None:
        """Call `gone` when the far end of this slot has gone; None: watch it no longer."""
        self._bank.ask(self._rows, slot, gone is not None)
        self._tone[slot] = self._one_before[slot] = self._two_before[slot] = False
        self._length[slot] = self._power[slot] = self._peak[slot] = 0
        self._runs.pop(slot, None)
        self._gone.pop(slot, None)
        if gone is not None:
            self._gone[slot], self._runs[slot] = gone, deque(maxlen=self._needed)

    def hear(self) -> None:
        """Go on by the bank's latest period."""
        if not self._gone:
            return
        latest = self._bank.pure[self._rows.start, : self._slots].copy()  # kept for two periods
        two, one = self._two_before, self._one_before
        tone = (two & one) | (latest & (two | one))  # of the period before this one
        self._two_before, self._one_before = one, latest
        power = self._median(self._bank.power[: self._slots])
        changed = (tone != self._tone).nonzero()[0]
        self._tone = tone
        for slot in changed.tolist():
            self._run_over(slot)
        self._length += 1
        self._power += power
        np.maximum(self._peak, power, out=self._peak)

    def _median(self, latest: NDArray[np.float32]) -> NDArray[np.float32]:
        """The power of the period before this one, as the median with its neighbours."""
        median = np.maximum(self._lower, np.minimum(self._upper, latest))
        self._lower = np.minimum(self._latest_power, latest)
        self._upper = np.maximum(self._latest_power, latest)
        self._latest_power = latest
        return median

    def _run_over(self, slot: int) -> None:
        runs = self._runs.get(slot)
        if runs is None:  # another line's end has just ended this one's call, too
            return
        length = int(self._length[slot])
        mean = float(self._power[slot]) / max(length, 1)
        runs.append(_Run(length, mean, float(self._peak[slot])))
        self._length[slot] = self._power[slot] = self._peak[slot] = 0
        if self._tone[slot] and any(_matches(runs, one) for one in self.tones.cadences):
            gone = self._gone[slot]
            runs.clear()
            gone()


def _matches(runs: deque[_Run], cadence: Cadence) -> bool:
    """Whether the last runs, of which the latest is a gap, are this cadence for long enough."""
    needed = runs_needed(cadence)
    if len(runs) < needed:
        return False
    latest = [*runs][-needed:]
    bursts, gaps = latest[::2], latest[1::2]
    means = [burst.mean for burst in bursts]
    return (
        any(_in_time(latest, cadence, shift) for shift in range(0, len(cadence), 2))
        and max(means) <= _ALIKE * min(means)
        and all(burst.mean >= _STEADY * burst.peak for burst in bursts)
        and all(gap.mean <= GAP * min(means) for gap in gaps)
    )


def _in_time(runs: list[_Run], cadence: Cadence, shift: int) -> bool:
    """Whether the runs have the cadence's lengths, begun at this place of it."""
    for place, run in enumerate(runs, shift):
        wanted = cadence[place % len(cadence)]
        if not least(wanted) <= run.length <= most(wanted):
            return False
    return True
