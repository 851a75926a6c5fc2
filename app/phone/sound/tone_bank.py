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
_NEVER = np.float32(np.inf)
"""Power that no period has."""


class ToneBank:
    """The latest period of all places, and how much of it lies along each group of vectors.

    `energy` and `pure` have a row for each group, and a column for each place. A group is measured,
    or it is judged: of one that is judged only `pure` says anything.
    """

    def __init__(self, places: int) -> None:
        self.places = places
        self._kept: Floats = np.zeros((KEPT, places, PERIOD), np.float32)
        self._latest = 0
        self._columns: dict[tuple[float, ...], int] = {}
        """Of the vectors of all groups; one that several groups have is there once."""
        self._basis: Floats = np.zeros((PERIOD, 0), np.float32)
        self._weights: Floats = np.zeros((0, 0), np.float32)
        """What each column adds to each group: 1, or what makes a judged group's energy equal to
        the power of a period that just passes."""
        self._floors: list[np.float32] = []
        self._asked: NDArray[np.bool_] = np.zeros((0, places), np.bool_)
        self._limits: Floats = np.zeros((0, places), np.float32)
        """The floor of each group where it is asked for and judged."""
        self._rows: NDArray[np.intp] | None = np.zeros(0, np.intp)
        self._changed = False
        self.energy: Floats = np.zeros((0, places), np.float32)
        """Sums of squares of the latest period along the group's vectors."""
        self.pure: NDArray[np.bool_] = np.zeros((0, places), np.bool_)
        """Where somebody asks for the group, and the period is hardly anything else."""
        self.power: Floats = np.zeros(places, np.float32)
        """Sum of squares of the latest period of each place; each period makes it anew."""
        self._sizes_changed()

    def _sizes_changed(self) -> None:
        """More groups or places; what the latest period had is kept for those before."""
        groups, places = len(self._floors), self.places
        (rows, columns) = self.energy.shape
        more = ((0, groups - rows), (0, places - columns))
        self._asked = np.pad(self._asked, more)
        self.energy, self.pure = np.pad(self.energy, more), np.pad(self.pure, more)
        self.power = np.pad(self.power, more[1])
        self._parts: Floats = np.zeros((places, len(self._columns)), np.float32)
        self._energies: Floats = np.zeros((places, groups), np.float32)
        self._least: Floats = np.zeros((groups, places), np.float32)
        self._choose()

    def add(self, groups: Sequence[Vectors], pure: float, floor: float) -> slice:
        """Have these groups looked at from now on; gives their rows.

        Each group is of vectors (80,) of length 1, at right angles to each other. `pure` is the
        part of the period's power, and `floor` the power, that make the period one of the group's.
        A detector that judges itself says 0.
        """
        first, more = len(self._floors), len(groups)
        members = [[self._column(vector) for vector in group] for group in groups]
        columns = len(self._columns)
        self._weights = np.pad(self._weights, ((0, columns - len(self._weights)), (0, more)))
        for number, group in enumerate(members, first):
            self._weights[group, number] = 1 / pure if pure else 1
        self._basis = np.array([*self._columns], np.float32).T.copy()
        self._floors += [np.float32(floor) if pure else _NEVER] * more
        self._sizes_changed()
        return slice(first, first + more)

    def _column(self, vector: Sequence[float] | Floats) -> int:
        return self._columns.setdefault(tuple(map(float, vector)), len(self._columns))

    def grow(self, places: int) -> None:
        """Have so many places, if there are fewer."""
        more = places - self.places
        if more <= 0:
            return
        self.places = places
        self._kept = np.pad(self._kept, ((0, 0), (0, more), (0, 0)))
        self._sizes_changed()

    def ask(self, rows: slice, place: int, on: bool) -> None:
        """Have these groups looked at in this place from the next period on, or no longer."""
        self._asked[rows, place] = on
        self.pure[rows, place] = False
        self._choose()

    def _choose(self) -> None:
        rows = np.flatnonzero(self._asked.any(0))
        # To pick rows costs as much as half of them: then all are looked at.
        self._rows = None if 2 * len(rows) > self.places else rows
        floors = np.array(self._floors, np.float32).reshape(-1, 1)
        self._limits = np.where(self._asked, floors, _NEVER)
        self._changed = True

    def hear(self, heard: Samples, scripts: Sequence[tuple[int, Samples]] = ()) -> None:
        """Take one period of all slots, (slots, 80), and of the scripts' places, (80,) each."""
        self._latest = (self._latest + 1) % KEPT
        sound = self._kept[self._latest]
        sound[: len(heard)] = heard
        for place, row in scripts:
            sound[place] = row
        if self._rows is None:
            # What a beat costs is calls more than numbers: so there are few, and no new memory.
            self.power = np.vecdot(sound, sound)
            np.matmul(sound, self._basis, out=self._parts)
            np.multiply(self._parts, self._parts, out=self._parts)
            np.matmul(self._parts, self._weights, out=self._energies)
            np.copyto(self.energy, self._energies.T)
        else:
            self._hear_some(sound, self._rows)
        np.maximum(self.power, self._limits, out=self._least)
        np.greater(self.energy, self._least, out=self.pure)

    def _hear_some(self, sound: Floats, rows: NDArray[np.intp]) -> None:
        if self._changed:
            self._changed = False
            self.energy[:] = 0
        self.power = np.zeros(self.places, np.float32)
        if len(rows):
            some = sound[rows]
            part = some @ self._basis
            part *= part
            self.power[rows] = np.vecdot(some, some)
            self.energy[:, rows] = (part @ self._weights).T

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
