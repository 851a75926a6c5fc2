"""What all detectors need of a period, computed for all lines at once: floats, power, tone energy.

A *place* is a row of the period: the slots of the frame come first, then the scripts that listen
in conferences. Each detector adds its basis: groups of vectors of one period. One product of all
vectors with all places then serves all detectors, and the energy of each group is read from
`energy`. As long as few places are listened to, only those are looked at.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from drivers.buses import Samples
from drivers.sampling import PERIOD, SAMPLE_RATE

Floats = NDArray[np.float32]
Vectors = Sequence[Sequence[float]] | Floats

KEPT = 8
"""Latest periods whose sound is kept."""


class ToneBank:
    """The latest period of all places, and how much of it lies along each group of vectors.

    `energy` and `pure` have a row for each group, and a column for each place.
    """

    def __init__(self, places: int) -> None:
        self.places = places
        self._kept: Floats = np.zeros((KEPT, places, PERIOD), np.float32)
        self._latest = 0
        self._basis: Floats = np.zeros((PERIOD, 0), np.float32)
        self._groups: Floats = np.zeros((0, 0), np.float32)
        self._measured_only = 0
        """Groups at the beginning whose periods are not judged."""
        self._limits: Floats = np.zeros((2, 0, 1), np.float32)
        self._asked: NDArray[np.bool_] = np.zeros((0, places), np.bool_)
        self._rows: NDArray[np.intp] | None = np.zeros(0, np.intp)
        self._changed = False
        self.energy: Floats = np.zeros((0, places), np.float32)
        """Sums of squares of the latest period along the group's vectors."""
        self.pure: NDArray[np.bool_] = np.zeros((0, places), np.bool_)
        """Where somebody asks for the group, and the period is hardly anything else."""
        self.power: Floats = np.zeros(places, np.float32)
        """Sum of squares of the latest period of each place."""

    def add(self, groups: Sequence[Vectors], pure: float, floor: float) -> slice:
        """Have these groups looked at from now on; gives their rows.

        Each group is of vectors (80,) of length 1, at right angles to each other. `pure` is the
        part of the period's power, and `floor` the power, that make the period one of the group's.
        A detector that is the first to come, and judges itself, says 0.
        """
        vectors = np.array([vector for group in groups for vector in group], np.float32)
        self._basis = np.ascontiguousarray(np.concatenate([self._basis, vectors.T], axis=1))
        column, first = self._groups.shape
        more = len(groups)
        self._groups = np.pad(self._groups, ((0, len(vectors)), (0, more)))
        for number, group in enumerate(groups, first):
            self._groups[column : column + len(group), number] = 1
            column += len(group)
        limits = np.array([[[pure]] * more, [[floor]] * more], np.float32)
        self._limits = np.concatenate([self._limits, limits], axis=1)
        self._asked = np.pad(self._asked, ((0, more), (0, 0)))
        if not pure and first == self._measured_only:
            self._measured_only += more
        self.energy = np.pad(self.energy, ((0, more), (0, 0)))
        self.pure = np.pad(self.pure, ((0, more), (0, 0)))
        return slice(first, first + more)

    def grow(self, places: int) -> None:
        """Have so many places, if there are fewer."""
        more = places - self.places
        if more <= 0:
            return
        self.places = places
        self._kept = np.pad(self._kept, ((0, 0), (0, more), (0, 0)))
        self._asked = np.pad(self._asked, ((0, 0), (0, more)))
        self.energy = np.pad(self.energy, ((0, 0), (0, more)))
        self.pure = np.pad(self.pure, ((0, 0), (0, more)))
        self.power = np.pad(self.power, (0, more))
        self._choose()

    def ask(self, rows: slice, place: int, on: bool) -> None:
        """Have these groups looked at in this place from the next period on, or no longer."""
        self._asked[rows, place] = on
        self.pure[rows, place] = False
        self._choose()

    def _choose(self) -> None:
        rows = np.flatnonzero(self._asked.any(0))
        # To pick rows costs as much as half of them: then all are looked at.
        self._rows = None if 2 * len(rows) > self.places else rows
        self._changed = True

    def hear(self, heard: Samples, scripts: Sequence[tuple[int, Samples]] = ()) -> None:
        """Take one period of all slots, (slots, 80), and of the scripts' places, (80,) each."""
        self._latest = (self._latest + 1) % KEPT
        sound = self._kept[self._latest]
        sound[: len(heard)] = heard
        for place, row in scripts:
            sound[place] = row
        if self._rows is None:
            self.power = np.vecdot(sound, sound)
            self.energy = self._energies(sound)
        else:
            self._hear_some(sound, self._rows)
        judged = self._measured_only
        purity, floor = self._limits[:, judged:]
        limit = np.maximum(self.power, floor)
        limit *= purity
        pure = self.energy[judged:] > limit
        pure &= self._asked[judged:]
        self.pure[judged:] = pure

    def _hear_some(self, sound: Floats, rows: NDArray[np.intp]) -> None:
        if self._changed:
            self._changed = False
            self.power = np.zeros(self.places, np.float32)
            self.energy = np.zeros(self._asked.shape, np.float32)
        if len(rows):
            some = sound[rows]
            self.power[rows] = np.vecdot(some, some)
            self.energy[:, rows] = self._energies(some)

    def _energies(self, sound: Floats) -> Floats:
        part = sound @ self._basis
        part *= part
        return np.ascontiguousarray((part @ self._groups).T, np.float32)

    def latest(self, places: Sequence[int], periods: int) -> Floats:
        """The latest sound of some places, (places, periods x 80); at most KEPT periods."""
        kept = [(self._latest - ago) % KEPT for ago in range(periods - 1, -1, -1)]
        sound: Floats = np.concatenate([self._kept[at][list(places)] for at in kept], axis=1)
        return sound


def band_vectors(lowest: float, highest: float, samples: int = PERIOD) -> Floats:
    """Vectors of so many samples that hold all sound between two frequencies (Hz) but for -34 dB.

    They are the main directions of many tones of that band, each at every phase; (vectors, samples)
    of length 1, at right angles to each other.
    """
    time = 2 * np.pi * np.arange(samples) / SAMPLE_RATE
    hertz = np.linspace(lowest, highest, 64)
    tones = np.concatenate([np.cos(np.outer(hertz, time)), np.sin(np.outer(hertz, time))])
    _, size, vectors = np.linalg.svd(tones, full_matrices=False)
    return np.ascontiguousarray(vectors[size > 0.02 * size[0]], np.float32)
