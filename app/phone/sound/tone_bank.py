"""What all detectors need of a period, computed for all lines at once: floats, power, tone energy.

A *place* is a row of the period: the slots of the frame come first, then the scripts that listen
in conferences. Each detector adds vectors of one period. One product of all vectors with all places
then serves all detectors. What is asked of every place in every period is judged for all at once:
a *group* of vectors is found in a place when nearly all of the period's power lies along it. The
places in which a group was found are the bits of a number, with which detectors reckon on for less
than one operation of numpy costs. As long as few places are listened to, only those are looked at.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from drivers.buses import Samples
from drivers.sampling import PERIOD, SAMPLE_RATE

Floats = NDArray[np.float32]
Vectors = Sequence[Sequence[float]] | Floats

KEPT = 8
"""Latest periods whose sound is kept."""
_NEVER = np.float32(np.inf)
"""Power that no period has."""


class ToneBank:
    """The latest period of all places, and how much of it lies along each vector."""

    def __init__(self, places: int) -> None:
        self.places = places
        self._kept: Floats = np.zeros((KEPT, places, PERIOD), np.float32)
        self._latest = 0
        self._columns: dict[tuple[float, ...], int] = {}
        """Of the vectors of all groups; one that several groups have is there once."""
        self._basis: Floats = np.zeros((PERIOD, 0), np.float32)
        self._weights: Floats = np.zeros((0, 0), np.float32)
        """What each column adds to each group: what makes the group's energy equal to the power of
        a period that just passes."""
        self._floors: list[float] = []
        self._asked: NDArray[np.bool_] = np.zeros((0, places), np.bool_)
        self._limits: Floats = np.zeros((0, places), np.float32)
        """The floor of each group where it is asked for."""
        self._rows: NDArray[np.intp] | None = np.zeros(0, np.intp)
        self._found = 0
        """A bit for each place of the first group, then of the second, and so on."""
        self.power: Floats = np.zeros(places, np.float32)
        """Sum of squares of the latest period of each place; each period makes it anew."""
        self._sizes_changed()

    def _sizes_changed(self) -> None:
        """More groups or places."""
        groups, places = len(self._floors), self.places
        more = (0, places - len(self.power))
        self._asked = np.pad(self._asked, ((0, groups - len(self._asked)), more))
        self.power = np.pad(self.power, more)
        self._squares: Floats = np.zeros((places, len(self._columns)), np.float32)
        self._energies: Floats = np.zeros((groups, places), np.float32)
        self._least: Floats = np.zeros((groups, places), np.float32)
        self._pure: NDArray[np.bool_] = np.zeros((groups, places), np.bool_)
        self._choose()

    def measure(self, vectors: Vectors) -> NDArray[np.intp]:
        """Have a place's sound measured along these vectors from now on; gives their columns.

        Vectors are of 80 samples, and of length 1.
        """
        columns = [self._column(vector) for vector in vectors]
        self._basis = np.array([*self._columns], np.float32).T.copy()
        more = len(self._columns) - self._weights.shape[1]
        self._weights = np.pad(self._weights, ((0, 0), (0, more)))
        self._sizes_changed()
        return np.array(columns, np.intp)

    def judge(self, vectors: Vectors, pure: float, floor: float) -> int:
        """Have it judged whether a period is hardly anything but this; gives the group's number.

        It is, when `pure` of its power lies along the vectors, which are at right angles to each
        other, and when they have `pure` of the power `floor`, too.
        """
        columns = self.measure(vectors)
        weights = np.zeros((1, len(self._columns)), np.float32)
        weights[0, columns] = 1 / pure
        self._weights = np.concatenate((self._weights, weights))
        self._floors.append(floor)
        self._sizes_changed()
        return len(self._floors) - 1

    def _column(self, vector: Sequence[float] | Floats) -> int:
        return self._columns.setdefault(tuple(map(float, vector)), len(self._columns))

    def grow(self, places: int) -> None:
        """Have so many places, if there are fewer."""
        more = places - self.places
        if more <= 0:
            return
        found = [self.found(group) for group in range(len(self._floors))]
        self.places = places
        self._found = sum(bits << group * places for group, bits in enumerate(found))
        self._kept = np.pad(self._kept, ((0, 0), (0, more), (0, 0)))
        self._sizes_changed()

    def ask(self, groups: Sequence[int], place: int, on: bool) -> None:
        """Have these groups looked at in this place from the next period on, or no longer."""
        self._asked[list(groups), place] = on
        for group in groups:
            self._found &= ~(1 << group * self.places + place)
        self._choose()

    def _choose(self) -> None:
        rows = np.flatnonzero(self._asked.any(0))
        # To pick rows costs as much as half of them: then all are looked at.
        self._rows = None if 2 * len(rows) > self.places else rows
        floors = np.array(self._floors, np.float32).reshape(-1, 1)
        self._limits = np.where(self._asked, floors, _NEVER)

    def hear(self, heard: Samples, scripts: Sequence[tuple[int, Samples]] = ()) -> None:
        """Take one period of all slots, (slots, 80), and of the scripts' places, (80,) each."""
        self._latest = (self._latest + 1) % KEPT
        sound = self._kept[self._latest]
        sound[: len(heard)] = heard
        for place, row in scripts:
            sound[place] = row
        # What a beat costs is calls more than numbers: so there are few, and no new memory.
        self.power = np.vecdot(sound, sound)
        if self._rows is None:
            np.matmul(sound, self._basis, out=self._squares)
            np.multiply(self._squares, self._squares, out=self._squares)
        elif len(self._rows):
            part = sound[self._rows] @ self._basis
            part *= part
            self._squares[self._rows] = part
        else:
            return
        np.matmul(self._weights, self._squares.T, out=self._energies)
        np.maximum(self.power, self._limits, out=self._least)
        np.greater(self._energies, self._least, out=self._pure)
        octets = np.packbits(self._pure.reshape(-1), bitorder="little").tobytes()
        self._found = int.from_bytes(octets, "little")

    def found(self, group: int) -> int:
        """The places where somebody asks for the group and the latest period is it, as bits."""
        return self._found >> group * self.places & (1 << self.places) - 1

    def squares(self, place: int, columns: NDArray[np.intp]) -> Floats:
        """The latest sound of a place that is looked at along these vectors, squared."""
        found: Floats = self._squares[place, columns]
        return found

    def latest(self, places: Sequence[int], periods: int) -> Floats:
        """The latest sound of some places, (places, periods x 80); at most KEPT periods."""
        kept = [(self._latest - ago) % KEPT for ago in range(periods - 1, -1, -1)]
        sound: Floats = np.concatenate([self._kept[at][list(places)] for at in kept], axis=1)
        return sound


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
    of length 1, at right angles to each other.
    """
    time = 2 * np.pi * np.arange(samples) / SAMPLE_RATE
    hertz = np.linspace(lowest, highest, 64)
    tones = np.concatenate([np.cos(np.outer(hertz, time)), np.sin(np.outer(hertz, time))])
    _, size, vectors = np.linalg.svd(tones, full_matrices=False)
    band: Floats = np.ascontiguousarray(vectors[size > 0.02 * size[0]], np.float32)
    band.flags.writeable = False  # all who ask get the same
    return band
