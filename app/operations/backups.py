"""Backups for doors other than the console: made for download, checked after upload, put in place.

What a backup is says app/device/backup.py, how one is taken back app/device/restore.py.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from app.config.paths import PROJECT, Paths
from app.core import files
from app.core.clock import Clock
from app.core.errors import SwitchhookError
from app.core.records import BadRecord, parse_json
from app.inbox.credentials import new_password
from app.operations.actor import Actor, require_admin
from app.operations.errors import NotFound, OperationError
from app.operations.uploads import BACKUP, opened_upload, remove_upload

if TYPE_CHECKING:
    from app.config.settings import Settings
    from app.device.restore import Staged
    from app.device.sealing import Keys
    from app.operations.box import Box

    OpenBox = Callable[[Paths, Settings], Box]

SHORTEST_PASSPHRASE = 12
"""Characters; of app/device/backup.py, which needs a library that doors are spared."""


@dataclass(frozen=True)
class BackupMade:
    """A backup that waits to be downloaded."""

    name: str
    """Of the file, in Paths.downloads."""
    octets: int
    files: int
    """How many are in it."""
    made_at: int
    """Seconds since 1970."""


@dataclass(frozen=True)
class BackupFacts:
    """A whole backup with all checksums right, laid beside what is there."""

    host: str
    version: str
    """Of the program that made it."""
    made_at: int
    """Seconds since 1970."""
    people: int
    """Number of people."""
    messages: int
    """Number of messages, those in the bin included."""
    held: int
    """Mails that waited in it: held, since they may have been sent meanwhile."""
    left_out: tuple[str, ...]
    """What of it is not taken, a text each."""


def check_passphrase(words: str) -> str:
    """A passphrase for a new backup. Raises OperationError with the field "passphrase"."""
    if len(words) < SHORTEST_PASSPHRASE:
        raise OperationError(
            "passphrase",
            "a passphrase has %(shortest_passphrase)s characters or more: who"
            " has the file may guess at it for years",
            shortest_passphrase=SHORTEST_PASSPHRASE,
        )
    return words


def new_passphrase() -> str:
    """A passphrase of some 118 random bits, to be written down."""
    return f"{new_password()}-{new_password()}"


def make_backup(paths: Paths, actor: Actor, passphrase: str, clock: Clock) -> BackupMade:
    """Make a sealed backup for download, while the box goes on working; the last one is removed.

    Raises NotAllowed, OperationError, DeviceError, StoreFailed or OSError.
    """
    require_admin(actor, "make a backup")
    from app.device import backup
    from app.device.permissions import set_group

    words = check_passphrase(passphrase)
    host = paths.settings().site.hostname
    paths.downloads.mkdir(mode=0o700, exist_ok=True)
    remove_backup(paths, actor)
    now = clock.now()
    day = datetime.fromtimestamp(now, UTC)
    path = paths.downloads / f"{host.partition('.')[0]}-{day:%Y-%m-%d}.backup"
    made = backup.make(paths, path, program_version(), host, now, backup.Seal(words))
    set_group(path, 0o640)  # the pages hand it out
    return BackupMade(path.name, path.stat().st_size, len(made.files), made.made_at)


def remove_backup(paths: Paths, actor: Actor) -> int:
    """Remove what was made for download; how many files. Raises NotAllowed or OSError."""
    require_admin(actor, "remove a backup")
    made = list(paths.downloads.glob("*.backup*")) if paths.downloads.is_dir() else []
    for path in made:
        path.unlink()
    return len(made)


@dataclass(frozen=True)
class Download:
    """An open file, for whoever hands it out piece by piece and closes it."""

    fd: int
    name: str
    octets: int


def open_backup(paths: Paths, actor: Actor, name: str) -> Download:
    """The backup that was made, for download. Raises NotFound or NotAllowed."""
    require_admin(actor, "download a backup")
    try:
        with files.opened_folder(paths.downloads) as folder:
            if name not in os.listdir(folder):  # noqa: PTH208 (a descriptor)
                raise NotFound(
                    "name", "there is no backup %(name)s here any more; make one", name=name
                )
            fd = files.open_plain(name, folder)
    except OSError as problem:
        raise NotFound(
            "name", "%(name)s cannot be read: %(strerror)s", name=name, strerror=problem.strerror
        ) from problem
    return Download(fd, name, os.fstat(fd).st_size)


def check_backup(paths: Paths, actor: Actor, open_box: OpenBox, passphrase: str) -> BackupFacts:
    """Verify the uploaded backup as a whole and lay it beside what is there; the upload is removed.

    Raises NotAllowed, NotFound if nothing was uploaded, and OperationError if it cannot be used.
    """
    require_admin(actor, "restore a backup")
    from app.device.backup import FileKeys
    from app.device.sealing import Keys

    keys = Keys(FileKeys(paths).all(), lambda: passphrase or None, ())
    with opened_upload(paths, BACKUP) as path:
        try:
            staged, held = stage_backup(paths, path, open_box, keys)
        except SwitchhookError as problem:
            field = "passphrase" if "passphrase" in str(problem) else "file"
            raise OperationError(field, problem.text) from problem
    remove_upload(paths, BACKUP)
    made = staged.manifest
    return BackupFacts(
        made.host,
        made.version,
        made.made_at,
        staged.found.people,
        staged.found.entries,
        held,
        staged.left_out,
    )


def stage_backup(
    paths: Paths, path: Path, open_box: OpenBox, keys: Keys, unsealed: bool = False
) -> tuple[Staged, int]:
    """Verify a backup and lay it below restore/new; how many mails in it are held now.

    Mail that waited in it may have been sent since. Raises what app.device.restore.stage raises.
    """
    from app.device import permissions, restore

    staged = restore.stage(paths, path, PROJECT / "board", keys, unsealed)
    beside = Paths(paths.var / "restore" / "new", paths.beneath)
    permissions.share_trees(beside.var)
    box = open_box(beside, beside.settings())
    with closing(box.db):
        held = box.db.now(box.queue.held.hold_all)
    return staged, held


def begin_restore(paths: Paths, actor: Actor, shown: BackupFacts | None, made_at: int) -> None:
    """Let the backup that was checked take the place of what is here at the next start.

    `shown` is what was checked last, `made_at` of which one its administrator has been told.
    Raises NotAllowed, and OperationError if it is not that one, or nothing is there any more.
    """
    require_admin(actor, "restore a backup")
    from app.device import restore

    if shown is None or shown.made_at != made_at or not is_checked(paths):
        raise OperationError("file", "what was checked is not here any more; upload it again")
    restore.commit(paths)


def forget_restore(paths: Paths, actor: Actor) -> None:
    """Remove what was uploaded and checked, unless it is to be put in place at the next start.

    Raises NotAllowed or OperationError.
    """
    require_admin(actor, "restore a backup")
    from app.device import restore

    if restore.ready(paths).exists():
        raise OperationError("", "it takes the place of what is here at the next start")
    shutil.rmtree(paths.var / "restore", ignore_errors=True)
    remove_upload(paths, BACKUP)


def is_checked(paths: Paths) -> bool:
    """Whether a backup that was checked lies beside what is here."""
    return (paths.var / "restore" / "new" / "store" / "inbox.db").is_file()


def restore_waits(paths: Paths) -> bool:
    """Whether a backup takes the place of what is here at the next start."""
    return (paths.var / "restore" / "ready").exists()


def program_version() -> str:
    """Of this program, as the image's build noted it."""
    try:
        return str(parse_json((PROJECT / "release.json").read_text())["version"])
    except (FileNotFoundError, BadRecord):
        return "source"
