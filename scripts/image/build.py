"""The steps of a build, in order."""

import json
import os
import shutil
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from app.device.update.slots_content import Release
from app.store.schema import STEPS
from scripts.image import (
    bom,
    card,
    extensions,
    kernel,
    kernel_config,
    linking,
    python_parts,
    rootfs,
    sounds,
    update,
)
from scripts.image.apt import Apt
from scripts.image.bom import Part
from scripts.image.kernel_config import load
from scripts.image.packages import SPOKEN
from scripts.image.squash import squash
from scripts.image.work import PROJECT, BuildError, Folders, Progress, run, sha256


@dataclass(frozen=True)
class BuildRequest:
    """What to build."""

    version: str
    epoch: int
    """The time of every file, in seconds: SOURCE_DATE_EPOCH."""
    folders: Folders
    key: Path | None = None
    """Signs the update; None: the development key."""

    @property
    def release(self) -> Release:
        """What the device knows of itself."""
        newest = STEPS[-1]
        return Release(self.version, self.epoch, newest.version, newest.readable_from)

    @property
    def products(self) -> Path:
        """Where the results go."""
        return self.folders.made("image")


def build_request(
    folders: Folders, version: str | None = None, key: Path | None = None
) -> BuildRequest:
    """What this source tree asks for; its time is that of the last commit."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    named = os.environ.pop("SOURCE_DATE_EPOCH", None)  # programs get it where they need it
    epoch = int(named or run("git", "log", "-1", "--format=%ct", cwd=PROJECT))
    return BuildRequest(version or project["version"], epoch, folders, key)


def build(request: BuildRequest, progress: Progress) -> Path:
    """Everything; gives the folder of the products."""
    folders, products = request.folders, request.products
    apt = Apt(folders.kept("apt"))
    with progress.step("package lists"):
        apt.update()
    with progress.step("kernel"):
        linux = kernel.build(apt, folders)
    root, made_of = _root(request, apt, linux, progress)
    with progress.step("root file system"):
        squashed = squash(root, products / "root.sqfs", request.epoch)
        slot = update.make_slot(
            squashed,
            linux.image,
            update.overlay(folders, kernel_config.CARD_OVERLAY),
            request.release,
            products / "slot.img",
        )
    with progress.step("prompts"):
        packs = [sounds.build(apt, language, folders, request.epoch) for language in sounds.PACKS]
    with progress.step("card"):
        card.build(apt, linux, slot, packs, folders, request.epoch)
        _for_the_emulator(linux, folders, products)
        run("zstd", "--quiet", "--force", "-10", "-T0", products / "card.img")
    with progress.step("update bundle"):
        key = update.signing_key(folders, request.key)
        manifest = update.manifest(request.release, slot, squashed, linux, _boards(linux))
        update.write_bundle(manifest, slot, key, folders)
    with progress.step("bill of materials"):
        extra = apt.fetch("raspi-firmware", "u-boot-rpi", *sounds.PACKS.values())
        made_of = [*made_of, *bom.debian_parts(extra, folders)]
        bom.write_bill(made_of, request.version, request.epoch, manifest.root_sha256, products)
    return products


def _root(
    request: BuildRequest, apt: Apt, linux: kernel.Kernel, progress: Progress
) -> tuple[Path, Sequence[Part]]:
    """The tree of the root file system, and what it is made of."""
    folders = request.folders
    root = folders.made() / "root"
    with progress.step("Debian packages"):
        debs = rootfs.unpack_packages(apt, root)
        rootfs.finish(root, bom.files_of_packages(debs, folders))
    with progress.step("Python packages"):
        wheels, archives = python_parts.download(folders)
        python_parts.install(root, wheels)
        for module in extensions.build(apt, archives, folders):
            shutil.copy2(module, root / python_parts.SITE)
    with progress.step("our files"):
        python_parts.install_ours(root, _boards(linux))
        python_parts.install_native(root, extensions.COMPILER)
        rootfs.add_overlay(root)
        shutil.copytree(linux.modules, root / "usr", dirs_exist_ok=True)
        update.trust(root, update.signing_key(folders, request.key))
        write_release(root, request.release, _boards(linux))
        linking.prune(root)
    with progress.step("byte-code"):
        python_parts.byte_compile(root)
    with progress.step("licences"):
        made_of = [
            bom.own_part(request.version), bom.kernel_part(linux),
            *bom.debian_parts(debs, folders, root), *bom.python_parts(wheels, archives),
        ]  # fmt: skip
    return root, made_of


def write_release(root: Path, release: Release, boards: Sequence[str]) -> None:
    """What the device knows of itself, where it looks for it."""
    text = json.dumps({**asdict(release), "boards": boards, "speaks": SPOKEN}, indent=1)
    (root / python_parts.HOME / "release.json").write_text(text + "\n")


def _boards(linux: kernel.Kernel) -> list[str]:
    return kernel_config.drivable(kernel_config.all_boards(), load(linux.config))


def _for_the_emulator(linux: kernel.Kernel, folders: Folders, products: Path) -> None:
    """What QEMU is given beside the card."""
    shutil.copy2(linux.image, products / "Image")
    shutil.copy2(linux.config, products / "kernel.config")
    shutil.copy2(folders.build / "card" / "u-boot.bin", products)
    for tree in kernel.DEVICE_TREES:
        shutil.copy2(linux.device_tree(tree), products)


def build_root_again(request: BuildRequest, progress: Progress) -> None:
    """The root once more, in other folders. Raises BuildError if it is not the same."""
    again = replace(
        request, folders=Folders(request.folders.build / "again", request.folders.cache)
    )
    apt = Apt(again.folders.kept("apt"))
    root, _ = _root(again, apt, kernel.build(apt, again.folders), progress)
    with progress.step("root file system again"):
        second = sha256(squash(root, again.products / "root.sqfs", request.epoch))
    first = sha256(request.products / "root.sqfs")
    if first != second:
        raise BuildError(f"two builds differ: {first} and {second}; compare {root} with the first")
    shutil.rmtree(again.folders.build)
    progress.say(f"the same root twice: {first}")
