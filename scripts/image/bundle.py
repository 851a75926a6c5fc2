"""The update bundle: one slot's content, what is said of it, and the signature of that.

The format is the device's (app/device/update/bundle.py); here it is written.
"""

import io
import tarfile
from collections.abc import Iterable
from pathlib import Path

from app.device.update.bundle import MEMBERS, SUFFIX, Manifest
from app.device.update.slots_content import Release
from scripts.image import signing
from scripts.image.kernel import DEVICE_TREES, Kernel
from scripts.image.work import Folders, run, sha256

NEEDS_FREE = 16_000_000
"""Octets of the data partition that taking the store over may use: migrations add columns."""


def machines(kernel: Kernel) -> tuple[str, ...]:
    """The machines the kernel runs on, by the first name in their device trees, and QEMU's virt."""
    trees = (kernel.device_tree(name) for name in DEVICE_TREES)
    return (
        *(run("fdtget", tree, "/", "compatible").split()[0] for tree in trees),
        "linux,dummy-virt",
    )


def manifest(
    release: Release, slot: Path, root: Path, kernel: Kernel, boards: Iterable[str]
) -> Manifest:
    """What the bundle says of itself."""
    return Manifest(
        release=release,
        machines=machines(kernel),
        boards=tuple(sorted(boards)),
        octets=slot.stat().st_size,
        sha256=sha256(slot),
        root_sha256=sha256(root),
        kernel=kernel.release,
        needs_free=NEEDS_FREE,
    )


def write(told: Manifest, slot: Path, key: Path, folders: Folders) -> Path:
    """The bundle, the same octets from the same slot and key."""
    octets = told.to_json()
    bundle = folders.made("image") / f"switchhook-{told.release.version}{SUFFIX}"
    parts = (octets, signing.sign(octets, key, folders.made("signing")))
    with tarfile.open(bundle, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name, part in zip(MEMBERS, parts, strict=False):
            archive.addfile(_member(name, len(part), told.release.built), io.BytesIO(part))
        with slot.open("rb") as content:
            archive.addfile(_member(MEMBERS[-1], told.octets, told.release.built), content)
    return bundle


def _member(name: str, octets: int, epoch: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mtime, member.mode = octets, epoch, 0o644
    return member
