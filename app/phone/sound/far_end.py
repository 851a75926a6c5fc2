"""Hearing that the far end of an outside line has gone: the office's busy or reorder tone.

All lines are judged at once on the whole frame (tone_bank.py); only a line on which the tone
sounds, or has sounded in bursts of the right length, is followed on its own. A single period counts
as those before and behind it do, so that a click, or an echo of what we play, does not break a
burst in two.
"""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

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
from app.phone.sound.tone_bank import ToneBank, places_in

_STEADY = 0.6
"""Mean power of a burst against its loudest period: a note that fades is no tone."""
_ALIKE = 1.5
"""Power of the loudest burst against the softest: +-1 dB."""


class _Run(NamedTuple):
    """Periods in a row with the tone, or without it."""

    length: int
    mean: float
    peak: float


class _Line:
    """A line with the tone: its runs up to now, and the one that goes on."""

    def __init__(self, most_runs: int) -> None:
        self.runs: deque[_Run] = deque(maxlen=most_runs)
        self.tone = True
        self.length = 0
        self._power = self._peak = 0.0

    def sounds(self, power: float) -> None:
        """The run has a period more."""
        self.length += 1
        self._power += power
        self._peak = max(self._peak, power)

    def run_over(self) -> _Run:
        """The other kind of run begins."""
        run = _Run(self.length, self._power / self.length, self._peak)
        self.runs.append(run)
        self.tone = not self.tone
        self.length, self._power, self._peak = 0, 0.0, 0.0
        return run


class FarEndWatch:
    """Tells of each watched slot when the tone has been heard there for long enough."""

    def __init__(self, bank: ToneBank, tones: EndTones) -> None:
        self.tones = tones
        self._bank = bank
        self._pure = bank.judge(tones.basis, PURE, FLOOR)
        self._gone: dict[int, Callable[[], None]] = {}
        self._one_before = self._two_before = 0
        """Where the tone was in the periods before the latest one."""
        self._needed = max(runs_needed(cadence) for cadence in tones.cadences)
        self._shortest, self._longest = tones.bursts
        self._lines: dict[int, _Line] = {}

    def watch(self, slot: int, gone: Callable[[], None] | None) -> None:
        """Call `gone` when the far end of this slot has gone; None: watch it no longer."""
        self._bank.ask([self._pure], slot, gone is not None)
        self._one_before &= ~(1 << slot)
        self._two_before &= ~(1 << slot)
        self._lines.pop(slot, None)
        self._gone.pop(slot, None)
        if gone is not None:
            self._gone[slot] = gone

    @property
    def awake(self) -> bool:
        """Whether hear() has something to do in the bank's latest period."""
        found = self._bank.sounding >> self._pure & 1
        return bool(found or self._lines or self._one_before or self._two_before)

    def hear(self) -> None:
        """Go on by the bank's latest period; it may be left out for those that are not `awake`."""
        if not self._gone:
            return
        latest = self._bank.found(self._pure)
        two, one = self._two_before, self._one_before
        tone = (two & one) | (latest & (two | one))  # of the period before this one
        self._two_before, self._one_before = one, latest
        if not (tone or self._lines):
            return
        for slot in places_in(tone):
            if slot not in self._lines:
                self._lines[slot] = _Line(self._needed)
        for slot, line in list(self._lines.items()):
            if self._lines.get(slot) is line:  # else another line's end has just ended its call
                self._go_on(slot, line, bool(tone >> slot & 1))

    def _go_on(self, slot: int, line: _Line, tone: bool) -> None:
        if tone != line.tone:
            run = line.run_over()
            if not tone and not self._shortest <= run.length <= self._longest:
                del self._lines[slot]  # as nearly always: speech has such a period now and then
                return
        line.sounds(self._median(slot))
        if not line.tone and line.length > self.tones.longest_gap:
            del self._lines[slot]
        elif line.tone and line.length == 1 and self._is_gone(line):
            line.runs.clear()
            self._gone[slot]()

    def _is_gone(self, line: _Line) -> bool:
        return any(_matches(line.runs, cadence) for cadence in self.tones.cadences)

    def _median(self, slot: int) -> float:
        """The power of the period before the latest one, as the median with its neighbours."""
        return sorted(self._bank.power(slot, ago) for ago in range(3))[1]


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
