"""What Buildroot calls of ours: the package switchhook and the hooks in board/buildroot.

`python3 -m scripts.image.buildroot STEP …`, on Buildroot's own Python, which has numpy and
cryptography and nothing else. The steps are those of scripts/image/build.py; only where the parts
come from is different.
"""

import os
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.image import build, card, kernel_config, python_parts, rootfs, update
from scripts.image.kernel import DEVICE_TREES, Kernel
from scripts.image.kernel_config import load, lost, wanted
from scripts.image.squash import squash
from scripts.image.work import BuildError, Folders, default_cache, run

SIGNING_KEY = "SWITCHHOOK_KEY"
"""Names the key that signs updates; without it the development key of this machine does."""


@dataclass(frozen=True)
class Places:
    """Where Buildroot keeps things, as it tells its hooks in the environment."""

    target: Path
    """The root file system's tree."""
    builds: Path
    """A folder for each package that was built."""
    images: Path
    """What it has made: kernel, device trees, U-Boot, root."""

    @property
    def folders(self) -> Folders:
        """Ours, beside its images."""
        return Folders(self.images / "switchhook", default_cache())

    @property
    def kernel_config(self) -> Path:
        """The .config of the one kernel. Raises BuildError if there are more, or none."""
        found = [
            config
            for config in sorted(self.builds.glob("linux-*/.config"))
            if (config.parent / "arch").is_dir()
        ]
        if len(found) != 1:
            raise BuildError(f"{len(found)} kernels in {self.builds}; `make clean` there")
        return found[0]


def install(root: Path, config: Path, compiler: str) -> None:
    """Our code, compiled by Buildroot's compiler where it is C, and the boards that fit."""
    shutil.rmtree(root / python_parts.HOME, ignore_errors=True)
    python_parts.install_ours(root, fitting(config))
    python_parts.install_native(root, compiler)


def fitting(config: Path) -> list[str]:
    """The boards that this kernel can drive."""
    return kernel_config.drivable(kernel_config.all_boards(), load(config))


def post_build(places: Places) -> None:
    """The tree of the root file system: what packages and overlay do not bring.

    Raises BuildError if the kernel lacks a line that was asked of it.
    """
    missing = lost(wanted(), load(places.kernel_config))
    if missing:
        raise BuildError("the kernel has lost these lines:\n  " + "\n  ".join(missing))
    _only_our_start(places.target)
    for place in rootfs.EMPTY:
        (places.target / place).mkdir(exist_ok=True)
    update.trust(places.target, update.signing_key(places.folders, _named_key()))
    request = build.build_request(places.folders)
    build.write_release(places.target, request.release, fitting(places.kernel_config))
    run(
        sys.executable, "-m", "compileall", "-q", "-j1", "--invalidation-mode", "unchecked-hash",
        "-s", places.target, "-p", "/", places.target / python_parts.HOME,
        env={"PYTHONHASHSEED": "0"},
    )  # fmt: skip


def _only_our_start(target: Path) -> None:
    """Packages bring start scripts of their own; our rcS would run them beside our services."""
    ours = {script.name for script in (rootfs.OVERLAY / "etc" / "init.d").iterdir()}
    for script in (target / "etc" / "init.d").iterdir():
        if script.name not in ours:
            script.unlink()


def post_image(places: Places, machine: str) -> Path:
    """Slot, card and update bundle; gives the card."""
    folders = places.folders
    request = build.build_request(folders)
    kernel = _kernel(places)
    root = places.images / "rootfs.squashfs"
    slot = update.make_slot(
        root,
        kernel.image,
        update.overlay(folders, kernel_config.CARD_OVERLAY),
        request.release,
        request.products / "slot.img",
    )
    packs = [
        squash(pack, folders.build / "prompts" / f"{pack.name}.sqfs", request.epoch)
        for pack in sorted((places.images / "prompts").iterdir())
    ]
    parts = folders.build / "card"
    shutil.rmtree(parts, ignore_errors=True)
    parts.mkdir(parents=True)
    layout = _LAYOUTS[machine](places, parts)
    image = card.assemble(parts, slot, packs, folders, request.epoch, layout)
    run("zstd", "--quiet", "--force", "-10", "-T0", image)
    manifest = update.manifest(request.release, slot, root, kernel, fitting(kernel.config))
    update.write_bundle(manifest, slot, update.signing_key(folders, _named_key()), folders)
    return image


def _kernel(places: Places) -> Kernel:
    """Buildroot's kernel, laid out as ours in the cache."""
    folder = places.folders.build / "kernel"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "dtbs").mkdir(parents=True)
    (folder / "modules").mkdir()
    shutil.copy2(places.images / "Image", folder)
    shutil.copy2(places.kernel_config, folder / "config")
    (folder / "modules" / "lib").symlink_to(places.target / "usr" / "lib")
    for name in DEVICE_TREES:
        shutil.copy2(places.images / f"{name}.dtb", folder / "dtbs")
    return Kernel(folder, places.kernel_config.parent.name.removeprefix("linux-"))


def _raspberry_pi(places: Places, parts: Path) -> Path:
    """Firmware, U-Boot and device trees."""
    for name in card.FIRMWARE:
        shutil.copy2(places.images / "rpi-firmware" / name, parts)
    licences = sorted(places.builds.glob("rpi-firmware-*/boot/LICENCE.broadcom"))
    shutil.copy2(licences[0], parts)
    shutil.copy2(places.images / "u-boot.bin", parts)
    for name in DEVICE_TREES:
        shutil.copy2(places.images / f"{name}.dtb", parts)
    return card.LAYOUT


def _qemu(places: Places, parts: Path) -> Path:
    """QEMU is given U-Boot on its command line: the card has the boot script and the state only."""
    files = 'files = { "boot.scr", "slot0.env", "slot1.env", "switchhook.toml" }'
    text = re.sub(r"files = \{.*?\}", files, card.LAYOUT.read_text(), flags=re.DOTALL)
    layout = places.folders.build / "genimage.cfg"
    layout.write_text(text)
    return layout


_LAYOUTS: dict[str, Callable[[Places, Path], Path]] = {"rpi": _raspberry_pi, "qemu": _qemu}
MACHINES = tuple(_LAYOUTS)
"""What a card starts; each configuration says its own to the hooks."""


def _named_key() -> Path | None:
    named = os.environ.get(SIGNING_KEY)
    return Path(named) if named else None


def _places() -> Places:
    try:
        names = ("TARGET_DIR", "BUILD_DIR", "BINARIES_DIR")
        return Places(*(Path(os.environ[name]) for name in names))
    except KeyError as missing:
        raise BuildError(f"{missing} is not set: this is run by Buildroot") from missing


def main(arguments: Sequence[str]) -> int:
    """One step. 0: done; 1: the reason is on standard error, and Buildroot stops."""
    try:
        match arguments:
            case ["install", root, config, compiler]:
                install(Path(root), Path(config), compiler)
            case ["post-build", _]:
                post_build(_places())
            case ["post-image", _, machine] if machine in MACHINES:
                print(f"switchhook: {post_image(_places(), machine)}")
            case _:
                raise BuildError(f"not a step: {' '.join(arguments)}")
    except (BuildError, OSError) as problem:
        print(f"switchhook: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
