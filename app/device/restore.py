"""Back from a backup: checked as a whole, laid beside what is there, and changed over at a start.

    restore/new/…    the files of the backup, verified
    restore/ready    from here on the next start changes over, before any service runs
    restore/old/…    what was there; removed when all is in its place

Data comes back, and nothing that root executes or sources: what a backup may hold is a list of
names (backup.DATA), settings pass the settings' own reader and keys are read as keys, or they are
left out. Every step of the change-over looks whether it is done, so a power cut in it only delays
it.
"""

import hashlib
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from app.config.edit import with_value
from app.config.paths import Paths
from app.config.settings import SettingsError, load
from app.core.errors import DeviceError
from app.device import backup_reading, boot_env, certificates
from app.device.backup import (
    HOST_NAME,
    PIECE,
    SETTINGS,
    SPARE,
    SPOOL,
    STORE,
    Manifest,
)
from app.device.sealing import Keys
from app.store.snapshot import SnapshotFacts, examine

FOLDERS = ("greetings", "keys")
PLACES = ("store", SETTINGS, *FOLDERS, HOST_NAME)
"""What is changed over, each by a rename."""
LONGEST_NAME = re.compile(r"[a-z0-9-]{1,63}")
OWN_SECRETS = ("srs.key", "accounts.key", "dkim.key")
LONGEST_SECRET = 4096  # octets of a secret of this box's own making


@dataclass(frozen=True)
class Staged:
    """A verified backup, ready to be changed over to."""

    manifest: Manifest
    store: Path
    found: SnapshotFacts
    left_out: tuple[str, ...]
    """What of it is not taken, a text each."""


def stage(
    paths: Paths, archive: Path, boards: Path, keys: Keys, may_be_unsealed: bool = False
) -> Staged:
    """Verify a backup and lay its files below restore/new; nothing that is in use is touched.

    `may_be_unsealed` takes one that is not sealed, too, which may be of anybody. Raises
    DeviceError, StoreFailed or SchemaTooNew; then nothing of it stays.
    """
    folder = paths.var / "restore"
    shutil.rmtree(folder, ignore_errors=True)
    new = folder / "new"
    try:
        for made in (folder, new):
            made.mkdir()
            made.chmod(0o711)  # root's; a service may go through to the store in it
        with archive.open("rb") as file:
            read = backup_reading.read(
                file,
                keys,
                lambda item, source: _laid_down(new / item.name, source),
                may_be_unsealed,
                lambda manifest: _must_fit(paths, manifest),
            )
        left_out = (*read.left_out, *_settings(paths, new, boards), *_keys(new), *_name(new))
        _complete(new, read.manifest)
        found = examine(new / STORE)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Staged(read.manifest, new / STORE, found, left_out)


def _laid_down(path: Path, source: BinaryIO) -> str:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return _copy(source, path)


def _must_fit(paths: Paths, manifest: Manifest) -> None:
    needed = sum(item.octets for item in manifest.files) + SPARE
    free = shutil.disk_usage(paths.var).free
    if needed > free:
        raise DeviceError(
            f"{free // 1_000_000} MB are free; the backup needs {needed // 1_000_000} MB"
        )


def _settings(paths: Paths, new: Path, boards: Path) -> tuple[str, ...]:
    """Leave out settings that cannot be used, and the name of another kind of board; why."""
    path = new / SETTINGS
    if not path.exists():
        return ()
    try:
        there = load(path, paths.beneath).phone.board
        here = _board(paths)
        if there != here:
            _keep_board(path, paths.beneath, here)
        boot_env.checked(path, paths.beneath, boards)
    except SettingsError as problem:
        path.unlink()
        return (f"settings.toml: {problem}; the settings stay as they are here",)
    if there != here:
        return (f"phone.board: {there} there; the board of this box, {here}, stays",)
    return ()


def _board(paths: Paths) -> str:
    """This box's board, also where its settings cannot be read any more."""
    try:
        return paths.settings().phone.board
    except SettingsError:
        return load(paths.var / "no-settings", paths.beneath).phone.board


def _keep_board(path: Path, beneath: tuple[Path, ...], board: str) -> None:
    """Have a settings file name this board, or none if what lies beneath names it."""
    text = with_value(path.read_text(), ("phone", "board"), None)
    path.write_text(text)
    if load(path, beneath).phone.board != board:
        path.write_text(with_value(text, ("phone", "board"), board))


def _keys(new: Path) -> tuple[str, ...]:
    """Leave out all keys unless each is one; why."""
    folder = new / "keys"
    if not folder.is_dir():
        return ()
    try:
        certificates.check(folder)
        for secret in (folder / name for name in OWN_SECRETS):
            if secret.exists() and not 0 < secret.stat().st_size <= LONGEST_SECRET:
                raise DeviceError(f"{secret.name} is empty or too long")
    except DeviceError as problem:
        shutil.rmtree(folder)
        return (f"keys: {problem}; new ones are made",)
    return ()


def _name(new: Path) -> tuple[str, ...]:
    path = new / HOST_NAME
    if not path.exists() or LONGEST_NAME.fullmatch(path.read_text(errors="replace").strip()):
        return ()
    path.unlink()
    return ("the device's name: it is none",)


def _complete(new: Path, manifest: Manifest) -> None:
    """What the backup does not have is to be empty, and not as it was before."""
    for folder in FOLDERS:
        (new / folder).mkdir(exist_ok=True)
    if SETTINGS not in {item.name for item in manifest.files}:
        (new / SETTINGS).touch()


def _copy(source: BinaryIO, path: Path) -> str:
    digest = hashlib.sha256()
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        while piece := source.read(PIECE):
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def ready(paths: Paths) -> Path:
    """The mark that the next start changes over."""
    return paths.var / "restore" / "ready"


def commit(paths: Paths) -> None:
    """From here on it will be changed over, whatever happens."""
    os.sync()
    ready(paths).touch()
    os.sync()


def change_over(paths: Paths) -> bool:
    """Put a staged backup in paths, before any service runs; False if there is none."""
    if not ready(paths).exists():
        return False
    folder = paths.var / "restore"
    old, new = folder / "old", folder / "new"
    (old / HOST_NAME).parent.mkdir(parents=True, exist_ok=True)
    (paths.var / HOST_NAME).parent.mkdir(exist_ok=True)
    for name in PLACES:
        if not (new / name).exists():
            continue  # done before a power cut, or not in the backup
        if (paths.var / name).exists():
            (paths.var / name).rename(old / name)
        (new / name).rename(paths.var / name)
    _add_recordings(paths, new / SPOOL)
    os.sync()
    ready(paths).unlink()
    shutil.rmtree(folder)
    return True


def _add_recordings(paths: Paths, came: Path) -> None:
    """Those that wait here go on waiting: a store is restored because it was away."""
    if not came.is_dir():
        return
    paths.spool.mkdir(exist_ok=True)
    for path in came.iterdir():
        if not (paths.spool / path.name).exists():
            path.rename(paths.spool / path.name)
