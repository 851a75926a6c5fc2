"""The disk this system was started from: its slots, and the boot partition with the slot state."""

import fcntl
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.core.process import run
from app.core.sentences import N_, sentence
from app.device.update.errors import NoSlots, UpdateError, WriteFailed
from app.device.update.slots import FILE_OCTETS, FILES, SlotState, newest, parse
from app.device.update.slots_content import Content, look

PARTITIONS = {"A": 2, "B": 3}
BOOT_PARTITION = 1

_SLOT = re.compile(r"\bswitchhook\.slot=([AB])\b")


class BlockFile:
    """A partition or a file, written at any place; what is synced survives a power cut."""

    def __init__(self, path: Path) -> None:
        """Open it for writing; made if missing. Raises OSError."""
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def write(self, at: int, octets: bytes) -> None:
        """Write all of these octets at an offset."""
        view = memoryview(octets)
        while view:
            done = os.pwrite(self._fd, view, at)
            at, view = at + done, view[done:]

    def sync(self) -> None:
        """Return when all that was written is on the medium, and forget what is cached of it."""
        os.fsync(self._fd)
        os.posix_fadvise(self._fd, 0, 0, os.POSIX_FADV_DONTNEED)

    def read(self, at: int, octets: int) -> bytes:
        """Octets from an offset; fewer at the end."""
        return os.pread(self._fd, octets, at)

    def size(self) -> int:
        """How much it holds."""
        return os.lseek(self._fd, 0, os.SEEK_END)

    def close(self) -> None:
        """Close it."""
        os.close(self._fd)

    def __enter__(self) -> "BlockFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


Opener = Callable[[Path], BlockFile]


@dataclass(frozen=True)
class Disk:
    """Where the slots are. `boot(True)` is the folder of the boot partition, made writable."""

    running: str
    slots: Mapping[str, Path]
    boot: Callable[[bool], AbstractContextManager[Path]]
    open: Opener = BlockFile

    @property
    def other(self) -> str:
        """The slot that does not run."""
        return "B" if self.running == "A" else "A"

    def content(self, slot: str) -> Content | None:
        """What is in a slot; None if it could not be started."""
        return look(self.slots[slot])

    def state(self) -> SlotState:
        """The slot state that counts."""
        with self.boot(False) as folder:
            return newest(_files(folder))[0]

    def write(self, change: Callable[[SlotState], SlotState]) -> SlotState:
        """Put the state that follows from the present one into the spare file.

        Raises WriteFailed if it does not read back; then the present one still counts.
        """
        with self.boot(True) as folder:
            state, spare = newest(_files(folder))
            after = change(state)
            with self.open(folder / FILES[spare]) as file:
                file.write(0, after.octets())
                file.sync()
                if parse(file.read(0, FILE_OCTETS)) != after:
                    text = N_("%(file)s does not read back as it was written")
                    raise WriteFailed(sentence(text, file=FILES[spare]))
        return after


def _files(folder: Path) -> list[bytes | None]:
    return [_read(folder / name) for name in FILES]


def _read(path: Path) -> bytes | None:
    """A file's octets; None if it is missing or the card cannot give it."""
    try:
        return path.read_bytes()
    except OSError:
        return None


def find(
    mount_at: Path, proc: Path = Path("/proc"), sys: Path = Path("/sys"), dev: Path = Path("/dev")
) -> Disk:
    """The disk of the running system, found by the kernel's command line and the root's device.

    The boot partition is mounted at `mount_at` while it is used. Raises NoSlots.
    """
    slot = _SLOT.search((proc / "cmdline").read_text())
    if slot is None:
        raise NoSlots(
            sentence(
                "this system was not started by the slot loader (the kernel's command line has no"
                " switchhook.slot), so there are no slots to update"
            )
        )
    places = _partitions(proc, sys, dev)
    wanted = {BOOT_PARTITION, *PARTITIONS.values()}
    if not wanted <= set(places):
        missing = ", ".join(map(str, sorted(wanted - set(places))))
        text = N_("the disk that the root came from lacks partition %(missing)s")
        raise NoSlots(sentence(text, missing=missing))
    return disk_of(places, slot[1], mount_at, proc)


def disk_of(places: Mapping[int, Path], running: str, mount_at: Path, proc: Path) -> Disk:
    """The disk with these partitions, by number."""
    fat = _BootPartition(places[BOOT_PARTITION], mount_at, proc)
    return Disk(running, {slot: places[n] for slot, n in PARTITIONS.items()}, fat.opened)


def _partitions(proc: Path, sys: Path, dev: Path) -> dict[int, Path]:
    """The device of each partition of the root's disk, by number."""
    root = _root_device(proc)
    here = (sys / "dev" / "block" / root).resolve()
    return {
        int((folder / "partition").read_text()): dev / folder.name
        for folder in here.parent.iterdir()
        if (folder / "partition").is_file()
    }


def _root_device(proc: Path) -> str:
    """major:minor of what is mounted at / [proc(5), mountinfo: fields 3 and 5]."""
    for line in (proc / "self" / "mountinfo").read_text().splitlines():
        fields = line.split()
        if fields[4] == "/" and not fields[2].startswith("0:"):
            return fields[2]
    raise NoSlots(sentence("the root file system lies on no disk"))


class _BootPartition:
    """The FAT with the slot state: mounted for as long as it is needed, if nobody else has."""

    def __init__(self, device: Path, mount_at: Path, proc: Path) -> None:
        self._device, self._mount_at, self._proc = device, mount_at, proc

    @contextmanager
    def opened(self, writable: bool) -> Iterator[Path]:
        """Its folder."""
        how = "rw,sync" if writable else "ro"
        mounted = self._mounted()
        if mounted is not None:
            folder, is_writable = mounted
            if writable and not is_writable:
                with _undone(("mount", "-o", "remount,rw,sync", folder),
                             ("mount", "-o", "remount,ro", folder)):  # fmt: skip
                    yield folder
            else:
                yield folder
            return
        self._mount_at.mkdir(parents=True, exist_ok=True)
        options = f"{how},noatime,umask=077"
        with _undone(("mount", "-t", "vfat", "-o", options, self._device, self._mount_at),
                     ("umount", self._mount_at)):  # fmt: skip
            yield self._mount_at

    def _mounted(self) -> tuple[Path, bool] | None:
        for line in (self._proc / "self" / "mounts").read_text().splitlines():
            device, folder, _, options = line.split()[:4]
            if device == str(self._device):
                return Path(folder), "rw" in options.split(",")
        return None


@contextmanager
def _undone(do: tuple[str | Path, ...], undo: tuple[str | Path, ...]) -> Iterator[None]:
    run(*do)
    try:
        yield
    finally:
        run(*undo)


@contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Hold the lock of updates. Raises UpdateError if another command has it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            raise UpdateError(
                sentence("another update command is at work; wait for its end")
            ) from problem
        yield
