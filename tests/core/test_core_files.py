"""Small files: whole and on the disk, or as before."""

import os
from pathlib import Path

import pytest

from app.core import files


def test_it_is_written_and_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "etc" / "note.json"
    files.write(path, "one\n")
    files.write(path, "two\n")
    assert path.read_text() == "two\n"
    assert [p.name for p in path.parent.iterdir()] == ["note.json"]


def test_content_and_name_are_synced_in_this_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, seen = tmp_path / "note", []
    real = os.fsync

    def sync(fd: int) -> None:
        target = Path(f"/proc/self/fd/{fd}").readlink()
        seen.append((target.name, path.exists()))
        real(fd)

    monkeypatch.setattr(os, "fsync", sync)
    files.write(path, "text")
    assert seen == [("note.new", False), (tmp_path.name, True)]


def test_a_disk_that_does_not_sync_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "note"
    files.write(path, "before")

    def broken(fd: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="Input/output error"):
        files.write(path, "after")
    assert path.read_text() == "before"


def test_file_that_is_replaced_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("before")
    path.chmod(0o640)
    files.write(path, "after")
    assert (path.stat().st_mode & 0o777, path.read_text()) == (0o640, "after")
