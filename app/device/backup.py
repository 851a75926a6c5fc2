"""A backup: one file that holds what a device would be missed for.

It is a tar archive [POSIX ustar], as a rule sealed (app/device/sealing.py). It begins with
manifest.json: who made it, when, and the size and SHA-256 of every file that follows; it ends with
the manifest's own SHA-256. It holds
data and nothing that anybody executes or sources: the store, the recordings that wait for it, the
owner's settings, keys, greetings, and the device's name (`DATA`). Not the console's password, which
is this box's own; not the logs, nor the prompts, nor what can be made again.
"""

import hashlib
import io
import json
import logging
import os
import re
import shutil
import struct
import tarfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from app.config.paths import Paths
from app.core import files
from app.core.errors import DeviceError
from app.device.sealing import Sealed, Sealer
from app.inbox.credentials import new_password
from app.store.snapshot import copy_store

log = logging.getLogger(__name__)

PRODUCT, FORMAT = "switchhook-backup", 3
MANIFEST = "manifest.json"
CHECKSUM = "manifest.json.sha256"
STORE = "store/inbox.db"
SETTINGS = "settings.toml"
HOST_NAME = "etc/host-name"
SPOOL = "spool"
KEYS = (
    *("ca.key", "ca.crt", "server.key", "server.crt", "server.given"),
    *("acme.key", "srs.key", "accounts.key", "dkim.key"),
)
DATA = re.compile(
    rf"{re.escape(STORE)}|{re.escape(SETTINGS)}|{HOST_NAME}"
    rf"|keys/(?:{'|'.join(map(re.escape, KEYS))})|greetings/[0-9]{{1,18}}/[a-z0-9-]{{1,40}}\.wav"
    rf"|{SPOOL}/[0-9]{{1,13}}\.voice"
)
"""Names of all that a backup may hold, and a restore takes."""
SPARE = 1_000_000
PIECE = 1 << 20
SHORTEST_PASSPHRASE = 12  # characters
REMEMBERED = 200
"""Number of backups whose keys the box keeps."""


@dataclass(frozen=True)
class Item:
    """One file of a backup."""

    name: str
    octets: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself."""

    version: str
    """Of the program that made it."""
    made_at: int
    """Seconds since 1970."""
    host: str
    files: tuple[Item, ...]

    def to_json(self) -> bytes:
        """As it lies in the file."""
        fields = {"product": PRODUCT, "format": FORMAT, **asdict(self)}
        return json.dumps(fields, indent=1).encode() + b"\n"


@dataclass(frozen=True)
class Seal:
    """What a backup is sealed for: a passphrase, or else recipients of age; neither: not sealed."""

    passphrase: str | None = None
    recipients: tuple[str, ...] = ()

    @property
    def is_none(self) -> bool:
        """Whether anybody who has the file may read and change it."""
        return self.passphrase is None and not self.recipients


class FileKeys:
    """The keys of the sealed files that this box has made, by which it reads them again.

    They are in no backup, and gone after a factory reset.
    """

    def __init__(self, paths: Paths) -> None:
        self._path = paths.etc / "backup-keys"

    def all(self) -> dict[str, bytes]:
        """File keys by the names of headers, oldest first. Raises OSError."""
        if not self._path.exists():
            return {}
        pairs = (line.split() for line in self._path.read_text().splitlines())
        return {name: bytes.fromhex(key) for name, key in pairs}

    def remember(self, sealed: Sealed) -> None:
        """Keep one more; of REMEMBERED the oldest goes. Raises OSError."""
        known = [*self.all().items(), (sealed.name, sealed.key)][-REMEMBERED:]
        lines = "".join(f"{name} {key.hex()}\n" for name, key in known)
        files.write(self._path, lines, 0o600)


def new_passphrase() -> str:
    """A passphrase of some 118 random bits, to be written down."""
    return f"{new_password()}-{new_password()}"


def check_passphrase(words: str) -> str:
    """A passphrase of the owner's own. Raises DeviceError if it is too short."""
    if len(words) < SHORTEST_PASSPHRASE:
        raise DeviceError(
            f"a passphrase has {SHORTEST_PASSPHRASE} characters or more: who has the file may guess"
            " at it for years"
        )
    return words


def make(
    paths: Paths, to: Path, version: str, host: str, now: float, seal: Seal, beside: bool = False
) -> Manifest:
    """Write a backup to the file `to`, while the box goes on working; `now` in seconds since 1970.

    The store is copied first, unsealed: on the data partition, or beside `to`. Its size must be
    free there. Raises DeviceError, StoreFailed or OSError; what was at `to` before is still there.
    """
    folder = to.with_name(f"{to.name}.copy") if beside else paths.var / "backup"
    partial = to.with_name(f"{to.name}.partial")
    shutil.rmtree(folder, ignore_errors=True)
    _must_fit(paths, folder, to)
    folder.mkdir(mode=0o700)
    try:
        # Before the store: one that is delivered meanwhile is in both, and known by its number.
        waiting = _spooled(paths, folder)
        (folder / STORE).parent.mkdir()
        copy_store(paths.database, folder / STORE)
        names = [STORE, *_copied(paths, folder), *waiting]
        items = tuple(_item(name, folder / name) for name in names)
        manifest = Manifest(version, int(now), host, items)
        sealed = _write(partial, manifest, folder, seal)
        if sealed is not None:
            FileKeys(paths).remember(sealed)
        partial.replace(to)
        files.sync_folder(to.parent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        partial.unlink(missing_ok=True)
    return manifest


def _must_fit(paths: Paths, folder: Path, to: Path) -> None:
    wal = paths.database.with_name(f"{paths.database.name}-wal")
    store = _size(paths.database) + _size(wal)
    others = sum(path.lstat().st_size for path in paths.greetings.rglob("*.wav"))
    others += sum(map(_size, paths.spooled()))
    needs: dict[int, tuple[Path, int]] = {}
    for place in (folder.parent, to.parent):
        disk = place.stat().st_dev
        needs[disk] = place, needs.get(disk, (place, SPARE))[1] + store + others
    for place, needed in needs.values():
        free = shutil.disk_usage(place).free
        if needed > free:
            raise DeviceError(
                f"{place} has {free // 1_000_000} MB free; a backup needs"
                f" {needed // 1_000_000} MB there"
            )


def _size(path: Path) -> int:
    """Octets of a file; 0 if it is not there (SQLite takes its WAL away at any moment)."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _copied(paths: Paths, folder: Path) -> Iterator[str]:
    """Copy what is no store into `folder`, following no link; the names."""
    plain = (SETTINGS, HOST_NAME, *(f"keys/{name}" for name in KEYS))
    with files.opened_folder(paths.var) as var:
        for name in plain:
            if not (paths.var / name).is_file():
                continue
            with files.opened_folder((paths.var / name).parent) as within:
                _copy(Path(name).name, within, folder / name)
            yield name
        if not paths.greetings.is_dir():
            return
        for place, _, names, within in os.fwalk("greetings", dir_fd=var, follow_symlinks=False):
            for file in sorted(names):
                name = f"{place}/{file}"
                if DATA.fullmatch(name) is None:
                    continue
                try:
                    _copy(file, within, folder / name)
                except OSError as problem:
                    log.warning("%s is left out: %s", name, problem)
                    continue
                yield name


def _spooled(paths: Paths, folder: Path) -> list[str]:
    """Copy the recordings that wait for the store into `folder`; the names.

    What one has on the disk and in memory comes into one file, as far as its frames are whole.
    """
    (folder / SPOOL).mkdir()
    names: dict[str, None] = {}
    for source in paths.spooled():
        name = f"{SPOOL}/{source.name}"
        if DATA.fullmatch(name) is None:
            continue
        try:
            with (
                files.opened_folder(source.parent) as within,
                open(files.open_plain(source.name, within), "rb") as file,
            ):
                octets = file.read()
        except OSError as problem:  # delivered meanwhile, or no plain file
            log.warning("%s is left out: %s", source, problem)
            continue
        with (folder / name).open("ab") as copy:
            copy.write(octets[: _whole(octets)])
        names[name] = None
    return list(names)


def _whole(octets: bytes) -> int:
    """How many octets of a recording's file are whole frames; a piece may be being written.

    A frame is two lengths, big-endian, and so many octets each [app/clerk/frames.py].
    """
    end = 0
    while end + 8 <= len(octets):
        following = end + 8 + sum(struct.unpack_from(">II", octets, end))
        if following > len(octets):
            break
        end = following
    return end


def _copy(name: str, within: int, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    with open(files.open_plain(name, within), "rb") as source, to.open("xb") as copy:
        shutil.copyfileobj(source, copy)


def _item(name: str, path: Path) -> Item:
    with path.open("rb") as file:
        return Item(name, path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


def _write(partial: Path, manifest: Manifest, folder: Path, seal: Seal) -> Sealed | None:
    partial.unlink(missing_ok=True)
    how = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(partial, how, 0o600), "wb") as file:
        sealed = None
        if seal.is_none:
            _archive(file, manifest, folder)
        else:
            with closing(Sealer(file, seal.passphrase, seal.recipients)) as sealer:
                _archive(sealer, manifest, folder)
                sealer.finish()
            sealed = sealer.sealed
        file.flush()
        os.fsync(file.fileno())
    return sealed


def _archive(file: BinaryIO | Sealer, manifest: Manifest, folder: Path) -> None:
    with tarfile.open(fileobj=file, mode="w|", format=tarfile.USTAR_FORMAT) as archive:
        header = manifest.to_json()
        archive.addfile(_member(MANIFEST, len(header), manifest), io.BytesIO(header))
        for item in manifest.files:
            with (folder / item.name).open("rb") as source:
                archive.addfile(_member(item.name, item.octets, manifest), source)
        end = checksum(header)
        archive.addfile(_member(CHECKSUM, len(end), manifest), io.BytesIO(end))


def checksum(manifest: bytes) -> bytes:
    """The text that a backup ends with."""
    return f"{hashlib.sha256(manifest).hexdigest()}\n".encode()


def _member(name: str, octets: int, manifest: Manifest) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = octets, manifest.made_at, 0o600
    return info
