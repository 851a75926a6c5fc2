"""Small files: whole and on the disk, or as before."""

import os
from pathlib import Path

import pytest

from app.core import files


def test_file_written_twice_has_the_second_content(tmp_path: Path) -> None:
    path = tmp_path / "etc" / "note.json"
    files.write(path, "one\n")
    files.write(path, "two\n")
    assert path.read_text() == "two\n"
    assert [p.name for p in path.parent.iterdir()] == ["note.json"]


def test_replaced_file_is_synced_before_its_name(
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
    assert [p.name for p in tmp_path.iterdir()] == ["note"]


def test_written_octets_and_text_come_back_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "note"
    files.write(path, bytes(range(256)))
    assert path.read_bytes() == bytes(range(256))
    files.write(path, "Zoë\n")
    assert path.read_bytes() == b"Zo\xc3\xab\n"


def test_a_file_that_is_written_once_stays_whoever_comes_second(tmp_path: Path) -> None:
    path = tmp_path / "a.key"
    files.write_once(path, b"first", 0o600)
    files.write_once(path, b"second", 0o640)
    assert (path.read_bytes(), mode_of(path)) == (b"first", 0o600)
    assert [p.name for p in tmp_path.iterdir()] == ["a.key"]
    assert path.stat().st_nlink == 1, "with a second name it would be no plain file"


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o7777


@pytest.mark.parametrize("umask", [0, 0o077])
def test_mode_asked_for_is_given_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        for name, mode in (("secret", 0o600), ("shared", 0o660), ("certificate", 0o644)):
            files.write(tmp_path / name, "", mode)
            assert mode_of(tmp_path / name) == mode
        files.write(tmp_path / "plain", "")
        assert mode_of(tmp_path / "plain") == 0o666 & ~umask
    finally:
        os.umask(before)


def test_replaced_file_keeps_its_mode_unless_another_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    files.write(path, "before", 0o640)
    files.write(path, "after")
    assert (mode_of(path), path.read_text()) == (0o640, "after")
    files.write(path, "after", 0o600)
    assert mode_of(path) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_replaced_file_keeps_its_owner_and_group(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    files.write(path, "before")
    os.chown(path, 1234, 4321)
    files.write(path, "after")
    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 4321)


def test_secret_is_readable_for_nobody_else_while_it_is_written(tmp_path: Path) -> None:
    left_by_a_crash = tmp_path / "key.new"
    left_by_a_crash.write_text("half")
    left_by_a_crash.chmod(0o666)
    with files.replacing(tmp_path / "key", 0o600) as file:
        assert mode_of(left_by_a_crash) == 0o600
        file.write(b"whole")
    assert (tmp_path / "key").read_bytes() == b"whole"
    assert not left_by_a_crash.exists()


def test_block_that_raises_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "note"
    files.write(path, "before")
    with pytest.raises(LookupError), files.replacing(path) as file:
        file.write(b"half")
        raise LookupError
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["note"]
