"""Shared libraries: every one that a program needs is there, and none that nothing needs.

What a package depends on is more than what its program links: sound servers and window systems
behind the speech synthesizer, say.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from scripts.image.work import BuildError, run

READELF = "aarch64-linux-gnu-readelf"
LIBRARIES = "usr/lib/aarch64-linux-gnu"
PROGRAMS = ("usr/bin", "usr/sbin", "usr/lib/python3", "usr/lib/python3.11", "usr/libexec")
"""Folders whose files are used as they are: programs and Python's extension modules."""
OPENED = (
    "libspandsp.so.2", "libtiff.so.6", "libsndfile.so.1", "libopencore-amrnb.so.0",
    "libgcc_s.so.1",
    "libnss_files.so.2", "libnss_dns.so.2", "libnss_compat.so.2",
    "ld-linux-aarch64.so.1", "libresolv.so.2",
)  # fmt: skip
"""Libraries that are opened by name at run time, and the loader itself."""

_FILE = re.compile(r"^File: (.*)$")
_NEEDED = re.compile(r"\(NEEDED\)\s+Shared library: \[(.*)\]")
Needs = Mapping[Path, set[str]]


def is_elf(path: Path) -> bool:
    """A program or a shared library."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def needs_of(files: Iterable[Path]) -> dict[Path, set[str]]:
    """The libraries that each ELF file names."""
    wanted = sorted(path for path in files if is_elf(path))
    # readelf names a file only when it is given several
    output = run(READELF, "--dynamic", "--wide", *wanted, wanted[0])
    needs: dict[Path, set[str]] = {path: set() for path in wanted}
    file = wanted[0]
    for line in output.splitlines():
        if name := _FILE.match(line):
            file = Path(name[1])
        elif library := _NEEDED.search(line):
            needs[file].add(library[1])
    return needs


def reached(start: Iterable[str], needs: Mapping[str, set[str]]) -> set[str]:
    """Every name that can be reached from `start`."""
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += needs.get(name, ())
    return found


def prune(root: Path) -> list[str]:
    """Remove what nothing needs; gives the names. Raises BuildError if a library is missing."""
    folder = root / LIBRARIES
    links = {
        path.name: path for path in sorted(folder.rglob("lib*.so*")) + sorted(folder.glob("ld-*"))
    }
    by_name = {name: path.resolve() for name, path in links.items() if path.is_file()}
    ours = [path for place in PROGRAMS for path in (root / place).rglob("*")]
    programs = needs_of(ours)
    libraries = needs_of(by_name.values())
    wanted = reached(
        (*OPENED, *(name for names in programs.values() for name in names)),
        {name: libraries.get(path, set()) for name, path in by_name.items()},
    )
    if missing := lacking(wanted, by_name, programs):
        raise BuildError("\n  ".join(("libraries are missing:", *missing)))
    kept = {by_name[name] for name in wanted if name in by_name}
    unused = [name for name, path in by_name.items() if path not in kept]
    for name in unused:
        links[name].unlink()
    return sorted(unused)


def lacking(wanted: Iterable[str], there: Mapping[str, Path], programs: Needs) -> list[str]:
    """Libraries that are nowhere, each with a program that names it.

    A wheel's own libraries lie beside its modules, so they are among the programs.
    """
    known = {*there, *(path.name for path in programs)}
    missing = sorted(set(wanted) - known)
    users = {name: path for path, names in programs.items() for name in names}
    return [f"{name}, for {users.get(name, 'another library')}" for name in missing]
