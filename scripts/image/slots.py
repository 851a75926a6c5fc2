"""A slot's content and the slot state, as the boot script board/boot/boot.cmd reads them.

A slot image is the root's squashfs, padded to 4096 octets as mksquashfs leaves it; then one page
of facts (text lines name=value, numbers hexadecimal); then the kernel and the device tree overlay,
each padded to 512 octets. Linux sees the squashfs and ignores the rest.
"""

import zlib
from pathlib import Path

from scripts.image.work import BuildError

PAGE = 4096
BLOCK = 512
SLOT_OCTETS = 256 * 1024 * 1024
SLOTS = ("A", "B")


def padded(octets: bytes, unit: int) -> bytes:
    """With zeros up to a multiple of `unit`."""
    return octets + bytes(-len(octets) % unit)


def facts(kernel: bytes, overlay: bytes) -> bytes:
    """The page between squashfs and kernel."""
    # U-Boot's crc32 leaves the sum most significant octet first; itest.l reads least first.
    swapped = int.from_bytes(zlib.crc32(kernel).to_bytes(4, "big"), "little")
    values = {
        "kernel_blocks": -(-len(kernel) // BLOCK),
        "kernel_size": len(kernel),
        "kernel_sum": swapped,
        "overlay_blocks": -(-len(overlay) // BLOCK),
    }
    return padded("".join(f"{name}={value:x}\n" for name, value in values.items()).encode(), PAGE)


def make_slot(root: Path, kernel: Path, overlay: Path, image: Path) -> Path:
    """One slot from its three parts. Raises BuildError if it does not fit a partition."""
    kernel_octets, overlay_octets = kernel.read_bytes(), overlay.read_bytes()
    with image.open("wb") as file:
        file.write(padded(root.read_bytes(), PAGE))
        file.write(facts(kernel_octets, overlay_octets))
        file.write(padded(kernel_octets, BLOCK))
        file.write(padded(overlay_octets, BLOCK))
        size = file.tell()
    if size > SLOT_OCTETS:
        raise BuildError(f"the slot has {size} octets, its partition {SLOT_OCTETS}")
    return image


def state(seq: int, good: str, trial: str = "none", left: int = 0) -> bytes:
    """A state file: U-Boot's environment, checksummed, 512 octets."""
    values = (
        f"slot_good={good}", f"slot_left={left:x}", f"slot_seq={seq:x}", f"slot_trial={trial}",
    )  # fmt: skip
    body = "".join(f"{value}\0" for value in values).encode().ljust(BLOCK - 4, b"\0")
    return zlib.crc32(body).to_bytes(4, "little") + body
