"""How much may still be written to the store: the room on its disk, and the room in its own file.

What is deleted becomes free pages, and the next messages fill them without the file growing
[SQLite, Database File Format §1.5], so they are room. What is committed and lies in the WAL only
will make the file grow when it is copied, so that growth is room no longer. The WAL itself needs
some to work in: without it nothing can be committed, however many pages are free.
"""

import os
from pathlib import Path

from app.store.connection import COMMIT_OCTETS, PAGE, WAL_PASSIVE
from app.store.database import Database

WAL_ROOM = WAL_PASSIVE + 2 * COMMIT_OCTETS + (1 << 20)
"""Octets that the WAL takes at most while nobody hinders its copying: what it may hold before it is
copied, a transaction of two processes each, and the pages that these touch besides content."""


def disk_free(directory: Path | str) -> int:
    """Octets that an ordinary user may still write on the disk of `directory`."""
    disk = os.statvfs(directory)
    return disk.f_bavail * disk.f_frsize


class Space:
    """The room of one store; ask from any thread."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._directory = os.fspath(db.path.parent)
        self._wal = os.fspath(db.path) + "-wal"

    def free(self, wanted: int) -> int:
        """Octets of content that may still be stored; not measured further than `wanted`.

        Negative if not even a commit has room. Raises OSError or sqlite3.Error.
        """
        wal = self._wal_octets()
        most = max(wal, WAL_ROOM)  # no more than the WAL holds can become growth of the file
        disk = disk_free(self._directory)
        if disk - most >= wanted:
            return disk - most
        disk -= max(0, WAL_ROOM - wal)
        return disk if disk < 0 else disk + self._in_file()

    def _wal_octets(self) -> int:
        try:
            return os.stat(self._wal).st_size  # noqa: PTH116 (a Path costs more than the call)
        except FileNotFoundError:
            return 0

    def _in_file(self) -> int:
        """Free pages of the file in octets, less what the WAL will make it grow by."""
        grown = int(self._db.pragma("page_count")) * PAGE - self._db.path.stat().st_size
        return int(self._db.pragma("freelist_count")) * PAGE - max(0, grown)
