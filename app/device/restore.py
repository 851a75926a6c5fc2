"""Back from a backup: checked as a whole, laid beside what is there, and changed over at a start.

    restore/new/…    the files of the backup, verified
    restore/ready    from here on the next start changes over, before any service runs
    restore/old/…    what was there; removed when all is in its place

Every step of the change-over looks whether it is done, so a power cut in it only delays it.
"""

import hashlib
import json
import os
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from app.config.paths import Paths
from app.core.errors import DeviceError
from app.device.backup import (
    FILES,
    FOLDERS,
    FORMAT,
    MANIFEST,
    PIECE,
    PRODUCT,
    SPARE,
    STORE,
    Item,
    Manifest,
)
from app.store.snapshot import SnapshotFacts, examine

PLACES = ("store", "settings.toml", *FOLDERS)
"""What is changed over, each by a rename."""
LONGEST_MANIFEST = 1 << 22


@dataclass(frozen=True)
class Staged:
    """A verified backup, ready to be changed over to."""

    manifest: Manifest
    store: Path
    found: SnapshotFacts


def stage(paths: Paths, archive: Path) -> Staged:
    """Verify a backup and lay its files below restore/new; nothing that is in use is touched.

    Raises DeviceError, StoreFailed or SchemaTooNew; then nothing of it stays.
    """
    folder = paths.var / "restore"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        with archive.open("rb") as file, tarfile.open(fileobj=file, mode="r|") as tar:
            manifest = _read_manifest(tar)
            _must_fit(paths, manifest)
            _unpack(tar, manifest, folder / "new")
        _complete(folder / "new")
        found = examine(folder / "new" / STORE)
    except (tarfile.TarError, EOFError) as problem:
        shutil.rmtree(folder, ignore_errors=True)
        raise DeviceError(f"{archive.name} is no whole backup: {problem}") from problem
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Staged(manifest, folder / "new" / STORE, found)


def _read_manifest(tar: tarfile.TarFile) -> Manifest:
    first = tar.next()
    if first is None or first.name != MANIFEST or first.size > LONGEST_MANIFEST:
        raise DeviceError("this file is not a backup: it does not begin with a manifest")
    file = tar.extractfile(first)
    try:
        fields: dict[str, Any] = json.loads(file.read() if file else b"")
        if (fields["product"], fields["format"]) != (PRODUCT, FORMAT):
            raise DeviceError(
                f"the backup is of kind {fields['product']!r}, format {fields['format']!r};"
                f" this program reads {PRODUCT!r}, format {FORMAT}"
            )
        files = tuple(Item(str(f["name"]), int(f["octets"]), f["sha256"]) for f in fields["files"])
        manifest = Manifest(
            str(fields["version"]), int(fields["made_at"]), str(fields["host"]), files
        )
    except (ValueError, KeyError, TypeError) as problem:
        raise DeviceError(f"the backup's manifest is not understood: {problem!r}") from problem
    for item in files:
        if not _belongs(item.name):
            raise DeviceError(f"the backup holds {item.name!r}, which is no part of a backup")
    if STORE not in {item.name for item in files}:
        raise DeviceError("the backup holds no store")
    return manifest


def _belongs(name: str) -> bool:
    parts = Path(name).parts
    below = len(parts) > 1 and parts[0] in FOLDERS and not {"..", "."} & set(parts)
    return name in (STORE, *FILES) or below


def _must_fit(paths: Paths, manifest: Manifest) -> None:
    needed = sum(item.octets for item in manifest.files) + SPARE
    free = shutil.disk_usage(paths.var).free
    if needed > free:
        raise DeviceError(
            f"{free // 1_000_000} MB are free; the backup needs {needed // 1_000_000} MB"
        )


def _unpack(tar: tarfile.TarFile, manifest: Manifest, into: Path) -> None:
    for item in manifest.files:
        member = tar.next()
        if member is None or member.name != item.name or member.size != item.octets:
            raise DeviceError(f"the backup is cut off or mixed up at {item.name}")
        path = into / item.name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        source = tar.extractfile(member)
        if source is None or _copy(source, path) != item.sha256:  # type: ignore[arg-type]
            raise DeviceError(f"the backup is damaged: the checksum of {item.name} is wrong")
    if tar.next() is not None:
        raise DeviceError("the backup holds more than its manifest tells")


def _complete(new: Path) -> None:
    """What the backup does not have is to be empty, and not as it was before."""
    for folder in FOLDERS:
        (new / folder).mkdir(exist_ok=True)
    (new / "settings.toml").touch()


def _copy(source: BinaryIO, path: Path) -> str:
    digest = hashlib.sha256()
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        while piece := source.read(PIECE):
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def ready(paths: Paths) -> Path:
    """The mark that the next start changes over."""
    return paths.var / "restore" / "ready"


def commit(paths: Paths) -> None:
    """From here on it will be changed over, whatever happens."""
    os.sync()
    ready(paths).touch()
    os.sync()


def change_over(paths: Paths) -> bool:
    """Put a staged backup in paths, before any service runs; False if there is none."""
    if not ready(paths).exists():
        return False
    folder = paths.var / "restore"
    old, new = folder / "old", folder / "new"
    old.mkdir(exist_ok=True)
    for name in PLACES:
        if not (new / name).exists():
            continue  # done before a power cut, or not in the backup
        if (paths.var / name).exists():
            (paths.var / name).rename(old / name)
        (new / name).rename(paths.var / name)
    os.sync()
    ready(paths).unlink()
    shutil.rmtree(folder)
    return True
