"""A power cut at any instant of a round, not only at its end.

strace has written down every write and every sync with its time and its octets, and Promises what
was asked and answered when. From both follows, for any instant, what a disk could hold after a
power cut, and what the box must then have of what it had acknowledged.
"""

import random
import re
import shutil
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from tests.kit.killing import House
from tests.kit.syscalls import CELL, SECTOR, Call, Disk, carried, moments
from tests.soak.promises import Promises

OCTETS = 1 << 21
"""What strace is to write down of one call: whole pieces of the WAL."""
_TIME = re.compile(r"^\d+ +(\d+\.\d+) ", re.MULTILINE)


class Image:
    """A file as the kernel shows it, and what of it is on the disk."""

    def __init__(self, file: Path) -> None:
        self.now = bytearray(file.read_bytes() if file.exists() else b"")
        self._safe = bytearray(self.now)
        self._disk = Disk()
        self._syncs: dict[int, tuple[np.ndarray, bytes, int]] = {}

    def follow(self, call: Call, moment: int, ending: bool) -> None:
        """Take what a call has done at its beginning or at its end; none of them may fail."""
        if call.name == "pwrite64" and not ending:
            self._write(call.numbers[-1], carried(call), moment, call.thread)
        elif call.name in ("fdatasync", "fsync") and not ending:
            cells = self._doubtful()
            self._syncs[call.begun] = cells, _taken(self.now, cells), len(self.now)
        elif call.name in ("fdatasync", "fsync") and call.result == 0:
            self._synced(*self._syncs.pop(call.begun))
            self._disk.sync(call.begun, True, call.thread)
        elif call.name == "ftruncate" and ending and call.result == 0:
            size = call.numbers[-1]
            self._disk.truncate(size)
            self.now[size:] = bytes(max(0, size - len(self.now)))

    def torn(self, dice: random.Random) -> bytes:
        """What the disk could hold: each doubtful sector written, as before, zero or garbage.

        The file's length, too, is the one of now or the one that was synced.
        """
        octets = bytearray(self.now)
        doubtful = self._doubtful()
        for sector in np.unique(doubtful // SECTOR):
            mine = doubtful[doubtful // SECTOR == sector]
            how = dice.choice(("written", "before", "before", "zero", "garbage"))
            if how == "before":
                _put(octets, mine, _taken(self._safe, mine))
            elif how != "written":
                size = len(mine) * CELL
                _put(octets, mine, bytes(size) if how == "zero" else dice.randbytes(size))
        before = len(self._safe)
        if len(octets) > before and dice.random() < 0.3:
            del octets[before:]
        elif len(octets) < before and dice.random() < 0.3:
            octets += self._safe[len(octets) :]
        return bytes(octets)

    def _write(self, offset: int, octets: bytes, moment: int, thread: int) -> None:
        missing = offset + len(octets) - len(self.now)
        if missing > 0:
            self.now += bytes(missing)
        self.now[offset : offset + len(octets)] = octets
        self._disk.write(offset, len(octets), moment, thread)

    def _doubtful(self) -> np.ndarray:
        cells = self._disk.doubtful_cells
        return cells[cells * CELL < len(self.now)]

    def _synced(self, cells: np.ndarray, octets: bytes, size: int) -> None:
        self._safe[size:] = bytes(max(0, size - len(self._safe)))
        _put(self._safe, cells, octets)


def _taken(octets: bytearray, cells: np.ndarray) -> bytes:
    """The octets of these cells, one after the other; beyond the end they are zero."""
    return b"".join(bytes(octets[at : at + CELL]).ljust(CELL, b"\0") for at in cells * CELL)


def _put(octets: bytearray, cells: np.ndarray, values: bytes) -> None:
    """The reverse; what lies beyond the end is left out."""
    for number, at in enumerate(cells * CELL):
        room = max(0, min(CELL, len(octets) - at))
        octets[at : at + room] = values[number * CELL : number * CELL + room]


class Instants:
    """The disks of one round: made before it begins, cut after it has ended."""

    def __init__(self, house: House) -> None:
        self._house = house
        database = house.paths.database
        self._images = {
            file: Image(file) for file in (database, database.with_name(database.name + "-wal"))
        }

    def cut(
        self, calls: list[Call], promises: Promises, since: float, count: int, dice: random.Random
    ) -> int:
        """Cut the power at so many instants after `since`; how many disks were looked at.

        Raises AssertionError if one of them has not kept what was promised by then.
        """
        times = [float(found) for found in _TIME.findall(self._house.trace.read_text())]
        first = bisect_left(times, since)
        if first >= len(times):
            return 0
        chosen = sorted(dice.randrange(first, len(times)) for _ in range(count))
        copy = self._copy()
        for moment in self._walk(moments(calls), chosen):
            self._look(copy, promises.at(times[moment]), dice)
        self._compare(calls)
        return len(chosen)

    def _compare(self, calls: list[Call]) -> None:
        """The images have become what the files are, but for what was under way at the kill."""
        cut_off = {call.descriptor[1] for call in calls if call.result is None}
        for file, image in self._images.items():
            if file.exists() and str(file) not in cut_off:
                assert image.now == file.read_bytes(), f"{file} was written by who was not watched"

    def _walk(self, events: Iterable[tuple[int, Call, bool]], chosen: list[int]) -> Iterator[int]:
        """Stop before each chosen line of the trace, with the images as they were then."""
        left = list(reversed(chosen))
        by_name = {str(file): image for file, image in self._images.items()}
        for moment, call, ending in events:
            while left and left[-1] <= moment:
                yield left.pop()
            image = by_name.get(call.descriptor[1])
            if image is not None:
                image.follow(call, moment, ending)
        yield from reversed(left)

    def _copy(self) -> House:
        var = self._house.var.with_name(self._house.var.name + "-instant")
        shutil.rmtree(var, ignore_errors=True)
        left = shutil.ignore_patterns("trace", "*.log", "inbox.db*", "notices", "run", "logs")
        shutil.copytree(self._house.var, var, ignore=left)
        return House(var)

    def _look(self, copy: House, promises: Promises, dice: random.Random) -> None:
        database = copy.paths.database
        for file in database.parent.glob("inbox.db*"):
            file.unlink()
        for file, image in self._images.items():
            database.with_name(file.name).write_bytes(image.torn(dice))
        box = copy.restarted()
        try:
            assert box.db.pragma("integrity_check") == "ok"
            promises.settle(box)
        finally:
            box.db.close()
