"""A backup: one file that holds what a device would be missed for.

A tar archive [POSIX ustar] that begins with manifest.json: who made it, when, and the size and
SHA-256 of every file that follows. It holds the store, the owner's settings, keys, greetings and
what the device keeps of itself; not the logs, nor the prompts, nor what can be made again. Secrets
are in it: whoever has the file has the box.
"""

import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from app.config.paths import Paths
from app.core.errors import DeviceError
from app.store.snapshot import copy_store

PRODUCT, FORMAT = "switchhook-backup", 1
MANIFEST = "manifest.json"
STORE = "store/inbox.db"
FOLDERS = ("greetings", "keys", "etc")
FILES = ("settings.toml", "store/claim-code")
LEFT_OUT = ("etc/device.env", "etc/applied", "etc/clock", "etc/plans")
"""What follows from the rest, or is true of this moment only."""
SPARE = 1_000_000
PIECE = 1 << 20


@dataclass(frozen=True)
class Item:
    """One file of a backup."""

    name: str
    octets: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself."""

    version: str
    """Of the program that made it."""
    made_at: int
    """Seconds since 1970."""
    host: str
    files: tuple[Item, ...]

    def to_json(self) -> bytes:
        """As it lies in the file."""
        fields = {"product": PRODUCT, "format": FORMAT, **asdict(self)}
        return json.dumps(fields, indent=1).encode() + b"\n"


def make(paths: Paths, to: Path, version: str, host: str, now: float) -> Manifest:
    """Write a backup to the file `to`, while the box goes on working; `now` in seconds since 1970.

    The store is copied beside it first, so twice its size must be free there. Raises DeviceError,
    StoreFailed or OSError; what was at `to` before is then still there.
    """
    _must_fit(paths, to)
    copy, partial = to.with_name(to.name + ".store"), to.with_name(to.name + ".partial")
    try:
        copy_store(paths.database, copy)
        sources = {STORE: copy, **dict(_others(paths))}
        items = tuple(_item(name, path) for name, path in sources.items())
        manifest = Manifest(version, int(now), host, items)
        _write(partial, manifest, sources)
        partial.replace(to)
    finally:
        copy.unlink(missing_ok=True)
        partial.unlink(missing_ok=True)
    return manifest


def _must_fit(paths: Paths, to: Path) -> None:
    wal = paths.database.with_name(f"{paths.database.name}-wal")
    store = _size(paths.database) + _size(wal)
    others = sum(path.stat().st_size for _, path in _others(paths))
    needed, free = 2 * store + others + SPARE, shutil.disk_usage(to.parent).free
    if needed > free:
        raise DeviceError(
            f"{to.parent} has {free // 1_000_000} MB free; a backup needs {needed // 1_000_000} MB"
        )


def _size(path: Path) -> int:
    """Octets of a file; 0 if it is not there (SQLite takes its WAL away at any moment)."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _others(paths: Paths) -> Iterator[tuple[str, Path]]:
    names = [*FILES]
    for folder in FOLDERS:
        found = sorted((paths.var / folder).rglob("*"))
        names += [str(path.relative_to(paths.var)) for path in found]
    for name in names:
        path = paths.var / name
        made_again = name in LEFT_OUT or str(Path(name).parent) in LEFT_OUT
        if not made_again and path.is_file() and not path.is_symlink():
            yield name, path


def _item(name: str, path: Path) -> Item:
    with path.open("rb") as file:
        return Item(name, path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


def _write(partial: Path, manifest: Manifest, sources: dict[str, Path]) -> None:
    fd = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(fd, "wb") as file:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            header = manifest.to_json()
            archive.addfile(_member(MANIFEST, len(header), manifest), io.BytesIO(header))
            for item in manifest.files:
                with sources[item.name].open("rb") as source:
                    archive.addfile(_member(item.name, item.octets, manifest), source)
        file.flush()
        os.fsync(file.fileno())


def _member(name: str, octets: int, manifest: Manifest) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = octets, manifest.made_at, 0o600
    return info
