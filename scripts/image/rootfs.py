"""The root file system's tree: Debian's packages laid out, trimmed, joined with our overlay.

Nothing of the target is run: what the packages' scripts would have made (links, certificates) is
made here by hand.
"""

import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path

from scripts.image.apt import ARCHITECTURE, SUITE, Apt
from scripts.image.packages import (
    DICTIONARIES,
    LINKS,
    PACKAGES,
    RADIO_FIRMWARE,
    REMOVED,
    SPOKEN,
    UNUSED,
)
from scripts.image.work import PROJECT, files_of, run

OVERLAY = PROJECT / "rootfs-overlay"
EMPTY = ("proc", "sys", "dev", "run", "tmp", "data", "boot", "root", "mnt", "media")
"""Places to mount something on."""


def unpack_packages(apt: Apt, root: Path) -> list[Path]:
    """Debian's packages and what they depend on, unpacked below `root`, none configured.

    Gives the package files.
    """
    shutil.rmtree(root, ignore_errors=True)
    debs = apt.with_dependencies(*PACKAGES)
    archives = '"$1"/var/cache/apt/archives/'
    run(
        "mmdebstrap", "--quiet", f"--architectures={ARCHITECTURE}", "--variant=extract",
        "--mode=root", "--format=directory", "--aptopt=Apt::Install-Recommends false",
        f"--include={','.join(sorted(PACKAGES))}",
        f"--setup-hook=mkdir -p {archives} && cp {shlex.join(map(str, debs))} {archives}",
        SUITE, root, apt.sources,
    )  # fmt: skip
    return debs


def finish(root: Path, files: Mapping[str, set[str]]) -> None:
    """After unpacking: trim, merge /bin, /sbin and /lib into /usr, make what scripts would.

    `files` has each package's paths.
    """
    drop_packages(root, files)
    for pattern in REMOVED:
        for path in root.glob(pattern):
            _remove(path)
    for name in ("bin", "sbin", "lib"):
        _merge_into_usr(root, name)
    _only_our_radios(root / "usr" / "lib" / "firmware")
    keep_languages(root)
    for link, target in LINKS.items():
        (root / link).symlink_to(target)
    for name in EMPTY:
        (root / name).mkdir(exist_ok=True)
    _busybox_links(root)
    _certificates(root)
    for cache in root.rglob("__pycache__"):
        _remove(cache)


def add_overlay(root: Path) -> None:
    """Our own files, exactly as they lie in rootfs-overlay/."""
    run("cp", "--archive", "--remove-destination", f"{OVERLAY}/.", root)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def drop_packages(root: Path, files: Mapping[str, set[str]]) -> None:
    """Remove what belongs to unused packages alone."""
    kept = {path for name, paths in files.items() if name not in UNUSED for path in paths}
    for name in UNUSED:
        for path in files.get(name, set()) - kept:
            if path and not path.endswith("/"):
                (root / path).unlink(missing_ok=True)


def _only_our_radios(firmware: Path) -> None:
    wanted = {path for pattern in RADIO_FIRMWARE for path in firmware.glob(pattern)}
    for path in firmware.rglob("*"):
        if path not in wanted and not path.is_dir():
            path.unlink()


def keep_languages(root: Path) -> None:
    """Remove the synthesizer's voices and dictionaries, but for those of SPOKEN.

    What is left is what `espeak-ng --voices` lists, so nobody is offered a silent voice.
    """
    dictionaries = {DICTIONARIES.get(language, language) for language in SPOKEN}
    for path in root.glob("usr/lib/*/espeak-ng-data/*_dict"):
        if path.name.removesuffix("_dict") not in dictionaries:
            path.unlink()
    for path in root.glob("usr/lib/*/espeak-ng-data/lang/**/*"):
        if path.is_file() and path.name.partition("-")[0] not in SPOKEN:
            path.unlink()


def _merge_into_usr(root: Path, name: str) -> None:
    """Bookworm's packages still bring files in /bin, /sbin, /lib; programs look for both places."""
    old, new = root / name, root / "usr" / name
    new.mkdir(parents=True, exist_ok=True)
    if old.is_dir() and not old.is_symlink():
        shutil.copytree(old, new, symlinks=True, dirs_exist_ok=True)
        shutil.rmtree(old)
    if not old.is_symlink():
        old.symlink_to(f"usr/{name}")


def _busybox_links(root: Path) -> None:
    """A link for each applet that no real program replaces.

    The list is the host's busybox-static's: the same source version as the target's.
    """
    for applet in run("busybox", "--list-full").split():
        name = Path(applet).name
        if not any(
            (root / "usr" / place / name).is_symlink() or (root / "usr" / place / name).exists()
            for place in ("bin", "sbin")
        ):
            place = "sbin" if "sbin" in applet else "bin"
            target = "../bin/busybox" if place == "sbin" else "busybox"
            (root / "usr" / place / name).symlink_to(target)


def _certificates(root: Path) -> None:
    """What update-ca-certificates makes: every authority in one file."""
    bundle = root / "etc" / "ssl" / "certs" / "ca-certificates.crt"
    bundle.parent.mkdir(parents=True, exist_ok=True)
    authorities = files_of(root / "usr" / "share" / "ca-certificates", ("*.crt",))
    bundle.write_text("".join(a.read_text().rstrip("\n") + "\n" for a in authorities))
