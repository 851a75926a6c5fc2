"""Backup and restore over a real store: verified before it touches anything, and complete after."""

import json
import tarfile
from pathlib import Path

import pytest

from app.config.paths import Paths
from app.core.errors import SwitchhookError
from app.device import backup, restore
from app.inbox.claim import Claim
from app.inbox.entries import EntryState, Facts, Kind
from app.inbox.queue import Purpose, QueueItem
from app.store.database import Tx
from tests.kit.commands import Shell

LETTER = b"Subject: kept\r\n\r\nThis must come back.\r\n"
SECRET = "hphq-uxbj-kce5"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A box with Anna, who has one message here and one that waits to leave."""
    shell = Shell(tmp_path / "data", monkeypatch)
    shell.ok("people add anna --name Anna --mailbox 201 --handset 101 --admin")
    box = shell.inbox()
    anna = box.people.by_login("anna")
    assert anna is not None

    def work(tx: Tx) -> None:
        box.people.set_password(tx, anna.id, SECRET)
        for state in (EntryState.NEW, EntryState.LEAVING):
            content = box.store.contents.write(tx, (LETTER,))
            facts = Facts(1000.0, "carl@elsewhere.example", "kept")
            entry = box.store.add_entry(tx, anna.id, content, b"", Kind.EMAIL, state, facts)
            if state is EntryState.LEAVING:
                item = QueueItem(
                    Purpose.CUSTODY, content, b"", "carl@elsewhere.example", anna.id, entry
                )
                box.queue.add(tx, item, ["anna@elsewhere.example"])

    box.db.now(work)
    box.db.close()
    paths = shell.paths
    paths.settings_file.write_text('[site]\ncountry = "de"\n')
    for folder, name in ((paths.keys, "srs.key"), (paths.etc, "host-name")):
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(name.encode())
    (paths.greetings / "1").mkdir()
    (paths.greetings / "1" / "unavailable.wav").write_bytes(b"RIFF" * 1000)
    (paths.etc / "device.env").write_text("BOARD=virtual\n")
    return shell


def backed_up(shell: Shell) -> Path:
    path = shell.paths.var.parent / "box.backup"
    assert "it holds secrets" in shell.ok(f"device backup {path}")
    return path


def uidls(shell: Shell) -> list[str]:
    box = shell.inbox()
    anna = box.people.by_login("anna")
    assert anna is not None
    found = [entry.uidl for entry in box.store.entries(anna.id)]
    box.db.close()
    return found


def ruin(shell: Shell) -> None:
    """What an owner regrets."""
    box = shell.inbox()
    anna = box.people.by_login("anna")
    assert anna is not None
    everything = [e.id for e in box.store.entries(anna.id)]
    box.db.now(lambda tx: box.store.remove(tx, everything, door="phone", by="anna"))
    box.db.close()
    shell.paths.settings_file.write_text('[site]\ncountry = "fr"\n')
    (shell.paths.keys / "srs.key").unlink()
    (shell.paths.greetings / "1" / "unavailable.wav").unlink()
    (shell.paths.etc / "new-one").touch()


def restored(shell: Shell, path: Path) -> str:
    text = shell.ok(f"device restore --later {path}")
    shell.ok("device change-over")
    return text


def test_what_was_there_comes_back_with_its_uidls(shell: Shell) -> None:
    path = backed_up(shell)
    before = uidls(shell)
    assert len(before) == 1
    ruin(shell)
    text = restored(shell, path)
    assert "1 people, 2 messages" in text
    paths = shell.paths
    assert before[0] in uidls(shell)
    assert paths.settings().site.country == "de"
    assert (paths.keys / "srs.key").read_bytes() == b"srs.key"
    assert (paths.greetings / "1" / "unavailable.wav").stat().st_size == 4000
    assert not (paths.etc / "new-one").exists()
    assert not (paths.var / "restore").exists()
    assert shell.inbox().people.check_password("anna", SECRET) is not None


def test_mail_that_waited_is_not_sent_again_but_given_back(shell: Shell) -> None:
    path = backed_up(shell)
    assert "1 not sent again" in restored(shell, path)
    box = shell.inbox()
    assert box.queue.all() == []
    anna = box.people.by_login("anna")
    assert anna is not None
    states = [(e.subject, e.state) for e in box.store.entries(anna.id)]
    assert states.count(("kept", EntryState.NEW)) == 2
    assert len(states) == 3, "and a notice says what happened"


def test_it_is_one_file_with_a_manifest_and_nothing_that_can_be_made_again(shell: Shell) -> None:
    path = backed_up(shell)
    assert path.stat().st_mode & 0o777 == 0o600
    with tarfile.open(path) as tar:
        names = tar.getnames()
        told = json.loads(tar.extractfile("manifest.json").read())  # type: ignore[union-attr]
    assert names[0] == "manifest.json"
    assert names[1:] == [item["name"] for item in told["files"]]
    assert set(names[1:]) == {
        "store/inbox.db", "settings.toml", "greetings/1/unavailable.wav", "keys/srs.key",
        "etc/host-name",
    }  # fmt: skip
    assert not list(path.parent.glob("box.backup.*"))


def test_a_claim_that_is_open_is_kept_open(shell: Shell) -> None:
    code = Claim(shell.paths.database).open()
    path = backed_up(shell)
    Claim(shell.paths.database).close()
    restored(shell, path)
    assert Claim(shell.paths.database).code == code


def snapshot(paths: Paths) -> dict[str, bytes]:
    """Every file's octets; SQLite tidies up the store's own when it likes to."""
    files = [p for p in paths.var.rglob("*") if p.is_file() and "inbox.db" not in p.name]
    return {str(p.relative_to(paths.var)): p.read_bytes() for p in files}


def changed(path: Path, old: bytes, new: bytes) -> None:
    octets = path.read_bytes()
    assert octets.count(old) == 1
    path.write_bytes(octets.replace(old, new))


@pytest.mark.parametrize("harm", ["bit", "cut", "manifest", "text", "empty", "name"])
def test_a_file_that_is_no_whole_backup_changes_nothing(shell: Shell, harm: str) -> None:
    path = backed_up(shell)
    match harm:
        case "bit":
            changed(path, b"RIFF" * 1000, b"RIFF" * 999 + b"RIFG")
        case "cut":
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        case "manifest":
            changed(path, b'"product": "switchhook-backup"', b'"product": "switchhook-backuq"')
        case "text":
            path.write_text("a letter to my aunt")
        case "empty":
            path.write_bytes(b"")
        case "name":
            octets = path.read_bytes()
            path.write_bytes(octets.replace(b"etc/host-name", b"etc/../../../x"[:13]))
    ruin(shell)
    before, letters = snapshot(shell.paths), uidls(shell)
    assert "backup" in shell.refused(f"device restore --later {path}")
    assert (snapshot(shell.paths), uidls(shell)) == (before, letters)
    assert not (shell.paths.var / "restore").exists()


def test_a_backup_of_a_newer_program_is_refused(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = shell.inbox()
    box.db.now(lambda tx: tx.execute("UPDATE schema SET version = 99, readable_from = 99"))
    box.db.close()
    path = shell.paths.var.parent / "box.backup"
    backup.make(shell.paths, path, "9.9", "future.local", 1000.0)
    with pytest.raises(SwitchhookError, match="99"):
        restore.stage(shell.paths, path)
    assert not (shell.paths.var / "restore").exists()


def test_a_folder_gets_a_file_named_after_box_and_day(shell: Shell) -> None:
    folder = shell.paths.var.parent / "stick"
    folder.mkdir()
    shell.ok(f"device backup {folder}")
    (made,) = folder.iterdir()
    assert made.name.startswith("switchhook-20")
    assert made.suffix == ".backup"


def test_a_backup_that_fails_leaves_the_last_one(shell: Shell) -> None:
    path = backed_up(shell)
    before = path.read_bytes()
    shell.paths.database.write_bytes(b"this was a store once" * 1000)
    shell.refused(f"device backup {path}")
    assert path.read_bytes() == before
    assert not list(path.parent.glob("box.backup.*"))


@pytest.mark.parametrize("after", range(len(restore.PLACES) + 1))
def test_a_power_cut_in_the_change_over_only_delays_it(shell: Shell, after: int) -> None:
    path = backed_up(shell)
    before = uidls(shell)
    ruin(shell)
    shell.ok(f"device restore --later {path}")
    paths = shell.paths
    folder = paths.var / "restore"
    (folder / "old").mkdir()
    for name in restore.PLACES[:after]:  # these were done before the power went
        (paths.var / name).rename(folder / "old" / name)
        (folder / "new" / name).rename(paths.var / name)
    if after < len(restore.PLACES):  # and this one half
        name = restore.PLACES[after]
        (paths.var / name).rename(folder / "old" / name)
    assert restore.change_over(paths)
    assert before[0] in uidls(shell)
    assert paths.settings().site.country == "de"
    assert (paths.keys / "srs.key").exists()
    assert not folder.exists()
    assert not restore.change_over(paths)


def test_a_backup_that_was_only_staged_is_not_changed_over_to(shell: Shell) -> None:
    path = backed_up(shell)
    restore.stage(shell.paths, path)
    assert not restore.change_over(shell.paths)
