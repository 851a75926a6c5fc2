"""Files that come by a page and are then read by a task, which on a device is root.

Each has a name of ours, whatever it was called elsewhere. Services may write in the folder, so a
task opens them without following links and refuses a file with a second name (app/core/files.py).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.config.paths import Paths
from app.core import files
from app.operations.actor import Actor, Role, require_admin, require_role
from app.operations.errors import NotFound, OperationError

BACKUP, BUNDLE, CERTIFICATE = "backup", "bundle", "certificate"
LONGEST = {BACKUP: 64_000_000_000, BUNDLE: 1_000_000_000}
"""Octets of each kind of file, at most; it must fit on the disk besides."""


def keep_upload(paths: Paths, actor: Actor, kind: str, came: Path) -> int:
    """Keep a file that has come to Paths.uploads for the task of this kind; how many octets.

    It takes the place of one that was kept before. Raises NotAllowed, and OperationError with the
    field "file" if it is empty or cannot be kept.
    """
    _may_upload(actor, kind)
    try:
        octets = came.stat().st_size
        if octets:
            came.replace(paths.uploads / kind)
    except OSError as problem:
        raise OperationError(
            "file", "the file is not kept: %(strerror)s", strerror=problem.strerror
        ) from problem
    if not octets:
        raise OperationError("file", "the file is empty, or none was chosen")
    return octets


def keep_text(paths: Paths, actor: Actor, kind: str, octets: bytes) -> None:
    """The same of a text that was typed, which nobody else may read. Raises as keep_upload."""
    _may_upload(actor, kind)
    if not octets.strip():
        raise OperationError("file", "nothing was typed")
    try:
        files.write(paths.uploads / kind, octets, 0o600)
    except OSError as problem:
        raise OperationError(
            "file", "it is not kept: %(strerror)s", strerror=problem.strerror
        ) from problem


def _may_upload(actor: Actor, kind: str) -> None:
    if kind == BACKUP:
        require_admin(actor, "upload a backup")
    else:
        require_role(actor, Role.NETWORK, "upload files for the box")


@contextmanager
def opened_upload(paths: Paths, kind: str) -> Iterator[Path]:
    """A path by which the uploaded file can be opened, wherever its name leads meanwhile.

    Raises NotFound.
    """
    try:
        with files.opened_folder(paths.uploads) as folder:
            fd = files.open_plain(kind, folder)
    except OSError as problem:
        raise NotFound(
            "file", "no %(kind)s has been uploaded, or it is gone", kind=kind
        ) from problem
    try:
        yield Path(f"/proc/self/fd/{fd}")
    finally:
        os.close(fd)


def is_uploaded(paths: Paths, kind: str) -> bool:
    """Whether such a file waits."""
    return (paths.uploads / kind).is_file()


def remove_upload(paths: Paths, kind: str) -> None:
    """It was used, or is not wanted."""
    with suppress(FileNotFoundError), files.opened_folder(paths.uploads) as folder:
        os.unlink(kind, dir_fd=folder)
