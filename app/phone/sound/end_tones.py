"""The tones by which an office says that the far end has gone, as a listener must know them.

Busy detectors of the field measure loud and quiet stretches only, and speech or music of an even
beat makes them hang up. Here a period counts only if nearly all of its power lies at the tone's own
frequencies, which neither voices nor instruments keep up for a whole burst.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from math import ceil, cos, pi, sin, sqrt

from drivers.countries.base import Tones
from drivers.sampling import PERIOD, PERIOD_MS, SAMPLE_RATE, amplitude
from drivers.tones import Tone

PURE = 0.85
"""Part of a period's power that lies at the tone's frequencies. In 10 ms 20 Hz beside them still
pass, for offices are not exact; a second harmonic of -7 dB does not."""
FLOOR = PERIOD * amplitude(-36.0) ** 2 / 2
"""Sum of squares of a period at -36 dBm0: softer is an echo of what we play, or nothing."""
GAP = 0.15
"""Between bursts there is at most this part of a burst's mean power: -8 dB."""
LEAST_CYCLES, LEAST_PERIODS = 3, 300
"""Tone that ends a call: three cycles of its cadence, and 3 s, so that a few notes are none."""
SLACK_PERIODS, SLACK_PART = 2, 0.1
"""By how much a burst or gap may differ from the country's table: 20 ms and a tenth."""

Cadence = tuple[int, ...]
"""Bursts and gaps in turn, in periods of 10 ms."""


@dataclass(frozen=True, slots=True)
class EndTones:
    """Busy and reorder of one country: `basis` has what they sound like, `cadences` their beat.

    `basis` are vectors of one period, each of length 1 and at right angles to the others: the sum
    of the squares of a period's products with them is its power at the tones' frequencies.
    """

    basis: tuple[tuple[float, ...], ...]
    cadences: tuple[Cadence, ...]

    @property
    def longest_gap(self) -> int:
        """In periods, with its slack."""
        return most(max(chain.from_iterable(cadence[1::2] for cadence in self.cadences)))

    @property
    def bursts(self) -> tuple[int, int]:
        """Periods of the shortest and of the longest burst, with their slack."""
        lengths = [*chain.from_iterable(cadence[::2] for cadence in self.cadences)]
        return least(min(lengths)), most(max(lengths))


def end_tones(tones: Tones) -> EndTones:
    """What busy and reorder of a country are; both are taken, for offices differ."""
    parts: list[Tone] = [*tones.busy.chain, *tones.reorder.chain]
    cadences = (tuple(ms // PERIOD_MS for ms in part.cadence_ms) for part in parts)
    return EndTones(tone_basis(tones.busy.hz), tuple(dict.fromkeys(cadences)))


def runs_needed(cadence: Cadence) -> int:
    """How many bursts and gaps in a row end a call."""
    cycles = max(LEAST_CYCLES, ceil(LEAST_PERIODS / sum(cadence)))
    return cycles * len(cadence)


def least(periods: int) -> int:
    """The shortest burst or gap that passes for one of so many periods."""
    return periods - SLACK_PERIODS - int(periods * SLACK_PART)


def most(periods: int) -> int:
    """The longest one."""
    return periods + SLACK_PERIODS + int(periods * SLACK_PART)


def tone_basis(hertz: Sequence[float], samples: int = PERIOD) -> tuple[tuple[float, ...], ...]:
    """Sine and cosine of each frequency (Hz), made orthonormal (Gram-Schmidt).

    Their phase is 0 in the middle, so that each is odd or even.
    """
    middle = (samples - 1) / 2
    found: list[tuple[float, ...]] = []
    for hz in hertz:
        for wave in (sin, cos):
            vector = [wave(2 * pi * hz * (n - middle) / SAMPLE_RATE) for n in range(samples)]
            for other in found:
                along = product(vector, other)
                vector = [v - along * o for v, o in zip(vector, other, strict=True)]
            length = sqrt(product(vector, vector))
            found.append(tuple(v / length for v in vector))
    return tuple(found)


def product(one: Sequence[float], other: Sequence[float]) -> float:
    """The sum of the products of two vectors."""
    return sum(a * b for a, b in zip(one, other, strict=True))
