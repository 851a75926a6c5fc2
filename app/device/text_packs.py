"""Packs that write voicemail down, on a device's data partition: added, listed, removed.

A pack comes as a file that is signed as updates are: a tar archive of manifest.json, manifest.sig
and pack.sqfs. What is kept is the squashfs alone, packs/<name>-<version>.sqfs, in a folder that
root writes; the boot scripts mount it at /run/packs/<name>. It holds libraries, so it may be
executed.
"""

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from app.core import files
from app.core.errors import DeviceError
from app.core.pack import MOUNTED, Facts, unfit
from app.core.process import run
from app.core.records import BadRecord, from_json, parse_json
from app.core.sentences import N_
from app.device.update.bundle import open_signed, whole

MEMBERS = ("manifest.json", "manifest.sig", "pack.sqfs")
SUFFIX = ".pack"
PRODUCT = "switchhook-pack"
HOW = "ro,loop,nosuid,nodev"
_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+){0,3}")


@dataclass(frozen=True)
class Manifest:
    """What a pack's file says of its content, signed."""

    product: str
    pack: Facts
    octets: int
    sha256: str

    def to_json(self) -> bytes:
        """As it lies in the file."""
        return json.dumps(asdict(self), indent=1, sort_keys=True).encode() + b"\n"


@dataclass(frozen=True)
class Kept:
    """One pack on the data partition."""

    path: Path
    name: str
    version: str


def kept(folder: Path) -> list[Kept]:
    """The packs that are here."""
    found = (path.stem.rpartition("-") for path in sorted(folder.glob("*.sqfs")))
    return [Kept(folder / f"{name}-{version}.sqfs", name, version) for name, _, version in found]


def add(source: Path, folder: Path, keys: Sequence[Path]) -> Kept:
    """Check a pack's file and keep its content; what was here of the same name goes.

    Raises BundleError for one that is not whole or not signed, and DeviceError for one that is not
    for this machine.
    """
    signed = open_signed(source, keys, MEMBERS, N_("pack"))
    try:
        manifest = from_json(Manifest, parse_json(signed.manifest), "manifest")
    except BadRecord as problem:
        raise DeviceError(f"{source.name}: its manifest is not understood: {problem}") from problem
    pack = manifest.pack
    if manifest.product != PRODUCT or not _VERSION.fullmatch(pack.version):
        raise DeviceError(f"{source.name} is not a pack for this program")
    if why := unfit(pack):
        raise DeviceError(f"{source.name} cannot be used here: {why}")
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    if manifest.octets > shutil.disk_usage(folder).free:
        raise DeviceError(f"{source.name} does not fit on the data partition")
    path = folder / f"{pack.name}-{pack.version}.sqfs"
    with files.replacing(path) as copy:
        for piece in whole(source, signed.offset, manifest.octets, manifest.sha256):
            copy.write(piece)
    for old in kept(folder):
        if old.name == pack.name and old.path != path:
            old.path.unlink()  # one that is mounted stays readable until it is unmounted
    return Kept(path, pack.name, pack.version)


def remove(name: str, folder: Path) -> None:
    """Take a pack away. Raises DeviceError if it is not here."""
    found = [one for one in kept(folder) if one.name == name]
    if not found:
        here = ", ".join(one.name for one in kept(folder)) or "none"
        raise DeviceError(f"there is no pack {name} here; there are: {here}")
    unmount(name)
    for one in found:
        one.path.unlink()


def mount(pack: Kept, at: Path = MOUNTED) -> None:
    """Use a pack from now on; an older one makes way."""
    unmount(pack.name, at)
    place = at / pack.name
    place.mkdir(parents=True, exist_ok=True)
    run("mount", "-t", "squashfs", "-o", HOW, pack.path, place)


def unmount(name: str, at: Path = MOUNTED) -> None:
    """Use a pack no longer; a process that works with it ends its message first."""
    if (at / name).is_mount():
        run("umount", "-l", at / name)
