"""A box whose owner makes backups, regrets something, and goes back."""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from app.config.paths import Paths
from app.device import backup
from app.device.sealing import Keys, Opener
from app.inbox.entries import EntryState, Facts, Kind
from app.inbox.queue import Purpose, QueueItem
from app.store.database import Tx
from tests.kit.commands import Shell

LETTER = b"Subject: kept\r\n\r\nThis must come back.\r\n"
SECRET = "hphq-uxbj-kce5"
WORDS = "correct horse battery"


def box_with_mail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
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
    words = shell.paths.var.parent / "words"
    words.write_text(f"{WORDS}\nanother line\n")
    assert "files, sealed" in shell.ok(f"device backup {path} --passphrase-file {words}")
    return path


def plain(shell: Shell, changes: Mapping[str, bytes] | None = None) -> Path:
    """A backup that is not sealed, with these files changed or added, as anybody can make one."""
    made = shell.paths.var.parent / "plain.backup"
    shell.ok(f"device backup {made} --unsealed")
    with tarfile.open(made) as tar:
        told = json.loads(_octets(tar, backup.MANIFEST))
        files = {item["name"]: _octets(tar, item["name"]) for item in told["files"]}
    files |= changes or {}
    told["files"] = [
        {"name": name, "octets": len(octets), "sha256": hashlib.sha256(octets).hexdigest()}
        for name, octets in files.items()
    ]
    manifest = json.dumps(told).encode()
    end = backup.checksum(manifest)
    with tarfile.open(made, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, octets in {backup.MANIFEST: manifest, **files, backup.CHECKSUM: end}.items():
            info = tarfile.TarInfo(name)
            info.size = len(octets)
            tar.addfile(info, io.BytesIO(octets))
    return made


def _octets(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    assert file is not None
    return file.read()


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


def snapshot(paths: Paths) -> dict[str, bytes]:
    """Every file's octets; SQLite tidies up the store's own when it likes to."""
    files = [p for p in paths.var.rglob("*") if p.is_file() and "inbox.db" not in p.name]
    return {str(p.relative_to(paths.var)): p.read_bytes() for p in files}


def keys_of(shell: Shell) -> Keys:
    """What this box opens backups with, without asking."""
    return Keys(backup.FileKeys(shell.paths).all(), lambda: None)


def opened(shell: Shell, path: Path) -> bytes:
    """What is within the seal."""
    with path.open("rb") as file:
        return Opener(file, keys_of(shell)).read()
