"""Files that must outlive a power cut: whole as they were, or whole as they are meant to be.

A new file is written beside the old one, synced, and renamed over it [rename(2)]; then the folder
is synced, which makes the new name last [fsync(2)]. Without the first sync a file may well be there
and empty after a power cut: ext4 gives it its content up to half a minute later [ext4(5):
data=ordered, delayed allocation].
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def write(path: Path, content: str | bytes, mode: int | None = None) -> None:
    """Make or replace a file; it is on the disk when this returns. Text is written as UTF-8.

    Folders above it are made. `mode` is the permissions it gets whatever the umask, 0o600 for a
    secret; None: those of the file that is replaced, or what the umask leaves. Raises OSError, and
    what was there is then still there.
    """
    with replacing(path, mode) as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def replacing(path: Path, mode: int | None = None) -> Iterator[BinaryIO]:
    """A file to write to in a `with` block, which takes the place of `path` when the block ends.

    `mode` as for `write`; nobody can read the file with more permissions than that at any moment. A
    file that is replaced keeps its owner and group. Its name meanwhile is that of `path` and
    ".new": one writer at a time. If the block raises, what was there stays. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.stat() if path.exists() else None
    if mode is None and before is not None:
        mode = before.st_mode & 0o7777
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)  # what a crash has left may have another owner and mode
    try:
        with open(fresh, "xb", opener=_opener(mode)) as file:
            if before is not None:
                _give(file.fileno(), before)
            if mode is not None:
                os.fchmod(file.fileno(), mode)  # last: a change of owner may clear bits
            yield file
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk. Raises OSError."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _opener(mode: int | None) -> Callable[[str, int], int]:
    first = 0o666 if mode is None else mode & 0o600
    return lambda name, flags: os.open(name, flags | os.O_CLOEXEC, first)


def _give(fd: int, before: os.stat_result) -> None:
    now = os.fstat(fd)
    if (before.st_uid, before.st_gid) != (now.st_uid, now.st_gid):
        os.fchown(fd, before.st_uid, before.st_gid)
