"""Everything the image is made of: Debian packages, Python packages, kernel, firmware, our own."""

import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from scripts.image.kernel import PATCHES, Kernel
from scripts.image.licences import Part, of_copyright, of_deb, of_metadata, of_wheel
from scripts.image.work import PROJECT, Folders, sha256


def debian(debs: Iterable[Path], folders: Folders, root: Path | None = None) -> list[Part]:
    """Debian packages; with `root`, only those of which something is left in it."""
    cache = folders.kept("contents")
    told = {deb: of_deb(deb, cache) for deb in debs}
    by_name = {deb.name.split("_")[0]: notice for deb, (_, notice) in told.items()}
    parts = []
    for deb, (paths, notice) in told.items():
        notice = by_name.get(notice.removeprefix("-> "), notice)
        if root is not None and not any(_is_left(root, path) for path in paths):
            continue
        name, version, _ = deb.stem.split("_")
        version = version.replace("%3a", ":")
        parts.append(Part(name, version, "deb", of_copyright(notice), notice, sha256(deb)))
    return parts


def files(debs: Iterable[Path], folders: Folders) -> dict[str, set[str]]:
    """What each Debian package brings, by its name; folders end with a slash."""
    cache = folders.kept("contents")
    return {deb.name.split("_")[0]: of_deb(deb, cache)[0] for deb in debs}


def _is_left(root: Path, path: str) -> bool:
    """A file (no folder) of the package is there, where it was or merged into usr/."""
    found = root / path
    return bool(path) and not path.endswith("/") and (found.is_file() or found.is_symlink())


def python(wheels: Iterable[Path], archives: Mapping[str, Path]) -> list[Part]:
    """Python packages, from wheels and from source archives."""
    return [of_wheel(wheel) for wheel in wheels] + [_of_archive(a) for a in archives.values()]


def _of_archive(archive: Path) -> Part:
    folder = archive.name.removesuffix(".tar.gz")
    with tarfile.open(archive) as packed:
        texts = [packed.extractfile(f"{folder}/{name}") for name in ("PKG-INFO", "LICENSE")]
        metadata, licence = (text.read().decode() if text else "" for text in texts)
    return of_metadata(metadata, licence)


def linux(kernel: Kernel) -> Part:
    """The kernel."""
    text = (kernel.folder / "copyright").read_text()
    patched = ", ".join(patch.stem for patch in PATCHES)
    return Part(
        "linux", kernel.version, "", ("GPL-2.0-only WITH Linux-syscall-note",), text,
        sha256(kernel.image), f"Debian's source, patched: {patched}",
    )  # fmt: skip


def ourselves(version: str) -> Part:
    """Switchhook."""
    text = (PROJECT / "LICENSE").read_text()
    return Part("switchhook", version, "", (text.strip().splitlines()[0].strip(),), text)
