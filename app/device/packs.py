"""Sound packs: the prompts of a language as one squashfs on the data partition.

prompts/<language>-<version>.sqfs; the boot scripts mount the newest of each language at
/run/prompts/<language>, where the setting voicemail.sounds looks.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.core import files
from app.core.errors import DeviceError
from app.core.process import run

MOUNTED = Path("/run/prompts")
_NAME = re.compile(r"(?P<language>[a-z]{2})-(?P<version>[0-9]+(?:\.[0-9]+)*)\.sqfs")
_MAGIC = b"hsqs"
HOW = "ro,loop,nosuid,nodev,noexec"
"""How a pack is mounted: it is sound, whoever has made it."""
SAMPLE = "digits/1.wav"
"""A prompt that every pack has."""


@dataclass(frozen=True)
class Pack:
    """One pack on the data partition."""

    path: Path
    language: str
    version: str

    @property
    def order(self) -> tuple[int, ...]:
        """For comparing versions."""
        return tuple(int(part) for part in self.version.split("."))


def pack(path: Path) -> Pack:
    """The pack that a file's name tells. Raises DeviceError."""
    found = _NAME.fullmatch(path.name)
    if found is None:
        raise DeviceError(f"{path.name} is not named as packs are: en-1.6.1.sqfs")
    return Pack(path, found["language"], found["version"])


def packs(folder: Path) -> list[Pack]:
    """The packs that are here, by language, the newest of each first."""
    there = [pack(path) for path in folder.glob("*.sqfs") if _NAME.fullmatch(path.name)]
    return sorted(sorted(there, key=lambda p: p.order, reverse=True), key=lambda p: p.language)


def add(source: Path, folder: Path) -> Pack:
    """Check a pack, copy it here and take older ones of its language away. Raises DeviceError."""
    new = pack(source)
    with source.open("rb") as file:
        if file.read(4) != _MAGIC:
            raise DeviceError(f"{source.name} is no squashfs")
    if source.stat().st_size > shutil.disk_usage(folder).free:
        raise DeviceError(f"{source.name} does not fit on the data partition")
    with _looked_into(source) as inside:
        if not (inside / SAMPLE).is_file():
            raise DeviceError(f"{source.name} has no {SAMPLE}: it is not a pack of prompts")
    with source.open("rb") as file, files.replacing(folder / source.name) as copy:
        shutil.copyfileobj(file, copy)
    for old in packs(folder):
        if old.language == new.language and old.path.name != source.name:
            old.path.unlink()  # one that is mounted stays readable until it is unmounted
    return Pack(folder / source.name, new.language, new.version)


@contextmanager
def _looked_into(path: Path) -> Iterator[Path]:
    at = MOUNTED.with_name("prompts-check")
    at.mkdir(parents=True, exist_ok=True)
    run("mount", "-t", "squashfs", "-o", HOW, path, at)
    try:
        yield at
    finally:
        run("umount", at)


def mount(new: Pack, at: Path = MOUNTED) -> None:
    """Use a pack from now on; an older one of its language makes way."""
    place = at / new.language
    place.mkdir(parents=True, exist_ok=True)
    if place.is_mount():
        run("umount", "-l", place)  # lazily: a call may be playing from it
    run("mount", "-t", "squashfs", "-o", HOW, new.path, place)
