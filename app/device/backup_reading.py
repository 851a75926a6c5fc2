"""Reading a backup from its first octet to its last: the seal, the manifest, every checksum.

Nothing is written here: `keep` is given each file of the owner's and says what it has read, so that
a restore lays it down and a verification only counts.
"""

import hashlib
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from app.core.errors import DeviceError
from app.core.records import parse_json
from app.device.backup import (
    CHECKSUM,
    DATA,
    FORMAT,
    MANIFEST,
    PIECE,
    PRODUCT,
    STORE,
    Item,
    Manifest,
    checksum,
)
from app.device.sealing import MAGIC, Keys, Opener, is_sealed

LONGEST_MANIFEST = 1 << 22

Keep = Callable[[Item, BinaryIO], str]
"""Reads one file of a backup to its end; the SHA-256 of what it has read, in hexadecimal digits."""


@dataclass(frozen=True)
class Contents:
    """What a backup holds, read to its end."""

    manifest: Manifest
    left_out: tuple[str, ...]
    """What of it is no data of the owner's, a text each."""


def read(
    file: BinaryIO,
    keys: Keys,
    keep: Keep,
    may_be_unsealed: bool,
    begun: Callable[[Manifest], None] = lambda manifest: None,
) -> Contents:
    """Read a backup to its end; `begun` is told of its manifest before any file.

    Raises DeviceError in words if it is not whole, not as it was written, or not to be opened.
    """
    sealed = is_sealed(file.read(len(MAGIC)))
    file.seek(0)
    if not sealed and not may_be_unsealed:
        _must_be_backup(file)
        raise DeviceError(
            "this backup is not sealed: anybody who had the file may have changed it; if you are"
            " sure of it, --unsealed takes it"
        )
    source = Opener(file, keys) if sealed else file
    with _opened(source) as tar:
        found = _read(tar, keep, begun)
    if isinstance(source, Opener):
        source.drain()
    return found


def counted(item: Item, source: BinaryIO) -> str:
    """A `Keep` that keeps nothing."""
    digest = hashlib.sha256()
    while piece := source.read(PIECE):
        digest.update(piece)
    return digest.hexdigest()


@contextmanager
def _opened(source: BinaryIO | Opener) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(fileobj=source, mode="r|") as tar:
            yield tar
    except (tarfile.TarError, EOFError) as problem:
        raise DeviceError(f"this is no whole backup: {problem}") from problem


def _must_be_backup(file: BinaryIO) -> None:
    with _opened(file) as tar:
        _read_manifest(tar)


def _read(tar: tarfile.TarFile, keep: Keep, begun: Callable[[Manifest], None]) -> Contents:
    manifest, octets = _read_manifest(tar)
    begun(manifest)
    left_out = []
    for item in manifest.files:
        source = _next(tar, item.name, item.octets)
        known = DATA.fullmatch(item.name) is not None
        if not known:
            left_out.append(f"{item.name}: no data of the owner's")
        if (keep if known else counted)(item, source) != item.sha256:
            raise DeviceError(f"the backup is damaged: the checksum of {item.name} is wrong")
    if _next(tar, CHECKSUM, len(checksum(b""))).read() != checksum(octets):
        raise DeviceError("the backup is damaged: the checksum of its manifest is wrong")
    if tar.next() is not None:
        raise DeviceError("the backup holds more than its manifest tells")
    return Contents(manifest, tuple(left_out))


def _next(tar: tarfile.TarFile, name: str, octets: int) -> BinaryIO:
    """The next file of the archive, which must be this one."""
    member = tar.next()
    told = None if member is None else (member.isreg(), member.name, member.size)
    if member is None or told != (True, name, octets):
        raise DeviceError(f"the backup is cut off or mixed up at {name}")
    return cast(BinaryIO, tar.extractfile(member))


def _read_manifest(tar: tarfile.TarFile) -> tuple[Manifest, bytes]:
    """The manifest, and its octets."""
    first = tar.next()
    if first is None or first.name != MANIFEST or first.size > LONGEST_MANIFEST:
        raise DeviceError("this file is not a backup: it does not begin with a manifest")
    file = tar.extractfile(first)
    octets = file.read() if file else b""
    try:
        fields: dict[str, Any] = parse_json(octets)
        if (fields["product"], fields["format"]) != (PRODUCT, FORMAT):
            raise DeviceError(
                f"the backup is of kind {fields['product']!r}, format {fields['format']!r};"
                f" {PRODUCT!r}, format {FORMAT}, was expected"
            )
        files = tuple(Item(str(f["name"]), int(f["octets"]), f["sha256"]) for f in fields["files"])
        manifest = Manifest(
            str(fields["version"]), int(fields["made_at"]), str(fields["host"]), files
        )
    except (ValueError, KeyError, TypeError) as problem:
        raise DeviceError(f"the backup's manifest is not understood: {problem!r}") from problem
    names = [item.name for item in files]
    if STORE not in names or len(set(names)) < len(names):
        raise DeviceError("the backup holds no store, or something twice")
    return manifest, octets
