"""What strace wrote (-f -y, perhaps -ttt), read back: calls, their beginnings and ends, and proofs.

A call that another thread's line interrupts comes in two lines, "<unfinished ...>" and "<... name
resumed>". Moments are line numbers: a line is written when its call begins or when it ends.
"""

import codecs
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_LINE = re.compile(r"(\d+) +(?:\d+\.\d+ )?(?:<\.\.\. (\w+) resumed>|(\w+)\()(.*)")
_UNFINISHED = re.compile(r" <(unfinished|detached) \.\.\.>$")
_RESULT = re.compile(r"\) += (-?\d+|\?)")
_OCTETS = re.compile(r', "((?:[^"\\]|\\.)*)"((?:\.\.\.)?), ')
_FILE = re.compile(r"(\d+)<([^>]*)>")


@dataclass
class Call:
    """One system call."""

    name: str
    text: str
    """Its arguments, and its result once it has ended."""
    begun: int
    ended: int | None = None
    thread: int = 0
    """Who called."""

    @property
    def descriptor(self) -> tuple[int, str]:
        """(number, path or socket) of its first argument."""
        found = _FILE.match(self.text)
        return (int(found[1]), found[2]) if found else (-1, "")

    @property
    def result(self) -> int | None:
        """What it returned; None if it never did."""
        found = list(_RESULT.finditer(self.text))
        return int(found[-1][1]) if found and found[-1][1] != "?" else None

    @property
    def numbers(self) -> list[int]:
        """The numbers at the end of its arguments: of pwrite64, count and offset."""
        arguments = _RESULT.split(self.text)[0]
        return [int(word) for word in arguments.split(", ") if word.isdigit()]


def read_calls(trace: Path) -> list[Call]:
    """Every call of a trace, in the order of their beginnings."""
    calls: list[Call] = []
    open_: dict[tuple[str, str], Call] = {}
    for moment, line in enumerate(trace.read_text(errors="replace").splitlines()):
        found = _LINE.match(line)
        if found is None:
            continue
        process, resumed, name, rest = found.groups()
        if resumed:
            call = open_.pop((process, resumed))
            call.text += rest
            call.ended = moment
        elif _UNFINISHED.search(rest):
            calls.append(Call(name, _UNFINISHED.sub("", rest), moment, None, int(process)))
            open_[process, name] = calls[-1]
        else:
            calls.append(Call(name, rest, moment, moment, int(process)))
    return calls


@dataclass(frozen=True)
class Promise:
    """An answer, what it answered, and the syncs of the WAL that lie between the two."""

    answer: Call
    question: Call
    syncs: int


def promises(calls: Iterable[Call], asked: str, answered: str) -> list[Promise]:
    """Every answer sent that begins like `answered` to what ended with `asked`.

    A sync counts if it began after the question had arrived and had succeeded before the answer was
    sent.
    """
    calls = list(calls)
    syncs = [
        call
        for call in calls
        if call.name == "fdatasync" and call.descriptor[1].endswith("-wal") and call.result == 0
    ]
    last: dict[tuple[int, str], Call] = {}
    heard: dict[tuple[int, str], str] = {}  # a question may come in two pieces
    found: list[Promise] = []
    for call in calls:
        if call.name == "recvfrom" and call.result:
            last[call.descriptor] = call
            heard[call.descriptor] = heard.get(call.descriptor, "")[-40:] + _carried(call)
        elif (
            call.name == "sendto"
            and _carried(call).startswith(answered)
            and heard.get(call.descriptor, "").endswith(asked)
        ):
            question = last[call.descriptor]
            between = sum(_between(question, sync, call) for sync in syncs)
            found.append(Promise(call, question, between))
    return found


def _carried(call: Call) -> str:
    """The octets of a call as strace writes them, "..." at the end if it has left some out."""
    found = _OCTETS.search(call.text)
    return found[1] + found[2] if found else ""


def carried(call: Call) -> bytes:
    """The octets of a call, in full. Raises AssertionError if strace has left some out."""
    found = _OCTETS.search(call.text)
    assert found and not found[2], f"not all octets of {call.text[:200]}"
    return codecs.escape_decode(found[1].encode())[0]


def _between(question: Call, sync: Call, answer: Call) -> bool:
    assert question.ended is not None and sync.ended is not None
    return question.ended < sync.begun and sync.ended < answer.begun


CELL = 8  # octets: SQLite writes nothing smaller or otherwise aligned
SECTOR = 512 // CELL  # a disk writes whole sectors, or garbage
SAFE, LOST = 0, np.iinfo(np.uint32).max  # LOST is later than any moment


class Disk:
    """What of a file is on the disk for certain, if the power fails at the end of a trace.

    A cell is safe, or holds the moment of a write that no sync has followed, or is lost: a sync of
    it has failed, and the kernel then takes it for clean and never writes it. What another thread
    has written is not lost by that: where a disk really fails, its own sync is told so, too
    [Linux since 4.13, errseq_t], and here no sync has failed but the one that strace has spoilt.
    """

    def __init__(self) -> None:
        self._cells = np.zeros(0, np.uint32)
        self._writers = np.zeros(0, np.uint32)

    def write(self, offset: int, count: int, moment: int, thread: int) -> None:
        """Octets were handed to the kernel."""
        first, end = offset // CELL, -(-(offset + count) // CELL)
        if end > len(self._cells):
            more = np.zeros(end - len(self._cells) + (1 << 16), np.uint32)
            self._cells = np.concatenate((self._cells, more))
            self._writers = np.concatenate((self._writers, more))
        self._cells[first:end] = moment + 1
        self._writers[first:end] = thread

    def sync(self, moment: int, worked: bool, thread: int) -> None:
        """A sync of this thread that began at this moment has ended."""
        cells = self._cells
        waiting = (cells != SAFE) & (cells <= moment)
        if worked:
            cells[waiting] = SAFE
        else:
            cells[waiting & (self._writers == thread)] = LOST

    def truncate(self, size: int) -> None:
        """What is beyond the end cannot be lost."""
        self._cells[-(-size // CELL) :] = SAFE

    @property
    def doubtful(self) -> bool:
        """Whether anything is not safe: else every cut leaves the same."""
        return bool(self._cells.any())

    @property
    def doubtful_cells(self) -> np.ndarray:
        """The numbers of all cells that are not safe, in their order."""
        return np.flatnonzero(self._cells)

    def tear(self, file: Path, dice: random.Random) -> int:
        """Let every sector that is not safe be written, zero or garbage; the octets in doubt.

        `file` may be a copy: one trace can end in many ways.
        """
        octets = bytearray(file.read_bytes())
        doubtful = np.flatnonzero(self._cells)
        for sector in np.unique(doubtful // SECTOR):
            mine = doubtful[doubtful // SECTOR == sector] * CELL
            how = dice.choice(("written", "zero", "garbage"))
            for at in mine[mine + CELL <= len(octets)] if how != "written" else ():
                octets[at : at + CELL] = bytes(CELL) if how == "zero" else dice.randbytes(CELL)
        file.write_bytes(octets)
        return len(doubtful) * CELL


FILE_CALLS = "fdatasync,fsync,pwrite64,ftruncate"
"""What a trace must hold for cut_power."""


def cut_power(calls: Iterable[Call], files: Iterable[Path], dice: random.Random) -> int:
    """After a kill: take from the files what only the page cache has kept; how many octets."""
    disks = follow(calls, files)
    return sum(disk.tear(file, dice) for file, disk in disks.items() if file.exists())


def follow(calls: Iterable[Call], files: Iterable[Path]) -> dict[Path, Disk]:
    """What of these files is on the disk at the end of a trace."""
    disks = {file: Disk() for file in files}
    by_name = {str(file): disk for file, disk in disks.items()}
    for moment, call, ending in moments(calls):
        disk = by_name.get(call.descriptor[1])
        if disk is not None:
            _follow(disk, call, moment, ending)
    return disks


def moments(calls: Iterable[Call]) -> Iterator[tuple[int, Call, bool]]:
    """(moment, call, whether it ends then) in the order of time."""
    events = []
    for call in calls:
        events.append((call.begun, call, False))
        if call.ended is not None:
            events.append((call.ended, call, True))
    return iter(sorted(events, key=lambda found: (found[0], found[2])))


def _follow(disk: Disk, call: Call, moment: int, ending: bool) -> None:
    failed = call.result is not None and call.result < 0
    if call.name == "pwrite64" and not ending and not failed:
        count, offset = call.numbers[-2:]
        disk.write(offset, count, moment, call.thread)
    elif call.name in ("fdatasync", "fsync") and ending and call.result is not None:
        disk.sync(call.begun, not failed, call.thread)
    elif call.name == "ftruncate" and ending and not failed:
        disk.truncate(call.numbers[-1])
