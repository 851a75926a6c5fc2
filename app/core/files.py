"""Small files that must outlive a power cut."""

import os
from pathlib import Path


def write(path: Path, text: str) -> None:
    """The file is on the disk when this returns; whenever the power goes, it is whole or not there.

    Without this a new file may well be there and empty after a power cut: ext4 gives it its content
    up to half a minute later (data=ordered, delayed allocation).
    A file that is replaced keeps its owner, group and mode.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        if path.exists():
            before = path.stat()
            os.fchown(file.fileno(), before.st_uid, before.st_gid)
            os.fchmod(file.fileno(), before.st_mode & 0o7777)
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
