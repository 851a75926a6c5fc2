"""The end of a recording without the office's tone, which is heard when the caller has gone.

The phone takes seconds to be sure of the tone and has recorded it by then. Only the last seconds
are looked at, from the end backwards, until something else than the tone is found.
"""

import sys
from array import array
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from typing import NamedTuple

from app.phone.sound.end_tones import FLOOR, GAP, PURE, SLACK_PERIODS, EndTones, product
from drivers.sampling import PERIOD

PIECES = 8
"""Pieces (of at most 1 s) held back; the phone knows the slowest cadence after 6.5 s."""
SURE_BURSTS = 3
"""So many bursts are the tone; one fewer where the recording itself begins with it."""


class Ending:
    """Passes a recording on and holds back its end, of which rest() gives what is not the tone."""

    def __init__(self, tones: EndTones) -> None:
        self._tones = tones
        self._held: deque[bytes] = deque()
        self._passed = False

    def add(self, piece: bytes) -> bytes:
        """Take the next piece (S16LE); one that cannot be in the end any more, or nothing."""
        self._held.append(piece)
        if len(self._held) <= PIECES:
            return b""
        self._passed = True
        return self._held.popleft()

    def rest(self) -> bytes:
        """What was held back, up to where the tone began."""
        octets = b"".join(self._held)
        values = array("h", octets)
        if sys.byteorder == "big":
            values.byteswap()
        return octets[: 2 * tone_begins(values, self._tones, whole=not self._passed)]


_Period = tuple[bool, int, float]
"""Whether it is the tone, its number, its sum of squares."""


class _Run(NamedTuple):
    """Periods in a row with the tone, or without it."""

    tone: bool
    first: int
    """Its earliest period."""
    length: int
    power: float
    """Mean sum of squares of a period."""


def tone_begins(values: "array[int]", tones: EndTones, whole: bool = True) -> int:
    """At which sample the tone begins that goes on to the end; all samples if there is none.

    `whole`: this is all that was recorded, not only its end.
    """
    begins, bursts, level = len(values), 0, 0.0
    shortest, longest = tones.bursts
    end = len(values) // PERIOD
    start = end
    for run in _chain(values, tones):
        at_edge = run.first + run.length >= end - SLACK_PERIODS or run.first == 0
        if not run.tone:
            if bursts and run.power > GAP * level:
                break
        elif run.length > longest or (run.length < shortest and not at_edge):
            break
        elif run.length >= SLACK_PERIODS:
            begins, bursts, level = run.first * PERIOD, bursts + 1, run.power
        start = run.first
    if whole and bursts and start == 0:
        bursts += 1  # it was heard before the recording began
    return begins if bursts >= SURE_BURSTS else len(values)


def _chain(values: "array[int]", tones: EndTones) -> Iterator[_Run]:
    """Runs from the end backwards, up to the first that is longer than any gap or burst."""
    most = max(tones.longest_gap, tones.bursts[1])
    for tone, periods in groupby(_smooth(_periods(values, tones)), key=lambda period: period[0]):
        looked = [*islice(periods, most + 1)]
        if len(looked) > most:
            return
        mean = sum(power for _, _, power in looked) / len(looked)
        yield _Run(tone, looked[-1][1], len(looked), mean)


def _periods(values: "array[int]", tones: EndTones) -> Iterator[_Period]:
    """Each period from the last to the first."""
    for number in reversed(range(len(values) // PERIOD)):
        period = values[number * PERIOD : (number + 1) * PERIOD]
        power = product(period, period)
        tone = power > FLOOR and (
            sum(product(period, vector) ** 2 for vector in tones.basis) > PURE * power
        )
        yield tone, number, power


def _smooth(periods: Iterable[_Period]) -> Iterator[_Period]:
    """A single period counts as those on both sides of it do: it is a click."""
    last = before = None
    for latest in periods:
        if before is not None:
            tone, number, power = before
            around = latest[0] if last is None or latest[0] == last[0] else tone
            yield around, number, power
        last, before = before, latest
    if before is not None:
        yield before
