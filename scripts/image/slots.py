"""A slot's content, put together from its parts; its form: app/device/update/slots_content.py."""

from pathlib import Path

from app.device.update.slots_content import BLOCK, PAGE, SLOT_OCTETS, Release, facts_page, padded
from scripts.image.work import PROJECT, BuildError, Folders, run


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


def overlay(folders: Folders) -> Path:
    """The device tree overlay of the line hat, compiled."""
    compiled = folders.build / "rpi.dtbo"
    source = PROJECT / "board" / "rpi" / "overlay.dts"
    run("dtc", "-@", "-q", "-I", "dts", "-O", "dtb", "-o", compiled, source)
    return compiled
