"""Updates on the built image, through U-Boot: a good one stays, a broken one goes by itself."""

import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from app.device.update.bundle import MEMBERS, Manifest, read_manifest
from app.device.update.slots_content import Release
from scripts.image import update
from scripts.image.work import Folders, default_cache, run, sha256
from tests.kit.guest import PRODUCTS, SLOW, Guest
from tests.kit.guest_load import LETTER, Owner, owner_of
from tests.kit.running import until

TRIES = 3
"""Starts that a version on trial has [board/boot/boot.cmd]."""
RESTART_S = 120.0
GOOD = "good from now on"
"""What the console says when a version on trial has proved itself."""


def built() -> Manifest:
    """What the build's own bundle says of itself."""
    (path,) = PRODUCTS.glob("*.update")
    with tarfile.open(path) as archive:
        told = archive.extractfile(MEMBERS[0])
        assert told is not None
        return read_manifest(told.read())


def bundle_of(root: Path, release: Release, folder: Path) -> Path:
    """An update whose root file system is this one, believed by the built image."""
    folder.mkdir()
    folders = Folders(folder, default_cache())
    slot = update.make_slot(
        root, PRODUCTS / "Image", update.overlay(folders), release, folder / "slot.img"
    )
    told = replace(
        built(), release=release, octets=slot.stat().st_size, sha256=sha256(slot),
        root_sha256=sha256(root),
    )  # fmt: skip
    return update.write_bundle(told, slot, update.signing_key(folders, None), folders)


def empty_root(folder: Path) -> Path:
    """A root file system in which nothing is: the kernel finds no init and restarts."""
    tree, root = folder / "empty", folder / "empty.sqfs"
    for name in ("dev", "proc", "sys"):
        (tree / name).mkdir(parents=True)
    run("mksquashfs", tree, root, "-quiet", "-no-progress", "-comp", "zstd")
    return root


def status(guest: Guest) -> dict[str, str]:
    """What `update status` says of each slot."""
    told = guest.run("switchhook update status")
    return {line.split()[1]: line for line in told.splitlines() if line.startswith("slot ")}


def install(guest: Guest, name: str) -> None:
    """Install a bundle from the card, and restart; the machine is off in the end."""
    print(guest.run(f"switchhook update install /run/card/{name}", within_s=400).splitlines()[-1])
    guest.type("reboot")
    guest.wait_off()


def newer(root: Path, version: str, seconds: int, folder: Path) -> Path:
    """A bundle of this root whose version is newer than the card's, built so much later."""
    release = built().release
    told = replace(release, version=version, built=release.built + seconds)
    return bundle_of(root, told, folder / "bundle").rename(folder / f"{version}.update")


@pytest.mark.boot
def test_a_good_update_stays(tmp_path: Path) -> None:
    guest = Guest(tmp_path, uboot=True)
    guest.put_file_on_card(newer(PRODUCTS / "root.sqfs", "9.0.0", 100, tmp_path))
    with guest:
        owner = owner_of(guest)
        with guest.smtp() as client:
            client.sendmail("carol@y.test", [owner.address], LETTER)
        guest.log_in(owner.console)
        assert "runs" in status(guest)["A"]
        install(guest, "9.0.0.update")
    with guest:
        guest.expect("trial B, tries left 3; starting B", RESTART_S)
        stays_good(guest, owner, "B", "9.0.0")


@pytest.mark.bootfull
def test_a_broken_update_goes(tmp_path: Path) -> None:
    guest = Guest(tmp_path, uboot=True)
    guest.put_file_on_card(newer(empty_root(tmp_path), "9.0.1", 200, tmp_path))
    with guest:
        owner = owner_of(guest)
        with guest.smtp() as client:
            client.sendmail("carol@y.test", [owner.address], LETTER)
        guest.log_in(owner.console)
        install(guest, "9.0.1.update")
    for left in reversed(range(TRIES)):
        with guest:
            guest.expect(f"trial B, tries left {left + 1}; starting B", RESTART_S)
            guest.wait_off(RESTART_S)
    with guest:
        guest.expect("tries left 0; starting A", RESTART_S)
        stays_good(guest, owner, "A", str(built().release.version))
        assert "has not proved itself" in status(guest)["B"]


def stays_good(guest: Guest, owner: Owner, slot: str, version: str) -> None:
    """This slot runs and is good, and the store is what it was."""
    (letter,) = guest.fetch(owner.login, owner.password)
    assert letter.endswith(LETTER)
    guest.log_in(owner.console)
    if "on trial" in status(guest)[slot]:
        until(lambda: GOOD in guest.console, within_s=300 * SLOW)
    said = status(guest)[slot]
    assert version in said and "runs, good" in said, said
