"""A USB stick to write a backup to or to read one from: found, mounted, and let go."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import DeviceError
from app.core.process import run

NAMED = re.compile(r"usb(?::(?P<label>[^/]+))?(?:/(?P<rest>.*))?")
"""usb/file: the only stick there is; usb:LABEL/file: the one with this label."""
MOUNT_AT = Path("/run/stick")
EFI_SYSTEM = frozenset({"c12a7328-f81f-11d2-ba4b-00a0c93ec93b", "0xef"})
"""Types, in a GPT and in an MBR, of a partition that is a firmware's own [UEFI 2.10, 5.2.2, 5.3.3].
macOS puts an empty one before the partition that it formats."""


@dataclass(frozen=True)
class OnStick:
    """A file on a stick."""

    label: str | None
    name: str


def parse(text: str) -> OnStick | None:
    """What "usb…" means; None if the text is a path of this machine."""
    found = NAMED.fullmatch(text)
    return OnStick(found["label"], found["rest"] or "") if found else None


def partition_type(device: Path) -> str:
    """The type of a partition as blkid writes it; empty if it does not know."""
    try:
        return run("blkid", "-p", "-s", "PART_ENTRY_TYPE", "-o", "value", device).strip().lower()
    except DeviceError:  # exit code 2: nothing found [blkid(8)]
        return ""


def sticks(
    sys: Path = Path("/sys"),
    dev: Path = Path("/dev"),
    type_of: Callable[[Path], str] = partition_type,
) -> list[Path]:
    """The file systems of all sticks: their partitions, or the whole stick if it has none.

    A partition for a firmware is none of them, if there is another one.
    """
    found = []
    for disk in sorted((sys / "block").glob("sd*")):
        if "/usb" not in str(disk.resolve()):
            continue
        parts = sorted(folder.name for folder in disk.iterdir() if (folder / "partition").exists())
        devices = [dev / name for name in parts or [disk.name]]
        if len(devices) > 1:
            devices = [part for part in devices if type_of(part) not in EFI_SYSTEM] or devices
        found += devices
    return found


def find(label: str | None) -> Path:
    """The stick meant. Raises DeviceError naming what is there."""
    there = sticks()
    if label is not None:
        try:
            device = Path(run("findfs", f"LABEL={label}").strip())
        except DeviceError as problem:
            raise DeviceError(f"no stick here has the label {label}") from problem
        if device not in there:
            raise DeviceError(f"{device} has the label {label}, but it is no USB stick")
        return device
    if len(there) != 1:
        names = ", ".join(map(str, there)) or "none"
        raise DeviceError(f"one USB stick is needed, there are: {names}; usb:LABEL/… names one")
    return there[0]


@contextmanager
def mounted(device: Path, writable: bool, at: Path = MOUNT_AT) -> Iterator[Path]:
    """The stick's folder; all that was written is on it when this ends."""
    at.mkdir(parents=True, exist_ok=True)
    how = "rw" if writable else "ro"
    run("mount", "-o", f"{how},noatime,nodev,nosuid,noexec", device, at)
    try:
        yield at
    finally:
        run("umount", at)
