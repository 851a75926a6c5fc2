"""The steps of a build, in order."""

import json
import os
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path

from scripts.image import card, extensions, kernel, python_parts, rootfs, slots, sounds
from scripts.image.apt import Apt
from scripts.image.squash import squash
from scripts.image.work import PROJECT, Folders, Progress, run

LANGUAGES = ("en",)
"""Prompts that are on the card."""


@dataclass(frozen=True)
class Wish:
    """What to build."""

    version: str
    epoch: int
    """The time of every file, in seconds: SOURCE_DATE_EPOCH."""
    folders: Folders


def wish(folders: Folders, version: str | None = None) -> Wish:
    """What this source tree asks for."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    named = os.environ.pop("SOURCE_DATE_EPOCH", None)  # programs are told when they need it
    epoch = int(named) if named else int(run("git", "log", "-1", "--format=%ct", cwd=PROJECT))
    return Wish(version or project["version"], epoch, folders)


def build(wish: Wish, progress: Progress) -> Path:
    """Everything; gives the folder of the products."""
    folders = wish.folders
    products = folders.made("image")
    apt = Apt(folders.kept("apt"))
    with progress.step("package lists"):
        apt.update()
    with progress.step("kernel"):
        linux = kernel.build(apt, folders)
    root = folders.build / "root"
    with progress.step("Debian packages"):
        rootfs.unpack_packages(apt, root)
        rootfs.settle(root)
    with progress.step("Python packages"):
        wheels, archives = python_parts.download(folders)
        python_parts.install(root, wheels)
        for module in extensions.build(apt, archives, folders):
            shutil.copy2(module, root / python_parts.SITE)
    with progress.step("our files"):
        rootfs.add_overlay(root)
        shutil.copytree(linux.modules, root / "usr", dirs_exist_ok=True)
        _release(root, wish)
    with progress.step("byte-code"):
        python_parts.byte_compile(root)
    with progress.step("root file system"):
        squash(root, products / "root.sqfs", wish.epoch)
    with progress.step("prompts"):
        packs = [sounds.build(apt, language, folders, wish.epoch) for language in LANGUAGES]
    with progress.step("card"):
        shutil.copy2(linux.image, products / "Image")
        overlay = _overlay(folders)
        slot = slots.make_slot(products / "root.sqfs", linux.image, overlay, products / "slot.img")
        card.build(apt, linux, slot, packs, folders, wish.epoch)
        shutil.copy2(folders.build / "card" / "u-boot.bin", products)
        for tree in kernel.DEVICE_TREES:
            shutil.copy2(linux.device_tree(tree), products)
    return products


def _overlay(folders: Folders) -> Path:
    """The device tree overlay of the line hat."""
    overlay = folders.build / "rpi.dtbo"
    run(
        "dtc",
        "-@",
        "-q",
        "-I",
        "dts",
        "-O",
        "dtb",
        "-o",
        overlay,
        PROJECT / "board/rpi/overlay.dts",
    )
    return overlay


def _release(root: Path, wish: Wish) -> None:
    """What the device knows of itself."""
    told = {"version": wish.version, "built": wish.epoch}
    (root / python_parts.HOME / "release.json").write_text(json.dumps(told, indent=1) + "\n")
