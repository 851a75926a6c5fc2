"""Our own code and its locked Python dependencies, for the target.

Wheels are taken as they are published; the two libraries that have none for aarch64 are compiled
from their locked source archives. Hashes are checked by pip against requirements/device.txt.
"""

import re
import shutil
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

from scripts.image.extensions import EXTENSIONS
from scripts.image.work import PROJECT, BuildError, Folders, files_of, key_of, run

LOCK = PROJECT / "requirements" / "device.txt"
SITE = "usr/lib/python3/dist-packages"
"""Where Debian's python3 looks, seen from the root."""
HOME = "usr/lib/switchhook"
"""Our own code on the device."""
OUR_FOLDERS = ("app", "drivers")
NATIVE = "app/phone/sound/native/sound.so"
"""What of ours is compiled, seen from HOME."""
VIRTUAL_ONLY = "app/web/board"
"""The virtual board's page: a device has a board of its own, and no WebSocket."""
PYTHON = "3.11"
ABI = "cp311"
PLATFORMS = (
    *(f"manylinux_2_{glibc}_aarch64" for glibc in (36, 35, 34, 31, 28, 27, 24, 17)),
    "manylinux2014_aarch64",
)
"""Every glibc up to the target's own (2.36)."""


LEFT_OUT = (
    "*/tests", "*/testing/tests", "numpy/f2py", "numpy/_core/include", "numpy/_core/lib",
    "numpy/random/lib", "numpy/distutils", "pypdfium2_cli", "wcwidth/_wcwidth_c.*",
    "*.pyi", "*.pyx", "*.pxd", "*.dist-info/RECORD",
)  # fmt: skip
"""Patterns below the site folder that a device never opens, or can do without: wcwidth's C."""


FROM_DEBIAN = frozenset({"cryptography"})
"""Taken as Debian packages (packages.py): the root is 3.5 MB smaller than with the wheel, which
brings an OpenSSL of its own."""


NEVER_LOADED = frozenset({"pygments", "markdown-it-py", "mdurl"})
"""What others need only for what we do not use of them: rich's colours for source code."""


def requirements(lock: str) -> dict[str, str]:
    """The lock file's entries by package, each with its hashes, for the target's Python."""
    entries = re.split(r"\n(?=[A-Za-z])", lock.strip())
    chosen = {}
    for entry in entries:
        head = entry.split("\\", 1)[0]
        if ">= '3.12'" in head:
            continue
        chosen[re.split(r"[=\s]", head, maxsplit=1)[0]] = entry.rstrip() + "\n"
    return chosen


def download(folders: Folders) -> tuple[list[Path], dict[str, Path]]:
    """The wheels, and the source archives of EXTENSIONS. Raises BuildError on a hash mismatch."""
    lock = requirements(LOCK.read_text())
    elsewhere = FROM_DEBIAN | NEVER_LOADED
    folder = folders.kept("python", key_of(LOCK.read_bytes(), *PLATFORMS, *sorted(elsewhere)))
    wheels, sources = folder / "wheels", folder / "sources"
    if not (folder / "complete").exists():
        binary = [
            lock[name]
            for name in sorted(lock.keys() - EXTENSIONS.keys() - FROM_DEBIAN - NEVER_LOADED)
        ]
        _pip_download(wheels, binary, ("--only-binary=:all:", *_target_options()))
        _pip_download(sources, [lock[name] for name in EXTENSIONS], ("--no-binary=:all:",))
        (folder / "complete").touch()
    archives = {name: _archive(sources, name) for name in EXTENSIONS}
    return files_of(wheels, ("*.whl",)), archives


def _target_options() -> list[str]:
    options = [
        "--implementation=cp",
        f"--python-version={PYTHON}",
        f"--abi={ABI}",
        "--abi=abi3",
        "--abi=none",
    ]
    return options + [f"--platform={platform}" for platform in PLATFORMS] + ["--platform=any"]


def _pip_download(into: Path, entries: Sequence[str], options: Sequence[str]) -> None:
    into.mkdir(parents=True, exist_ok=True)
    chosen = into / "requirements.txt"
    chosen.write_text("".join(entries))
    run(
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
        "--no-deps", "--require-hashes", "--dest", into, "--requirement", chosen, *options,
    )  # fmt: skip


def _archive(folder: Path, name: str) -> Path:
    found = sorted(folder.glob(f"{name}-*.tar.gz"))
    if not found:
        raise BuildError(f"no source archive of {name} in {folder}")
    return found[0]


def install(root: Path, wheels: Sequence[Path]) -> None:
    """Wheels into the site folder; what a device never opens stays out."""
    site = root / SITE
    site.mkdir(parents=True, exist_ok=True)
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(site)
    for data in sorted(site.glob("*.data")):  # scripts and headers of a wheel; none is wanted
        shutil.rmtree(data)
    for pattern in LEFT_OUT:
        for path in sorted(site.glob(pattern)) + sorted(site.rglob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def install_ours(root: Path, boards: Sequence[str]) -> None:
    """Our own code, and the boards that this image's kernel can drive."""
    home = root / HOME
    # The box reads the .mo of a .po; what is made of C here is not for it.
    leave = shutil.ignore_patterns("__pycache__", "*.pyc", "*.po", "*.c", "*.so", "*.made-of")
    for name in OUR_FOLDERS:
        shutil.copytree(PROJECT / name, home / name, ignore=leave)
    shutil.rmtree(home / VIRTUAL_ONLY)
    for board in boards:
        shutil.copytree(PROJECT / "board" / board, home / "board" / board, ignore=leave)


def install_native(root: Path, compiler: str) -> None:
    """Our own C (scripts/native) by the target's compiler. Raises BuildError."""
    library = root / HOME / NATIVE
    run(PROJECT / "scripts" / "native", compiler, library)
    library.with_name(f"{library.name}.made-of").unlink()


def compiler() -> Path | None:
    """The interpreter that makes the byte-code: Debian's own first, so that all make the same."""
    debian = Path("/usr/bin") / f"python{PYTHON}"
    if debian.exists():
        return debian
    ours = ".".join(map(str, sys.version_info[:2]))
    return Path(sys.executable) if ours == PYTHON else None


def byte_compile(root: Path) -> None:
    """Byte-code for all Python files, never checked against them: the root is read-only.

    In one process and with a fixed hash seed, so that it is the same octets every time. Raises
    BuildError.
    """
    interpreter = compiler()
    if interpreter is None:
        raise BuildError(f"byte-code for the device needs Python {PYTHON}")
    run(
        interpreter, "-m", "compileall", "-q", "-j1", "--invalidation-mode", "unchecked-hash",
        "-s", root, "-p", "/", root / "usr/lib/python3.11", root / SITE, root / HOME,
        env={"PYTHONHASHSEED": "0"},
    )  # fmt: skip
