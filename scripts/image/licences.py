"""Under which licences a package comes, as it says itself."""

import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path

from scripts.image.work import run

_STANZA_LICENCE = re.compile(r"^License:[ \t]*(\S.*)$", re.MULTILINE)
_COMMON = re.compile(r"/usr/share/common-licenses/([A-Za-z0-9.-]+)")
_CLASSIFIER = "License :: OSI Approved :: "


@dataclass(frozen=True)
class Part:
    """One package that something in the image comes from."""

    name: str
    version: str
    kind: str
    """"deb", "pypi", or "" for what no registry has."""
    licences: tuple[str, ...]
    text: str
    """Copyright notices and licences, whole."""
    sha256: str = ""
    note: str = ""


def of_copyright(text: str) -> tuple[str, ...]:
    """What a Debian copyright file names [DEP-5], else the common licences it points to."""
    named = {name.strip() for name in _STANZA_LICENCE.findall(text)}
    if not named:
        named = {f"{name.rstrip('.')}" for name in _COMMON.findall(text)}
    return tuple(sorted(named)) or ("see its copyright file",)


def of_deb(deb: Path, cache: Path) -> tuple[set[str], str]:
    """(paths, copyright file) of a package; read once, then from the cache.

    The copyright file of a package that has it from another is "-> " and that one's name.
    """
    cache.mkdir(parents=True, exist_ok=True)
    listing, notice = (cache / f"{deb.name}.{end}" for end in ("paths", "copyright"))
    if not notice.exists():
        long = run("dpkg-deb", "--contents", deb)
        paths = [line.split(maxsplit=5)[5] for line in long.splitlines()]
        listing.write_text("\n".join(path.split(" -> ")[0] for path in paths))
        notice.write_text(_copyright(deb, paths))
    return {
        path.removeprefix("./") for path in listing.read_text().splitlines()
    }, notice.read_text()


def _copyright(deb: Path, paths: Sequence[str]) -> str:
    documents = f"./usr/share/doc/{deb.name.split('_')[0]}"
    for path in paths:
        if path == f"{documents}/copyright":
            script = (
                'set -o pipefail; dpkg-deb --fsys-tarfile "$1" | tar --extract --to-stdout "$2"'
            )
            return run("bash", "-c", script, "-", deb, path)
        if path.startswith((f"{documents} -> ", f"{documents}/copyright -> ")):
            target = path.split(" -> ")[1].removesuffix("/copyright")
            return f"-> {target.rsplit('/', 1)[-1]}"
    return ""


def of_wheel(wheel: Path) -> Part:
    """What a Python wheel says of itself."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = next(name for name in names if name.endswith(".dist-info/METADATA"))
        texts = [
            archive.read(name).decode(errors="replace")
            for name in sorted(names)
            if ".dist-info/" in name
            and re.search(r"licen[cs]e|copying|notice", name, re.IGNORECASE)
        ]
        return of_metadata(archive.read(metadata).decode(), "\n".join(texts))


def of_metadata(metadata: str, text: str) -> Part:
    """A Python package from its core metadata."""
    told = HeaderParser().parsestr(metadata)
    classified = [
        value.removeprefix(_CLASSIFIER)
        for value in told.get_all("Classifier", [])
        if value.startswith(_CLASSIFIER)
    ]
    short = (told.get("License") or "").strip().splitlines()
    licence = (
        told.get("License-Expression") or (classified and classified[0]) or (short and short[0])
    )
    return Part(told["Name"], told["Version"], "pypi", (licence or "see its text",), text)
