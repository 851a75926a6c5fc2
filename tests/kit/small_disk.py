"""Disks that are soon full: one that is only counted, and a real one for a program of its own."""

import functools
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest

from app.store import space
from app.store.connection import Tx, WriteConnection

MB = 1 << 20
UNSHARE = (
    "unshare", "-mpf" if os.geteuid() == 0 else "-rmpf", "--mount-proc", "--kill-child",
)  # fmt: skip
"""Run a program with mounts and processes of its own; whoever does needs not be root. Root does it
as the root that it is: one of a user namespace may not set priorities."""


class SmallDisk:
    """A disk that holds the store's files, and other octets as a test sets them.

    `lowest` is the least that was ever free when somebody asked.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, octets: int) -> None:
        self.octets = octets
        self.others = 0
        self.lowest = octets
        monkeypatch.setattr(space, "disk_free", self.free)

    def free(self, directory: Path | str) -> int:
        """Octets that are free on the disk of the store in `directory`."""
        files = (Path(directory, "inbox.db"), Path(directory, "inbox.db-wal"))
        used = sum(file.stat().st_size for file in files if file.exists())
        free = self.octets - self.others - used
        self.lowest = min(self.lowest, free)
        return max(0, free)


def no_commits(patched: pytest.MonkeyPatch) -> None:
    """From now on every transaction of this process meets a full disk."""

    def full(_connection: WriteConnection) -> Tx:
        problem = sqlite3.OperationalError("database or disk is full")
        problem.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise problem

    patched.setattr(WriteConnection, "_begin", full)


@functools.cache
def can_mount() -> bool:
    """Whether a program may have a mount of its own here [unshare(1)], as root or not."""
    if shutil.which("unshare") is None:
        return False
    command = [*UNSHARE, "mount", "-t", "tmpfs", "none", "/mnt"]
    return subprocess.run(command, capture_output=True).returncode == 0


needs_mount = pytest.mark.skipif(
    not can_mount(),
    reason="a small file system needs unshare(1) and user namespaces, which are not allowed here",
)


def on_small_disk(mount: Path, octets: int, *words: str) -> list[str]:
    """A command that runs `words` with a file system of `octets` octets at `mount`.

    The file system is the program's own: nobody else sees it. It goes with the program, and so does
    every process that the program has left.
    """
    mount.mkdir(exist_ok=True)
    script = 'mount -t tmpfs -o "size=$1" none "$2" && shift 2 && exec "$@"'
    return [*UNSHARE, "sh", "-c", script, "sh", str(octets), os.fspath(mount), *words]
