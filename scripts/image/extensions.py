"""C extension modules that nobody publishes for the target, compiled by Debian's cross compiler."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.image.apt import Apt, unpack
from scripts.image.work import Folders, key_of, run

COMPILER = "aarch64-linux-gnu-gcc"
SUFFIX = ".cpython-311-aarch64-linux-gnu.so"


@dataclass(frozen=True)
class Extension:
    """One module and what it is made of."""

    module: str
    source: str
    """The C file in the source archive."""
    libraries: tuple[str, ...] = ()
    """Linked from the target's own."""


EXTENSIONS = {
    "pyalsaaudio": Extension("alsaaudio", "alsaaudio.c", ("asound",)),
    "spidev": Extension("spidev", "spidev_module.c"),
}
"""By package name in the lock file."""

SYSROOT = (
    "libpython3.11-dev", "libexpat1-dev", "zlib1g-dev", "libasound2-dev", "libasound2",
)  # fmt: skip
"""Packages with what the modules are compiled against, beside the cross compiler's C library."""


FLAGS = (
    "-shared", "-fPIC", "-O2", "-fstack-protector-strong", "-Wl,-z,relro,-z,now",
    "-Wl,--build-id=none", "-s",
)  # fmt: skip
"""Position-independent, hardened as Debian's own, nothing of one build in it."""


def build(apt: Apt, archives: Mapping[str, Path], folders: Folders) -> list[Path]:
    """The compiled modules, from the cache if nothing that goes in has changed."""
    debs = apt.fetch(*SYSROOT)
    key = key_of(
        *(deb.name for deb in debs), *(a.name for a in archives.values()), repr((EXTENSIONS, FLAGS))
    )
    kept = folders.kept("extensions") / key
    if not kept.exists():
        fresh = folders.made("extensions")
        sysroot = folders.build / "sysroot"
        shutil.rmtree(sysroot, ignore_errors=True)
        for deb in debs:
            unpack(deb, sysroot)
        for name, extension in EXTENSIONS.items():
            _compile(extension, archives[name], sysroot, fresh)
        shutil.copytree(fresh, kept)
    return sorted(kept.glob(f"*{SUFFIX}"))


def _compile(extension: Extension, archive: Path, sysroot: Path, into: Path) -> None:
    """One module, without paths of this machine in it."""
    source = into / archive.name.removesuffix(".tar.gz")
    run("tar", "--extract", "--file", archive, "--directory", into)
    triplet = "aarch64-linux-gnu"
    headers = ("usr/include/python3.11", "usr/include", f"usr/include/{triplet}")
    run(
        COMPILER, *FLAGS, f"-ffile-prefix-map={into}=.", f"-ffile-prefix-map={sysroot}=.",
        *(f"-I{sysroot / folder}" for folder in headers),
        "-o", into / f"{extension.module}{SUFFIX}", source / extension.source,
        *(sysroot / f"usr/lib/{triplet}/lib{name}.so" for name in extension.libraries),
    )  # fmt: skip
    shutil.rmtree(source)
