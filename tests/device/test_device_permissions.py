"""Owners and modes are changed on what was opened, never through a link that somebody has laid."""

import os
from pathlib import Path

import pytest

from app.config.paths import Paths
from app.core import files, privileges
from app.device import permissions

SERVICE, GROUP = 54_321, 54_322
"""A user and a group that nobody has."""

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="owners can only be given by root")


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """A data partition of a machine that has the users of a device."""
    for place in (privileges, permissions):
        monkeypatch.setattr(place, "service_ids", lambda: (SERVICE, GROUP))
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(folder.stat().st_mode | 0o755)
    var = tmp_path / "data"
    var.mkdir(mode=0o755)
    made = Paths(var)
    permissions.share(made)
    return made


def facts(path: Path) -> tuple[int, int, int]:
    found = path.lstat()
    return found.st_uid, found.st_gid, found.st_mode & 0o7777


@needs_root
def test_every_place_of_the_table_has_its_owner_group_and_mode(paths: Paths) -> None:
    for place in permissions.PLAN:
        path = paths.var / place.name
        if not place.folder:
            files.write(path, "x", 0o666)
    permissions.share(paths)
    for place in permissions.PLAN:
        group = GROUP if place.shared else 0
        assert facts(paths.var / place.name) == (0, group, place.mode), place.name


@needs_root
@pytest.mark.parametrize("kind", ["symlink", "hard link", "folder link", "fifo"])
def test_a_link_in_a_folder_of_the_services_gives_them_nothing(
    paths: Paths, tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    secret, private = tmp_path / "shadow", tmp_path / "private"
    secret.write_text("root's alone")
    secret.chmod(0o600)
    private.mkdir(mode=0o700)
    laid = paths.greetings / "1"
    match kind:
        case "symlink":
            laid.symlink_to(secret)
        case "hard link":
            laid.hardlink_to(secret)
        case "folder link":
            laid.symlink_to(private)
        case "fifo":
            os.mkfifo(laid)
    permissions.share_trees(paths.var)
    assert facts(secret) == (0, 0, 0o600) and facts(private) == (0, 0, 0o700)
    assert "keeps its owner and mode" in caplog.text


@needs_root
def test_a_shared_folder_that_was_made_a_link_is_left_alone(paths: Paths, tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    paths.spoken.rmdir()
    paths.spoken.symlink_to(private)
    permissions.share(paths)
    permissions.share_trees(paths.var)
    assert facts(private) == (0, 0, 0o700)


@needs_root
def test_what_root_has_put_into_the_services_folders_is_shared(paths: Paths) -> None:
    folder = paths.greetings / "7"
    folder.mkdir(mode=0o700)
    (folder / "busy.wav").write_bytes(b"RIFF")
    (folder / "busy.wav").chmod(0o600)
    permissions.share_trees(paths.var)
    assert facts(folder) == (0, GROUP, 0o2770)
    assert facts(folder / "busy.wav") == (0, GROUP, 0o660)


@needs_root
def test_root_writes_in_a_services_folder_with_a_services_rights(
    paths: Paths, tmp_path: Path
) -> None:
    target = tmp_path / "device.env"
    target.write_text("BOARD=virtual\n")
    target.chmod(0o600)
    link = paths.database.parent / "claim-code"
    link.symlink_to(target)
    with privileges.as_service():
        assert (os.geteuid(), os.getegid()) == (SERVICE, GROUP)
        with pytest.raises(PermissionError):
            link.write_text("12345678")
    assert (os.geteuid(), os.getegid()) == (0, 0)
    assert target.read_text() == "BOARD=virtual\n"


@needs_root
def test_commands_of_root_open_the_store_as_a_service(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.appliance import open_inbox
    from app.config.settings import Settings

    before = os.umask(permissions.UMASK)
    try:
        box = open_inbox(paths, Settings())
        box.people.all()
        box.db.now(lambda tx: tx.execute("SELECT 1"))
        made = [path for path in paths.database.parent.rglob("*") if path.is_file()]
        assert len(made) > 3
        assert {facts(path)[:2] for path in made} == {(SERVICE, GROUP)}
        box.db.close()
    finally:
        os.umask(before)


@needs_root
def test_store_that_is_a_link_to_roots_file_is_not_opened(paths: Paths, tmp_path: Path) -> None:
    from app.appliance import open_inbox
    from app.config.settings import Settings
    from app.store.errors import StoreFailed

    target = tmp_path / "roots.db"
    target.touch(0o600)
    paths.database.symlink_to(target)
    with pytest.raises((StoreFailed, OSError)):
        open_inbox(paths, Settings())
    assert target.stat().st_size == 0


def test_a_file_that_is_replaced_through_a_link_is_not_the_links_target(tmp_path: Path) -> None:
    target, path = tmp_path / "target", tmp_path / "note"
    target.write_text("as it was")
    target.chmod(0o640)
    path.symlink_to(target)
    (tmp_path / "note.new").symlink_to(target)
    files.write(path, "new")
    assert not path.is_symlink() and path.read_text() == "new"
    assert target.read_text() == "as it was" and target.stat().st_mode & 0o777 == 0o640


def test_only_a_plain_file_with_one_name_is_opened(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("text")
    (tmp_path / "twice").write_text("text")
    (tmp_path / "again").hardlink_to(tmp_path / "twice")
    (tmp_path / "link").symlink_to("plain")
    os.mkfifo(tmp_path / "fifo")
    with files.opened_folder(tmp_path) as folder:
        os.close(files.open_plain("plain", folder))
        for name in ("twice", "again", "link", "fifo"):
            with pytest.raises(OSError, match=name):
                files.open_plain(name, folder)
