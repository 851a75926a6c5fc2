"""What a signalling tone is: frequencies, levels and cadence [ITU-T E.180 Supplement 2]."""

from dataclasses import dataclass, replace
from itertools import cycle
from math import log10


@dataclass(frozen=True, slots=True)
class Tone:
    """A tone with its cadence.

    `hz` sound together. `cadence_ms` alternates on, off, on, off ...; empty means steady.
    `repeat` counts whole cadences, 0 means for ever; after the last one `then` follows.
    `dbm0` is the level of each frequency, or a level for each of them in the order of `hz`.
    """

    hz: tuple[float, ...]
    cadence_ms: tuple[int, ...] = ()
    repeat: int = 0
    dbm0: float | tuple[float, ...] = -13.0
    then: "Tone | None" = None

    @property
    def levels_dbm0(self) -> tuple[float, ...]:
        """The level of each frequency, in the order of `hz`."""
        return self.dbm0 if isinstance(self.dbm0, tuple) else (self.dbm0,) * len(self.hz)

    @property
    def chain(self) -> tuple["Tone", ...]:
        """This tone and those that follow it, in order."""
        return (self, *self.then.chain) if self.then is not None else (self,)


def modulated(
    hz: float, by_hz: float, *cadence_ms: int, depth: float = 0.9, dbm0: float = -18.0
) -> Tone:
    """A carrier of `hz` and `dbm0` whose amplitude another sine of `by_hz` modulates.

    Written as three sines: the side bands lie 20 lg(depth/2) dB below the carrier, 6.9 dB at the
    depth of 0.9 that national tables ask for.
    """
    side = dbm0 + 20 * log10(depth / 2)
    return Tone((hz - by_hz, hz, hz + by_hz), cadence_ms, dbm0=(side, dbm0, side))


def stuttered(dial: Tone, on_ms: int = 100, off_ms: int = 100, times: int = 6) -> Tone:
    """Dial tone broken `times` over, then steady: the message-waiting dial tone of most plans."""
    return replace(dial, cadence_ms=(on_ms, off_ms), repeat=times, then=dial)


def alternating(first: Tone, second: Tone, times: int, then: Tone | None = None) -> Tone:
    """Two tones in turn, each with its own single cadence, `times` over, then another."""
    chain = then
    for tone, _ in zip(cycle((second, first)), range(2 * times), strict=False):
        chain = replace(tone, repeat=1, then=chain)
    assert chain is not None
    return chain
