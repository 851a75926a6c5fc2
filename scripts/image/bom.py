"""The bill of materials: what the image is made of, under which licences, with their texts.

Parts are Debian packages, Python packages, kernel, firmware and our own code. The bill is a JSON
document [CycloneDX 1.5]; a package's address in it is a purl [package-url specification].
"""

import json
import re
import tarfile
import uuid
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.parser import HeaderParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

from scripts.image.apt import ARCHITECTURE, SUITE
from scripts.image.kernel import PATCHES, Kernel
from scripts.image.work import PROJECT, Folders, run, sha256

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
    fields = HeaderParser().parsestr(metadata)
    classified = [
        value.removeprefix(_CLASSIFIER)
        for value in fields.get_all("Classifier", [])
        if value.startswith(_CLASSIFIER)
    ]
    short = (fields.get("License") or "").strip().splitlines()
    licence = (
        fields.get("License-Expression") or (classified and classified[0]) or (short and short[0])
    )
    return Part(fields["Name"], fields["Version"], "pypi", (licence or "see its text",), text)


def debian_parts(debs: Iterable[Path], folders: Folders, root: Path | None = None) -> list[Part]:
    """Debian packages; with `root`, only those of which something is left in it."""
    cache = folders.kept("contents")
    notices = {deb: of_deb(deb, cache) for deb in debs}
    by_name = {deb.name.split("_")[0]: notice for deb, (_, notice) in notices.items()}
    parts = []
    for deb, (paths, notice) in notices.items():
        notice = by_name.get(notice.removeprefix("-> "), notice)
        if root is not None and not any(_is_left(root, path) for path in paths):
            continue
        name, version, _ = deb.stem.split("_")
        version = version.replace("%3a", ":")
        parts.append(Part(name, version, "deb", of_copyright(notice), notice, sha256(deb)))
    return parts


def files_of_packages(debs: Iterable[Path], folders: Folders) -> dict[str, set[str]]:
    """What each Debian package brings, by its name; folders end with a slash."""
    cache = folders.kept("contents")
    return {deb.name.split("_")[0]: of_deb(deb, cache)[0] for deb in debs}


def _is_left(root: Path, path: str) -> bool:
    """A file (no folder) of the package is there, where it was or merged into usr/."""
    found = root / path
    return bool(path) and not path.endswith("/") and (found.is_file() or found.is_symlink())


def python_parts(wheels: Iterable[Path], archives: Mapping[str, Path]) -> list[Part]:
    """Python packages, from wheels and from source archives."""
    return [of_wheel(wheel) for wheel in wheels] + [_of_archive(a) for a in archives.values()]


def _of_archive(archive: Path) -> Part:
    folder = archive.name.removesuffix(".tar.gz")
    with tarfile.open(archive) as packed:
        texts = [packed.extractfile(f"{folder}/{name}") for name in ("PKG-INFO", "LICENSE")]
        metadata, licence = (text.read().decode() if text else "" for text in texts)
    return of_metadata(metadata, licence)


def kernel_part(kernel: Kernel) -> Part:
    """The kernel."""
    text = (kernel.folder / "copyright").read_text()
    patched = ", ".join(patch.stem for patch in PATCHES)
    return Part(
        "linux", kernel.version, "", ("GPL-2.0-only WITH Linux-syscall-note",), text,
        sha256(kernel.image), f"Debian's source, patched: {patched}",
    )  # fmt: skip


def own_part(version: str) -> Part:
    """Switchhook."""
    text = (PROJECT / "LICENSE").read_text()
    return Part("switchhook", version, "", (text.strip().splitlines()[0].strip(),), text)


_RULE = "=" * 78


def purl(part: Part) -> str | None:
    """The package's address [package-url specification]; None for what no registry has."""
    version = quote(part.version, safe="")
    if part.kind == "deb":
        return f"pkg:deb/debian/{part.name}@{version}?arch={ARCHITECTURE}&distro={SUITE}"
    if part.kind == "pypi":
        return f"pkg:pypi/{part.name.lower().replace('_', '-')}@{version}"
    return None


def bill(parts: Sequence[Part], version: str, epoch: int, root_sha256: str) -> dict[str, Any]:
    """The whole document [CycloneDX 1.5]; the same from the same parts.

    `epoch`: the build's time in seconds since 1970.
    """
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, root_sha256)}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {
                "type": "firmware",
                "bom-ref": "image",
                "name": "switchhook-image",
                "version": version,
                "hashes": [{"alg": "SHA-256", "content": root_sha256}],
            },
        },
        "components": [_component(part) for part in parts],
    }


def _component(part: Part) -> dict[str, Any]:
    address = purl(part)
    component: dict[str, Any] = {
        "type": "operating-system" if part.name == "linux" else "library",
        "bom-ref": address or f"{part.name}@{part.version}",
        "name": part.name,
        "version": part.version,
        "licenses": [{"license": {"name": name}} for name in part.licences],
    }
    if address:
        component["purl"] = address
    if part.sha256:
        component["hashes"] = [{"alg": "SHA-256", "content": part.sha256}]
    if part.note:
        component["description"] = part.note
    return component


def write_bill(
    parts: Sequence[Part], version: str, epoch: int, root_sha256: str, into: Path
) -> None:
    """Write sbom.cdx.json and licences.txt; `epoch` is the build's time in seconds since 1970."""
    document = bill(parts, version, epoch, root_sha256)
    (into / "sbom.cdx.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    lines = [f"{p.name} {p.version}: {'; '.join(p.licences)}" for p in parts]
    texts = [f"{_RULE}\n{p.name} {p.version}\n{_RULE}\n{p.text.strip()}\n" for p in parts]
    (into / "licences.txt").write_text(
        "\n".join(["What the image is made of.", "", *lines, "", *texts])
    )
