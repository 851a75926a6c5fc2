"""Files that must outlive a power cut: whole as they were, or whole as they are meant to be.

A new file is written beside the old one, synced, and renamed over it [rename(2)]; then the folder
is synced, which makes the new name last [fsync(2)]. Without the first sync a file may well be there
and empty after a power cut: ext4 gives it its content up to half a minute later [ext4(5):
data=ordered, delayed allocation].
"""

import errno
import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
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


def write_once(path: Path, content: bytes, mode: int) -> None:
    """Make a file unless there is one; whoever comes second changes nothing.

    It is whole, with this mode, and on the disk when this returns. Raises OSError.
    """
    fresh = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}")
    write(fresh, content, mode)
    try:
        with suppress(FileExistsError):
            os.link(fresh, path)
    finally:
        fresh.unlink()
    sync_folder(path.parent)


@contextmanager
def replacing(path: Path, mode: int | None = None) -> Iterator[BinaryIO]:
    """A file to write to in a `with` block, which takes the place of `path` when the block ends.

    `mode` as for `write`; nobody can read the file with more permissions than that at any moment. A
    file that is replaced keeps its owner and group. Its name meanwhile is that of `path` and
    ".new": one writer at a time. If the block raises, what was there stays. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        before = _facts(path.name, folder)
        if mode is None and before is not None:
            mode = stat.S_IMODE(before.st_mode)
        fresh = f"{path.name}.new"
        _remove(fresh, folder)  # what a crash has left may have another owner and mode
        try:
            with open(fresh, "xb", opener=_opener(mode, folder)) as file:
                if before is not None:
                    _give(file.fileno(), before)
                if mode is not None:
                    os.fchmod(file.fileno(), mode)  # last: a change of owner may clear bits
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.rename(fresh, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            _remove(fresh, folder)
            raise
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def opened_folder(name: Path | str, within: int | None = None) -> Iterator[int]:
    """A descriptor of a folder that is no link; `name` is one in the folder `within`, if given.

    Raises OSError.
    """
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(name, flags, dir_fd=within)
    try:
        yield fd
    finally:
        os.close(fd)


def open_plain(name: str, within: int) -> int:
    """Open a plain file to read; gives its descriptor.

    `name` is one in the folder that `within` is a descriptor of. What is no plain file, and a file
    that has another name elsewhere (a hard link), is refused: whoever may write in a folder could
    have laid a link there to what is not theirs. Raises OSError.
    """
    fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=within)
    facts = os.fstat(fd)
    if stat.S_ISREG(facts.st_mode) and facts.st_nlink == 1:
        return fd
    os.close(fd)
    raise OSError(errno.EMLINK, "not a plain file with one name", name)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk. Raises OSError."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _facts(name: str, folder: int) -> os.stat_result | None:
    """Of the file that is replaced; None if there is none, or a link: that is replaced itself."""
    try:
        facts = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    return facts if stat.S_ISREG(facts.st_mode) else None


def _remove(name: str, folder: int) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)


def _opener(mode: int | None, folder: int) -> Callable[[str, int], int]:
    first = 0o666 if mode is None else mode & 0o600
    return lambda name, flags: os.open(
        name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, first, dir_fd=folder
    )


def _give(fd: int, before: os.stat_result) -> None:
    now = os.fstat(fd)
    if (before.st_uid, before.st_gid) != (now.st_uid, now.st_gid):
        os.fchown(fd, before.st_uid, before.st_gid)
