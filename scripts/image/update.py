"""The signed update: a slot's content put together, its manifest, and the signature of that.

The forms are the device's (app/device/update/slots_content.py, bundle.py); here they are written.
The signing key is Ed25519; its private part never comes into the tree. A development key is made at
the first build and stays in the cache; a release is signed with a key named on the command line.
Its public part goes into the image, which then believes updates signed by it.
"""

import io
import shutil
import tarfile
from collections.abc import Iterable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from app.device.update.bundle import MEMBERS, SUFFIX, Manifest
from app.device.update.slots_content import BLOCK, PAGE, SLOT_OCTETS, Release, facts_page, padded
from scripts.image.kernel import DEVICE_TREES, Kernel
from scripts.image.work import PROJECT, BuildError, Folders, run, sha256


def make_slot(root: Path, kernel: Path, overlay: Path, release: Release, image: Path) -> Path:
    """One slot from its parts. Raises BuildError if it does not fit a partition."""
    kernel_octets, overlay_octets = kernel.read_bytes(), overlay.read_bytes()
    with image.open("wb") as file:
        file.write(padded(root.read_bytes(), PAGE))
        file.write(facts_page(kernel_octets, overlay_octets, release))
        file.write(padded(kernel_octets, BLOCK))
        file.write(padded(overlay_octets, BLOCK))
        size = file.tell()
    if size > SLOT_OCTETS:
        raise BuildError(f"the slot has {size} octets, its partition {SLOT_OCTETS}")
    return image


def overlay(folders: Folders, board: str = "rpi") -> Path:
    """The device tree overlay of a board's line hat, compiled."""
    compiled = folders.build / f"{board}.dtbo"
    source = PROJECT / "board" / board / "overlay.dts"
    run("dtc", "-@", "-q", "-I", "dts", "-O", "dtb", "-o", compiled, source)
    return compiled


TRUSTED = "usr/lib/switchhook/keys"
"""Where a device keeps the public keys it trusts, seen from the root."""


def signing_key(folders: Folders, named: Path | None) -> Path:
    """The private key to sign with. Raises BuildError if the one named is missing."""
    if named is not None:
        if not named.is_file():
            raise BuildError(f"the signing key {named} is missing")
        return named
    key = folders.kept("keys") / "development.pem"
    if not key.exists():
        make_key(key)
    return key


def make_key(path: Path) -> None:
    """Write a new Ed25519 key that only its owner can read [RFC 8410, PKCS #8 in PEM]."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    fresh = path.with_suffix(".part")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    fresh.write_bytes(pem)
    fresh.rename(path)


def _read_key(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as problem:
        raise BuildError(f"{path} is not a private key in PEM without a password") from problem
    if not isinstance(key, Ed25519PrivateKey):
        raise BuildError(f"{path} is not an Ed25519 key")
    return key


def trust(root: Path, key: Path) -> None:
    """Let the image believe what this key signs. Raises BuildError if it is no Ed25519 key."""
    folder = root / TRUSTED
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    public = _read_key(key).public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / f"{key.stem}.pub").write_bytes(pem)


def sign(octets: bytes, key: Path) -> bytes:
    """The Ed25519 signature of these octets, 64 of them [RFC 8032]. Raises BuildError."""
    return _read_key(key).sign(octets)


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


def write_bundle(manifest: Manifest, slot: Path, key: Path, folders: Folders) -> Path:
    """Write the bundle: the same octets from the same slot and key. Raises BuildError."""
    octets = manifest.to_json()
    bundle = folders.made("image") / f"switchhook-{manifest.release.version}{SUFFIX}"
    built = manifest.release.built
    with tarfile.open(bundle, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name, part in zip(MEMBERS[:2], (octets, sign(octets, key)), strict=True):
            archive.addfile(_member(name, len(part), built), io.BytesIO(part))
        with slot.open("rb") as content:
            archive.addfile(_member(MEMBERS[2], manifest.octets, built), content)
    return bundle


def _member(name: str, octets: int, epoch: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mtime, member.mode = octets, epoch, 0o644
    return member
