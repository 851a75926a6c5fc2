"""Damage to single pages of a store, as a worn flash card does it; which pages, dbstat knows.

The store must be closed, or checkpointed and then opened anew by whoever is to meet the damage:
SQLite keeps pages in memory.
"""

import sqlite3
from pathlib import Path

PAGE = 4096
NOISE = bytes((i * 151 + 43) % 256 for i in range(PAGE))
"""Octets that are no page of SQLite's."""


def settle(path: Path) -> None:
    """Bring the whole WAL of a store into its file, also while others have it open.

    A store's own checkpoint leaves what a reader still needs, and leaves all to another process
    that is at it: the damage would lie below good pages.
    """
    with_wal = sqlite3.connect(path, timeout=30)
    (busy, _, _) = with_wal.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    with_wal.close()
    assert not busy, f"somebody reads {path} for ever"


def pages(path: Path, tree: str, kind: str = "leaf") -> list[int]:
    """Numbers of the pages of a table or index: kind "leaf", "internal" or "overflow"."""
    looking = sqlite3.connect(path)
    found = looking.execute(
        "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = ? ORDER BY path", (tree, kind)
    ).fetchall()
    looking.close()
    return [number for (number,) in found]


def spoil(path: Path, *numbers: int, octets: bytes = NOISE) -> None:
    """Write octets over pages, numbered from 1."""
    with path.open("r+b") as file:
        for number in numbers:
            file.seek((number - 1) * PAGE)
            file.write(octets[:PAGE])


def spoil_content(path: Path, content: int, chunk: int = 0, page: int = 0) -> int:
    """Spoil one overflow page (from 0) of a chunk (from 0) of a content; the page's number."""
    place = content << 20 | chunk
    looking = sqlite3.connect(path)
    before = looking.execute("SELECT count(*) FROM chunk WHERE place < ?", (place,)).fetchone()[0]
    leaves = looking.execute(
        "SELECT path, ncell FROM dbstat WHERE name = 'chunk' AND pagetype = 'leaf' ORDER BY path"
    ).fetchall()
    cells = [f"{where}{cell:03x}" for where, count in leaves for cell in range(count)]
    number = looking.execute(
        "SELECT pageno FROM dbstat WHERE name = 'chunk' AND path = ?",
        (f"{cells[before]}+{page:06x}",),
    ).fetchone()[0]
    looking.close()
    spoil(path, number)
    return int(number)
