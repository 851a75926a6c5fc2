"""What lies in a slot's partition, as board/boot/boot.cmd reads it.

    squashfs, padded to 4096    the root file system; Linux sees this and ignores the rest
    one page of facts           name=value lines, numbers for U-Boot hexadecimal, then zeros
    kernel, padded to 512       an arm64 Image
    overlay, padded to 512      the device tree overlay of the line hat

A slot whose first sector is not there cannot be started: it is erased first and written last.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from app.core.sentences import Sentence, sentence

PAGE = 4096
BLOCK = 512
SLOT_OCTETS = 256 * 1024 * 1024
"""A slot's partition on the card."""
PIECE = 1 << 20
"""Octets read or written at a time."""

_FOR_U_BOOT = ("kernel_blocks", "kernel_size", "kernel_crc", "overlay_blocks")
_MAGIC = b"hsqs"
_USED_AT = 0x28  # of the superblock: octets used, 64 bits, least significant first


@dataclass(frozen=True)
class Release:
    """Which Switchhook this is, and which stores it can work on."""

    version: str
    built: int
    """Seconds since 1970 UTC; orders builds of one version."""
    schema: int
    """Newest version of the store's tables that it knows; it brings a store up to this one."""
    readable_from: int
    """Programs that know this version of the tables can still work on a store it has written."""


@dataclass(frozen=True)
class Content:
    """A slot that can be started."""

    release: Release | None
    """None if its facts do not say."""


def named(release: Release) -> Sentence:
    """A release for people: version and build."""
    return sentence("%(version)s of build %(build)s", version=release.version, build=release.built)


def padded(octets: bytes, unit: int) -> bytes:
    """With zeros up to a multiple of `unit`."""
    return octets + bytes(-len(octets) % unit)


def facts_page(kernel: bytes, overlay: bytes, release: Release | None = None) -> bytes:
    """The page between squashfs and kernel."""
    crc = zlib.crc32(kernel)
    values = {
        "kernel_blocks": f"{-(-len(kernel) // BLOCK):x}",
        "kernel_size": f"{len(kernel):x}",
        "kernel_crc": f"{crc:x}",
        "kernel_sum": f"{_kernel_sum(crc):x}",
        "overlay_blocks": f"{-(-len(overlay) // BLOCK):x}",
    }
    if release is not None:
        values |= {name: str(value) for name, value in vars(release).items()}
    return padded("".join(f"{name}={value}\n" for name, value in values.items()).encode(), PAGE)


def _kernel_sum(crc: int) -> int:
    """Where U-Boot leaves the sum most significant octet first; itest.l reads least first."""
    return int.from_bytes(crc.to_bytes(4, "big"), "little")


def look(slot: Path) -> Content | None:
    """What is in a slot; None if the boot script would not start it."""
    with slot.open("rb") as file:
        first = file.read(PAGE)
        if len(first) < PAGE or first[:4] != _MAGIC:
            return None
        used = int.from_bytes(first[_USED_AT : _USED_AT + 8], "little")
        file.seek(used + -used % PAGE)
        facts = _facts(file.read(PAGE))
        if not _has_kernel(file, facts):
            return None
    return Content(_release(facts))


def _has_kernel(file: BinaryIO, facts: dict[str, str]) -> bool:
    try:
        blocks, size, crc, _ = (int(facts[name], 16) for name in _FOR_U_BOOT)
    except (KeyError, ValueError):
        return False
    if size > SLOT_OCTETS or blocks != -(-size // BLOCK):
        return False
    return _crc(file, size) == crc


def _facts(page: bytes) -> dict[str, str]:
    lines = page.rstrip(b"\0").decode("latin-1").splitlines()
    return dict(line.partition("=")[::2] for line in lines)


def _release(facts: dict[str, str]) -> Release | None:
    try:
        return Release(
            facts["version"],
            int(facts["built"]),
            int(facts["schema"]),
            int(facts["readable_from"]),
        )
    except (KeyError, ValueError):
        return None


def _crc(file: BinaryIO, octets: int) -> int:
    crc = 0
    for piece in pieces(file, octets):
        crc = zlib.crc32(piece, crc)
    return crc


def pieces(file: BinaryIO, octets: int, size: int = PIECE) -> Iterator[bytes]:
    """The next `octets` of a file, in pieces; fewer if it ends before."""
    while octets > 0:
        piece = file.read(min(size, octets))
        if not piece:
            return
        octets -= len(piece)
        yield piece
