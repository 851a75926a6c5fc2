"""What all detectors need of a period, computed for all lines at once: floats, power, tone energy.

A *place* is a row of the period: the slots of the frame come first, then the scripts that listen
in conferences. Each detector adds vectors of one period. One product of all vectors with all places
then serves all detectors. What is asked of every place in every period is judged for all at once:
a *group* of vectors is found in a place when nearly all of the period's power lies along it. The
places in which a group was found are the bits of a number, with which detectors reckon on, and
which groups were found at all are the bits of another: a detector without any need not be called.
Only places where something is asked for are looked at. The work itself is in C (native/bank.c): in
a beat of 10 ms no code is warm, and ten calls of numpy cost three times what they compute.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.phone.sound.native import checked, ffi, library, pointer
from drivers.buses import Samples
from drivers.sampling import PERIOD, SAMPLE_RATE, amplitude

Floats = NDArray[np.float32]
Vectors = Sequence[Sequence[float]] | Floats

KEPT = 8
"""Latest periods whose sound is kept."""
SILENCE_DBM0 = -45.0
"""Below this a period is silence; a quiet line's noise lies near -60 dBm0, speech at -15 to -30."""
_WIDE = 8
"""Vectors in a block."""
_EXACT = 1e-5
"""What rounding leaves of 1."""
_NEVER = np.float32(np.inf)
"""Power that no period has."""


class ToneBank:
    """The latest period of all places, and how much of it lies along each vector.

    Raises NativeMissing without its compiled part.
    """

    def __init__(self, places: int) -> None:
        self.places = places
        self.now = 0
        """Periods heard."""
        self.sounding = 0
        """A bit for each group that was found anywhere in the latest period."""
        self._hear = library().bank_hear
        self._latest = 0
        self._columns: dict[tuple[float, ...], int] = {}
        """Of the vectors of all groups; one that several groups have is there once."""
        self._blocks: list[tuple[bool, list[Floats]]] = []
        """Whether its vectors are odd, and they."""
        self._weights: list[dict[int, float]] = []
        """What each column adds to each group: what makes the group's energy equal to the power of
        a period that just passes."""
        self._floors: list[float] = []
        self._within: list[int] = []
        self._asked: NDArray[np.bool_] = np.zeros((0, places), np.bool_)
        self._found: NDArray[np.uint8] = np.zeros((0, 0), np.uint8)
        self._sound: Floats = np.zeros((KEPT, places, PERIOD), np.float32)
        self._power: Floats = np.zeros((KEPT, places), np.float32)
        self._loud: NDArray[np.int64] = np.zeros(places, np.int64)
        self._row: Samples | None = None
        self._address: Any = None
        """Of the samples that were heard last: a mixer's are at the same place each time."""
        self._bank = ffi.new("bank *")
        self._bank.silence = PERIOD * amplitude(SILENCE_DBM0) ** 2 / 2
        self._sizes_changed()

    def _sizes_changed(self) -> None:
        """More vectors, groups or places: everything that is sized by them is made anew."""
        groups, places, octets = len(self._floors), self.places, -(-self.places // 8)
        more = places - self._power.shape[1]
        self._sound = np.pad(self._sound, ((0, 0), (0, more), (0, 0)))
        self._power = np.pad(self._power, ((0, 0), (0, more)))
        self._loud = np.pad(self._loud, (0, more))
        self._asked = np.pad(self._asked, ((0, groups - len(self._asked)), (0, more)))
        have = self._found.shape
        self._found = np.pad(self._found, ((0, groups - have[0]), (0, octets - have[1])))
        self._octets, self._width = octets, len(self._blocks) * _WIDE
        self._squares: Floats = np.zeros((places, self._width), np.float32)
        self._lay_out()
        bank = self._bank
        bank.places, bank.kept, bank.blocks = places, KEPT, len(self._blocks)
        bank.groups, bank.octets = groups, octets
        bank.sound, bank.power = pointer(self._sound, "float"), pointer(self._power, "float")
        bank.loud = pointer(self._loud, "int64_t")
        self._bits = bank.found = pointer(self._found, "uint8_t")
        self._along = bank.squares = pointer(self._squares, "float")
        self._choose()

    def _lay_out(self) -> None:
        """Say what the vectors and the groups are."""
        blocks, groups, bank = len(self._blocks), len(self._floors), self._bank
        self._odd = np.array([odd for odd, _ in self._blocks], np.uint8)
        self._basis: Floats = np.zeros((blocks, PERIOD // 2, _WIDE), np.float32)
        for block, (_, vectors) in enumerate(self._blocks):
            self._basis[block, :, : len(vectors)] = np.array(vectors).T
        self._matrix: Floats = np.zeros((groups, self._width), np.float32)
        for group, weights in enumerate(self._weights):
            self._matrix[group, [*weights]] = [*weights.values()]
        used = [sum({1 << column // _WIDE for column in weights}) for weights in self._weights]
        self._uses = np.array(used, np.uint64)
        self._needs = np.array(self._within, np.int32)
        bank.odd, bank.uses = pointer(self._odd, "uint8_t"), pointer(self._uses, "uint64_t")
        bank.basis, bank.within = pointer(self._basis, "float"), pointer(self._needs, "int32_t")
        bank.weights = pointer(self._matrix, "float")

    def _choose(self) -> None:
        """Say where each group is asked for."""
        floors = np.array(self._floors, np.float32).reshape(-1, 1)
        self._limits: Floats = np.where(self._asked, floors, _NEVER)
        self._looked = np.flatnonzero(self._asked.any(0)).astype(np.int32)
        bank = self._bank
        bank.looked_at, bank.looked = len(self._looked), pointer(self._looked, "int32_t")
        bank.limits = pointer(self._limits, "float")

    def measure(self, vectors: Vectors) -> list[int]:
        """Have a place's sound measured along these vectors from now on; gives their columns.

        Vectors are of 80 samples, of length 1, and read the same, or with the other sign, from
        their end. A place where no group is asked for is not measured. Raises ValueError for
        others.
        """
        columns = [self._column(vector) for vector in vectors]
        self._sizes_changed()
        return columns

    def judge(self, vectors: Vectors, pure: float, floor: float, within: int = -1) -> int:
        """Have it judged whether a period is hardly anything but this; gives the group's number.

        It is, when `pure` of its power lies along the vectors, which are at right angles to each
        other, and when they have `pure` of the power `floor`, too; and only where an earlier group
        `within` is found as well, if one is named.
        """
        self._weights.append({self._column(vector): 1 / pure for vector in vectors})
        self._floors.append(floor)
        self._within.append(within)
        self._sizes_changed()
        return len(self._floors) - 1

    def _column(self, vector: Sequence[float] | Floats) -> int:
        key = tuple(map(float, vector))
        if key not in self._columns:
            odd = _is_odd(np.array(key))
            open_ = (n for n, (kind, has) in enumerate(self._blocks)
                     if kind == odd and len(has) < _WIDE)  # fmt: skip
            block = next(open_, len(self._blocks))
            if block == len(self._blocks):
                self._blocks.append((odd, []))
            self._columns[key] = block * _WIDE + len(self._blocks[block][1])
            self._blocks[block][1].append(np.array(key[: PERIOD // 2], np.float32))
        return self._columns[key]

    def grow(self, places: int) -> None:
        """Have so many places, if there are fewer."""
        if places > self.places:
            self.places = places
            self._sizes_changed()

    def ask(self, groups: Sequence[int], place: int, on: bool) -> None:
        """Have these groups looked at in this place from the next period on, or no longer."""
        self._asked[list(groups), place] = on
        self._found[list(groups), place // 8] &= 0xFF ^ 1 << place % 8
        self._choose()

    def hear(self, heard: Samples, scripts: Sequence[tuple[int, Samples]] = ()) -> None:
        """Take one period of all slots, (slots, 80), and of the scripts' places, (80,) each."""
        self.now += 1
        self._latest = (self._latest + 1) % KEPT
        for place, row in scripts:
            self._sound[self._latest, place] = row
        if heard is not self._row:
            self._row = np.ascontiguousarray(heard, np.int16)
            self._address = pointer(self._row, "int16_t")
        self.sounding = checked(
            self._hear(self._bank, self._address, len(heard), self._latest, self.now)
        )

    def found(self, group: int) -> int:
        """The places where somebody asks for the group and the latest period is it, as bits."""
        if not self.sounding >> group & 1:
            return 0
        octets = ffi.buffer(self._bits + group * self._octets, self._octets)
        return int.from_bytes(octets, "little")

    def power(self, place: int, ago: int = 0) -> float:
        """Sum of squares of a place's latest period, or of one so many periods before; of KEPT."""
        return float(self._power[(self._latest - ago) % KEPT, place])

    def quiet(self, place: int) -> int:
        """For how many periods a place has been silent."""
        return self.now - int(self._loud[place])

    def squares(self, place: int, columns: Sequence[int]) -> list[float]:
        """The latest sound of a place that is looked at along these vectors, squared."""
        row = ffi.unpack(self._along + place * self._width, self._width)
        return [row[column] for column in columns]

    def latest(self, places: Sequence[int], periods: int) -> Floats:
        """The latest sound of some places, (places, periods x 80); at most KEPT periods."""
        kept = [(self._latest - ago) % KEPT for ago in range(periods - 1, -1, -1)]
        sound: Floats = np.concatenate([self._sound[at][list(places)] for at in kept], axis=1)
        return sound


def _is_odd(vector: NDArray[np.float64]) -> bool:
    """Whether it has the other sign from its end. Raises ValueError if it is no such vector."""
    ahead = vector @ vector[::-1]
    if abs(abs(ahead) - 1) > _EXACT:
        raise ValueError(f"a vector that is neither even nor odd, or not of length 1: {ahead:.6f}")
    return bool(ahead < 0)


def places_in(bits: int) -> list[int]:
    """The places that are the bits of a number, in ascending order."""
    places = []
    while bits:
        lowest = bits & -bits
        places.append(lowest.bit_length() - 1)
        bits ^= lowest
    return places


@cache
def band_vectors(lowest: float, highest: float, samples: int = PERIOD) -> Floats:
    """Vectors of so many samples that hold all sound between two frequencies (Hz) but for -34 dB.

    They are the main directions of many tones of that band, each at every phase; (vectors, samples)
    of length 1, at right angles to each other, each the same or with the other sign from its end.
    """
    time = 2 * np.pi * centred(samples) / SAMPLE_RATE
    angles = np.outer(np.linspace(lowest, highest, 64), time)
    halves = [np.linalg.svd(waves(angles), full_matrices=False) for waves in (np.cos, np.sin)]
    least = 0.02 * max(sizes.max() for _, sizes, _ in halves)
    found = np.concatenate([vectors[sizes > least] for _, sizes, vectors in halves])
    band: Floats = np.ascontiguousarray(found, np.float32)
    band.flags.writeable = False  # all who ask get the same
    return band


def centred(samples: int) -> NDArray[np.float64]:
    """Times of so many samples, in samples, from their middle on: cosines are even then."""
    times: NDArray[np.float64] = np.arange(samples, dtype=np.float64) - (samples - 1) / 2
    return times
