"""A USB stick to write a backup to or to read one from: found, mounted, and let go."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import DeviceError
from app.core.process import run

NAMED = re.compile(r"usb(?::(?P<label>[^/]+))?(?:/(?P<rest>.*))?")
"""usb/file: the only stick there is; usb:LABEL/file: the one with this label."""
MOUNT_AT = Path("/run/stick")


@dataclass(frozen=True)
class OnStick:
    """A file on a stick."""

    label: str | None
    name: str


def parse(text: str) -> OnStick | None:
    """What "usb…" means; None if the text is a path of this machine."""
    found = NAMED.fullmatch(text)
    return OnStick(found["label"], found["rest"] or "") if found else None


def sticks(sys: Path = Path("/sys"), dev: Path = Path("/dev")) -> list[Path]:
    """The file systems of all sticks: their partitions, or the whole stick if it has none."""
    found = []
    for disk in sorted((sys / "block").glob("sd*")):
        if "/usb" not in str(disk.resolve()):
            continue
        parts = sorted(folder.name for folder in disk.iterdir() if (folder / "partition").exists())
        found += [dev / name for name in parts or [disk.name]]
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
