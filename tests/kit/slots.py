"""Slots without a device: small contents, files as partitions, and a power that fails."""

import random
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from app.device.update.slots import FILES, SlotState
from app.device.update.slots_content import PAGE, Release, facts_page, padded
from app.device.update.slots_disk import BlockFile, Disk, Opener

SECTOR = 512
RELEASE = Release("0.1.0", 1_790_000_000, 4, 4)
SLOT_OCTETS = 4 << 20


def a_root(seed: int, octets: int = 40_000) -> bytes:
    """What U-Boot and the twin know of a squashfs: magic, octets used; else noise."""
    noise = random.Random(seed).randbytes(octets)
    return b"hsqs" + noise[4:0x28] + struct.pack("<Q", octets) + noise[0x30:]


def a_slot(
    seed: int,
    kernel: bytes | None = None,
    overlay: bytes = b"overlay",
    release: Release | None = RELEASE,
) -> bytes:
    """The content of a slot."""
    kernel = random.Random(-seed).randbytes(70_001) if kernel is None else kernel
    return (
        padded(a_root(seed), PAGE)
        + facts_page(kernel, overlay, release)
        + padded(kernel, SECTOR)
        + padded(overlay, SECTOR)
    )


@dataclass
class PlainDisk:
    """A disk whose partitions are files in a folder; slot A good and running."""

    folder: Path
    running: str = "A"
    open: Opener = BlockFile

    def __post_init__(self) -> None:
        (self.folder / "boot").mkdir(parents=True, exist_ok=True)
        for name in FILES:
            if not self.file(name).exists():
                self.file(name).write_bytes(SlotState(seq=int(name == FILES[0])).octets())
        for slot in ("A", "B"):
            if not self.slot(slot).exists():
                self.slot(slot).write_bytes(bytes(SLOT_OCTETS))

    def file(self, name: str) -> Path:
        """A file of the boot partition."""
        return self.folder / "boot" / name

    def slot(self, slot: str) -> Path:
        """A slot's partition."""
        return self.folder / f"slot{slot}"

    def fill(self, slot: str, content: bytes) -> None:
        """Put a content into a slot."""
        with BlockFile(self.slot(slot)) as file:
            file.write(0, content)

    def holds(self, slot: str, content: bytes) -> bool:
        """Whether a slot begins with this content."""
        return self.slot(slot).read_bytes()[: len(content)] == content

    def files(self) -> list[bytes | None]:
        """The state files' octets."""
        return [self.file(n).read_bytes() if self.file(n).exists() else None for n in FILES]

    @contextmanager
    def _boot(self, writable: bool) -> Iterator[Path]:
        yield self.folder / "boot"

    def disk(self) -> Disk:
        """As the product sees it."""
        slots = {slot: self.slot(slot) for slot in ("A", "B")}
        return Disk(self.running, slots, self._boot, self.open)


class PowerCut(Exception):
    """The power is gone."""


@dataclass
class Power:
    """Ends after so many octets written; what was not synced by then is lost sector by sector.

    Give `Power(...).file` to a disk as its opener.
    """

    octets: int
    seed: int = 0
    spent: int = 0
    marks: list[int] = field(default_factory=list)
    """Octets written before each write and each sync: the moments worth trying."""

    def file(self, path: Path) -> BlockFile:
        """Open a file on this power."""
        return _Powered(path, self)


class _Powered(BlockFile):
    """Sectors wait in `_unsynced` as in a page cache, until they are synced or the power ends."""

    def __init__(self, path: Path, power: Power) -> None:
        super().__init__(path)
        self._power = power
        self._before: dict[int, bytes] = {}

    def write(self, at: int, octets: bytes) -> None:
        power = self._power
        power.marks.append(power.spent)
        for first in range(at - at % SECTOR, at + len(octets), SECTOR):
            self._before.setdefault(first, self.read(first, SECTOR))
        left = power.octets - power.spent
        super().write(at, octets[: max(0, left)])
        power.spent += len(octets)
        if left < len(octets):
            self._cut()

    def sync(self) -> None:
        self._power.marks.append(self._power.spent)
        if self._power.spent >= self._power.octets:
            self._cut()
        self._before.clear()

    def _cut(self) -> None:
        chance = random.Random(self._power.seed * 1_000_003 + self._power.octets)
        for at, octets in self._before.items():
            if chance.random() < 0.5:
                super().write(at, octets)
        raise PowerCut
