"""Update bundles as the image's build makes them, with keys made for the test."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.device.update.bundle import Manifest
from app.device.update.install import Pace
from app.device.update.rules import Here
from app.device.update.slots_content import Release
from scripts.image import update
from scripts.image.work import Folders
from tests.kit.slots import RELEASE, SLOT_OCTETS, a_slot

NEW = Release("0.2.0", RELEASE.built + 86_400, 5, 4)
"""Newer than what runs; adds a version of tables that what runs can read."""
HERE = Here(
    release=RELEASE,
    machines=frozenset(("linux,dummy-virt",)),
    board="virtual",
    store_readable_from=4,
    free=1_000_000_000,
    slot_octets=SLOT_OCTETS,
)
QUICK = Pace(rest=lambda took: None, tell=lambda step, done, total: None)


class Workshop:
    """Makes keys and bundles below a folder."""

    def __init__(self, folder: Path) -> None:
        self.folders = Folders(folder / "build", folder / "cache")
        self.root = folder / "root"
        self.key = update.signing_key(self.folders, None)
        update.trust(self.root, self.key)

    @property
    def trusted(self) -> list[Path]:
        """The public keys a device of ours believes."""
        return sorted((self.root / update.TRUSTED).iterdir())

    def stranger(self) -> Path:
        """The key of somebody else."""
        key = self.folders.made("strangers") / "theirs.pem"
        update.make_key(key)
        return key

    def manifest(self, content: bytes, release: Release = NEW, **other: Any) -> Manifest:
        """What is said of a slot's content."""
        told = Manifest(
            release=release,
            machines=("raspberrypi,4-model-b", "linux,dummy-virt"),
            boards=("rpi", "virtual"),
            octets=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            root_sha256=hashlib.sha256(b"root").hexdigest(),
            kernel="6.1.0-test",
            needs_free=16_000_000,
        )
        return replace(told, **other)

    def bundle(
        self,
        content: bytes | None = None,
        release: Release = NEW,
        key: Path | None = None,
        **other: Any,
    ) -> Path:
        """A bundle of this content."""
        content = a_slot(2, release=release) if content is None else content
        slot = self.folders.made("slots") / "slot.img"
        slot.write_bytes(content)
        told = self.manifest(content, release, **other)
        return update.write_bundle(told, slot, key or self.key, self.folders)
