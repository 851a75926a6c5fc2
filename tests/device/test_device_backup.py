"""A backup: what is in it, for whom it is sealed, and that a changed one is found out."""

import io
import json
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

from app.device import backup
from app.device.sealing import MAGIC, Sealed
from tests.kit.backed_up import (
    WORDS,
    backed_up,
    box_with_mail,
    opened,
    restored,
    snapshot,
    uidls,
)
from tests.kit.commands import Shell


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return box_with_mail(tmp_path, monkeypatch)


def test_it_is_one_sealed_file_of_data_and_of_nothing_that_can_be_made_again(shell: Shell) -> None:
    path = backed_up(shell)
    assert path.stat().st_mode & 0o777 == 0o600
    octets = path.read_bytes()
    assert octets.startswith(MAGIC) and b"anna" not in octets and b"must come back" not in octets
    with tarfile.open(fileobj=io.BytesIO(opened(shell, path))) as tar:
        names = tar.getnames()
        told = json.loads(tar.extractfile("manifest.json").read())  # type: ignore[union-attr]
    assert names[0] == "manifest.json"
    assert names[1:-1] == [item["name"] for item in told["files"]]
    assert names[-1] == "manifest.json.sha256"
    assert set(names[1:-1]) == {
        "store/inbox.db", "settings.toml", "greetings/1/unavailable.wav", "keys/srs.key",
        "etc/host-name",
    }  # fmt: skip
    assert not list(path.parent.glob("box.backup.*"))
    assert not (shell.paths.var / "backup").exists(), "the copy that is not sealed"


def test_another_box_needs_the_passphrase(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    path = backed_up(shell)
    before = uidls(shell)
    other = Shell(shell.paths.var.parent / "other", monkeypatch)
    before_there = snapshot(other.paths)
    said = other.refused(f"device restore --later {path}", typed="not the words\n")
    assert "not of this box" in said and WORDS not in said
    assert snapshot(other.paths) == before_there and not (other.paths.var / "restore").exists()
    assert "1 people" in other.ok(f"device restore --later {path}", typed=f"{WORDS}\n")
    other.ok("device change-over")
    assert before[0] in uidls(other)
    machine = (other.paths.etc / "machine.toml").read_text()
    assert 'hostname = "host-name.local"' in machine, "its name has come along"


def test_a_passphrase_that_is_made_is_shown_once_and_opens(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shell.paths.var.parent / "box.backup"
    said = shell.ok(f"device backup {path}")
    made = re.search(r"^passphrase: ([a-z0-9-]{29})   \(not shown again\)$", said, re.MULTILINE)
    assert made is not None, said
    other = Shell(shell.paths.var.parent / "other", monkeypatch)
    other.ok(f"device restore --later {path}", typed=f"{made[1]}\n")


def test_a_backup_for_this_box_only_says_so_and_is_read_here(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shell.paths.var.parent / "box.backup"
    said = shell.ok(f"device backup {path} --this-box-only")
    assert "only this box can read it, and not after a factory reset" in said
    assert "1 people" in restored(shell, path)
    other = Shell(shell.paths.var.parent / "other", monkeypatch)
    assert "not of this box" in other.refused(f"device restore --later {path}", typed=f"{WORDS}\n")


def test_own_words_are_asked_twice_and_must_be_long_enough(shell: Shell) -> None:
    path = shell.paths.var.parent / "box.backup"
    assert "12 characters" in shell.refused(f"device backup {path} --ask", typed="short\nshort\n")
    shell.ok(f"device backup {path} --ask", typed=f"{WORDS}\n{WORDS}\n")
    assert path.exists()


def test_keys_of_the_boxes_own_files_are_in_no_backup(shell: Shell) -> None:
    first = backed_up(shell)
    keys = backup.FileKeys(shell.paths)
    (key,) = keys.all().values()
    first.unlink()
    second = opened(shell, backed_up(shell))
    assert key not in second and key.hex().encode() not in second
    assert (shell.paths.etc / "backup-keys").stat().st_mode & 0o777 == 0o600
    assert next(iter(keys.all().values())) == key and len(keys.all()) == 2


def test_box_remembers_the_keys_of_its_newest_files(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.device.backup.REMEMBERED", 3)
    keys = backup.FileKeys(shell.paths)
    for number in range(5):
        keys.remember(Sealed(f"{number:064}", bytes([number]) * 16))
    assert [key[0] for key in keys.all().values()] == [2, 3, 4]


def test_a_backup_for_a_public_key_is_opened_by_the_secret_one(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = subprocess.run(["age-keygen"], capture_output=True, text=True, check=True).stdout
    public = re.search(r"public key: (age1\S+)", made)
    assert public is not None
    identity, path = shell.paths.var.parent / "identity", shell.paths.var.parent / "box.backup"
    identity.write_text(made)
    said = shell.ok(f"device backup {path} --recipient {public[1]}")
    assert "--identity" in said and "passphrase:" not in said
    assert "all checksums right" in shell.ok(f"device verify {path}"), "this box needs nothing"
    other = Shell(shell.paths.var.parent / "other", monkeypatch)
    assert "cannot be opened" in other.refused(f"device verify {path}", typed="some words here\n")
    assert "1 people" in other.ok(f"device restore --later {path} --identity {identity}")
    last = "p" if public[1].endswith("q") else "q"
    wrong = shell.refused(f"device backup {path} --recipient {public[1][:-1]}{last}")
    assert "is no key of age" in wrong


def test_ways_to_seal_exclude_each_other(shell: Shell) -> None:
    path = shell.paths.var.parent / "box.backup"
    assert "one way" in shell.refused(f"device backup {path} --unsealed --this-box-only")
    assert not path.exists()


# ---- verification


def test_verification_reads_all_and_changes_nothing(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = backed_up(shell)
    before = snapshot(shell.paths)
    said = shell.ok(f"device verify {path}")
    assert re.match(r"a whole backup of switchhook\.local made on 20.* in 5 files, all", said), said
    assert snapshot(shell.paths) == before
    other = Shell(shell.paths.var.parent / "other", monkeypatch)
    assert "all checksums right" in other.ok(f"device verify {path}", typed=f"{WORDS}\n")


def test_one_flipped_bit_anywhere_is_found(shell: Shell) -> None:
    path = backed_up(shell)
    octets = path.read_bytes()
    for at in (*range(0, 200, 7), *range(200, len(octets), len(octets) // 40), len(octets) - 1):
        changed = bytearray(octets)
        changed[at] ^= 1 << at % 8
        path.write_bytes(changed)
        assert "backup" in shell.refused(f"device verify {path}", typed="no such words\n"), at


def test_one_flipped_bit_in_what_is_not_sealed_is_found(shell: Shell) -> None:
    path = shell.paths.var.parent / "box.backup"
    assert "not sealed" in shell.ok(f"device backup {path} --unsealed")
    assert "all checksums right" in shell.ok(f"device verify --unsealed {path}")
    octets = path.read_bytes()
    with tarfile.open(path) as tar:
        files = [(one.offset_data, one.size) for one in tar.getmembers()]
    for begin, size in files:
        for at in {begin, begin + size // 2, begin + size - 1, begin - 512, begin - 400}:
            changed = bytearray(octets)
            changed[at] ^= 1
            path.write_bytes(changed)
            assert "backup" in shell.refused(f"device verify --unsealed {path}"), at
    path.write_bytes(octets[: files[-1][0] - 512])
    assert "cut off" in shell.refused(f"device verify --unsealed {path}")


def test_a_greeting_that_is_a_link_is_in_no_backup(shell: Shell) -> None:
    secret = shell.paths.var.parent / "secret.wav"
    secret.write_bytes(b"root's alone")
    (shell.paths.greetings / "1" / "busy.wav").symlink_to(secret)
    path = shell.paths.var.parent / "box.backup"
    said = shell.run(f"device backup {path} --this-box-only")
    assert said.code == 0, said.text
    assert b"root's alone" not in opened(shell, path)


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
