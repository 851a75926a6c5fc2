"""Our own small kernel, from Debian's kernel source and the fragments in board/kernel.

Building takes minutes, so the result is kept in the cache, named by all that goes in: source
version, fragments, patches, compiler.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from scripts.image.apt import Apt, unpack
from scripts.image.kernel_config import FRAGMENTS, load, lost, wanted
from scripts.image.work import PROJECT, BuildError, Folders, key_of, run

PATCHES = tuple(sorted((PROJECT / "board" / "kernel").glob("*.patch")))
SOURCE = "linux-source-6.1"
"""Bookworm's own kernel: it has every driver that the boards need, and security updates."""
CROSS = "aarch64-linux-gnu-"
DEVICE_TREES = (
    "bcm2837-rpi-3-b", "bcm2837-rpi-3-b-plus", "bcm2837-rpi-zero-2-w", "bcm2711-rpi-4-b",
)  # fmt: skip
_FIXED = {
    "KBUILD_BUILD_TIMESTAMP": "1970-01-01",
    "KBUILD_BUILD_USER": "switchhook",
    "KBUILD_BUILD_HOST": "build",
    "KBUILD_BUILD_VERSION": "1",
}
"""What the kernel would else take from this machine and the clock."""


@dataclass(frozen=True)
class Kernel:
    """A built kernel in the cache."""

    folder: Path
    version: str
    """Debian's version of its source, e.g. 6.1.192-2."""

    @property
    def image(self) -> Path:
        """What a boot loader, or QEMU's -kernel, starts."""
        return self.folder / "Image"

    @property
    def config(self) -> Path:
        """The whole .config."""
        return self.folder / "config"

    @property
    def modules(self) -> Path:
        """A tree with lib/modules."""
        return self.folder / "modules"

    @property
    def release(self) -> str:
        """As `uname -r` says."""
        return next((self.modules / "lib" / "modules").iterdir()).name

    def device_tree(self, name: str) -> Path:
        """The device tree of a Raspberry Pi, with symbols for overlays."""
        return self.folder / "dtbs" / f"{name}.dtb"


def build(apt: Apt, folders: Folders) -> Kernel:
    """The kernel of this source and these fragments. Raises BuildError for a line that is lost."""
    deb = apt.fetch(SOURCE)[0]
    version = deb.name.split("_")[1]
    compiler = run(f"{CROSS}gcc", "-dumpfullversion").strip()
    ours = [file.read_bytes() for file in (*FRAGMENTS, *PATCHES)]
    key = key_of(version, compiler, *DEVICE_TREES, *ours)
    kept = folders.kept("kernel") / f"{version}-{key}"
    if not (kept / "Image").exists():
        tree = _tree_name(version)
        source = _source(deb, folders.build / "linux" / tree)
        output = folders.made("linux", f"{tree}-gcc{compiler}")  # kept: the next change is quick
        _configure(source, output)
        _make(
            source, output, "Image", "modules", *(f"broadcom/{tree}.dtb" for tree in DEVICE_TREES)
        )
        _keep(source, output, kept)
    return Kernel(kept, version)


def _tree_name(version: str) -> str:
    return f"{version}-{key_of(*(patch.read_bytes() for patch in PATCHES))[:8]}"


def _source(deb: Path, folder: Path) -> Path:
    tree = folder / SOURCE
    if not (tree / "Makefile").exists():
        unpacked = unpack(deb, folder / "deb")
        archive = unpacked / "usr" / "src" / f"{SOURCE}.tar.xz"
        run("tar", "--extract", "--file", archive, "--directory", folder)
        shutil.rmtree(unpacked)
        for patch in PATCHES:
            run("patch", "--strip=1", "--silent", "--forward", "-i", patch, cwd=tree)
    return tree


def _make(source: Path, output: Path, *words: str) -> None:
    run(
        "nice", "make", "--silent", f"--jobs={os.cpu_count() or 1}", "-C", source, f"O={output}",
        "ARCH=arm64", f"CROSS_COMPILE={CROSS}", "DTC_FLAGS=-@", *words, env=_FIXED,
    )  # fmt: skip


def _configure(source: Path, output: Path) -> None:
    merged = output / "switchhook.config"
    merged.write_text("\n".join(fragment.read_text() for fragment in FRAGMENTS))
    _make(source, output, f"KCONFIG_ALLCONFIG={merged}", "allnoconfig")
    missing = lost(wanted(), load(output / ".config"))
    if missing:
        raise BuildError(
            "these lines of board/kernel/*.config took no effect; a dependency of theirs is not"
            " set:\n  " + "\n  ".join(missing)
        )


def _keep(source: Path, output: Path, kept: Path) -> None:
    """Into the cache, whole or not at all."""
    part = kept.with_name(f"{kept.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    (part / "dtbs").mkdir(parents=True)
    boot = output / "arch" / "arm64" / "boot"
    shutil.copy2(output / ".config", part / "config")
    for tree in DEVICE_TREES:
        shutil.copy2(boot / "dts" / "broadcom" / f"{tree}.dtb", part / "dtbs")
    _make(
        source,
        output,
        f"INSTALL_MOD_PATH={part / 'modules'}",
        "INSTALL_MOD_STRIP=1",
        "modules_install",
    )
    for link in (part / "modules").rglob("*"):
        if link.is_symlink():  # "build" and "source" point into this machine
            link.unlink()
    licences = ("COPYING", "LICENSES/exceptions/Linux-syscall-note", "LICENSES/preferred/GPL-2.0")
    (part / "copyright").write_text("\n".join((source / name).read_text() for name in licences))
    shutil.copy2(boot / "Image", part / "Image")
    part.rename(kept)
