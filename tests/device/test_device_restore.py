"""Back from a backup: verified before it touches anything, complete after, and nothing is run."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from app.config.paths import PROJECT
from app.core.errors import SwitchhookError
from app.device import backup, certificates, given, restore
from app.device.certify import certify, use_files, use_own
from app.device.sealing import NONCE, PIECE, TAG
from app.inbox.account_passwords import BOX, PasswordUnreadable
from app.inbox.entries import EntryState
from tests.kit.backed_up import (
    SECRET,
    WORDS,
    backed_up,
    box_with_mail,
    keys_of,
    plain,
    restored,
    ruin,
    snapshot,
    uidls,
)
from tests.kit.commands import Shell


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return box_with_mail(tmp_path, monkeypatch)


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
    assert (paths.etc / "new-one").exists(), "etc is no data of the owner's"
    assert not (paths.var / "restore").exists()
    assert shell.inbox().people.check_password("anna", SECRET) is not None


def test_certificate_of_the_owners_comes_back(shell: Shell) -> None:
    theirs, keys = shell.paths.var.parent / "theirs", shell.paths.keys
    certificates.ensure(theirs, ("switchhook.local",))
    certify(shell.paths, shell.paths.settings())
    use_files(shell.paths, shell.paths.settings(), [theirs / "server.key", theirs / "server.crt"])
    path = backed_up(shell)
    use_own(shell.paths, shell.paths.settings())
    restored(shell, path)
    assert given.mark(keys) is not None
    assert (keys / "server.crt").read_bytes() == (theirs / "server.crt").read_bytes()
    assert certify(shell.paths, shell.paths.settings()) is False


def test_mail_that_waited_is_held_until_it_is_released(shell: Shell) -> None:
    path = backed_up(shell)
    assert "1 mails that waited in it are held" in restored(shell, path)
    box = shell.inbox()
    assert (box.queue.waiting(), box.queue.held.count()) == (0, 1)
    assert box.queue.destinations.next_due() is None, "nothing is tried"
    box.db.close()
    assert "1 held since a restore" in shell.ok("status")
    listed = shell.ok("queue list")
    assert "1 held since a restore" in listed and re.search(r"held +39 B", listed), listed
    assert "nothing to try" in shell.refused("queue retry 1")
    assert shell.ok("queue release --all") == "1 wait to be sent now\n"
    box = shell.inbox()
    assert (box.queue.waiting(), box.queue.held.count()) == (1, 0)
    (row,) = box.queue.due_mail("elsewhere.example")
    assert row.recipient == "anna@elsewhere.example" and row.attempts == 0
    assert box.queue.destinations.next_due() is not None
    assert "is not held" in shell.refused("queue release 1")
    box.db.now(lambda tx: box.queue.succeeded(tx, row))
    assert box.store.need(row.entry or 0).state is EntryState.BIN
    assert (box.queue.waiting(), box.queue.page()) == (0, [])


def test_held_mail_that_is_removed_goes_back_to_its_owner(shell: Shell) -> None:
    restored(shell, backed_up(shell))
    assert "1 removed from the queue" in shell.ok("queue remove --held")
    box = shell.inbox()
    assert box.queue.page() == [] and box.queue.held.count() == 0
    anna = box.people.by_login("anna")
    assert anna is not None
    states = [(e.subject, e.state) for e in box.store.entries(anna.id)]
    assert states.count(("kept", EntryState.NEW)) == 2
    assert len(states) == 3, "and a notice says what happened"
    assert "name the number" in shell.refused("queue remove")
    assert "name the number" in shell.refused("queue release")


def test_backup_of_another_kind_of_board_leaves_this_boxes_board(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = '# by hand\n[site]\ncountry = "de"\n[phone]\nboard = "rpi"\nring_seconds = 30\n'
    shell.paths.settings_file.write_text(text)
    path = backed_up(shell)
    other = Shell(shell.paths.var.parent / "other", monkeypatch)
    said = other.ok(f"device restore --later {path}", typed=f"{WORDS}\n")
    assert "left out: phone.board: rpi there; the board of this box, virtual, stays" in said
    other.ok("device change-over")
    settings = other.paths.settings()
    assert (settings.phone.board, settings.phone.ring_seconds) == ("virtual", 30)
    assert settings.site.country == "de"
    assert other.paths.settings_file.read_text().startswith("# by hand\n")
    other.paths.settings_file.write_text('[phone]\nboard = "rpi8"\n')
    other.ok(f"device restore --later {path}", typed=f"{WORDS}\n")
    other.ok("device change-over")
    assert other.paths.settings().phone.board == "rpi8"
    monkeypatch.setenv("SWITCHHOOK_VAR", str(shell.paths.var))
    assert "left out" not in shell.ok(f"device restore --later {path}"), "the same kind of board"


def test_broken_settings_here_do_not_hinder_a_restore(shell: Shell) -> None:
    path = backed_up(shell)
    shell.paths.settings_file.write_text("[site\n")
    assert "left out" not in restored(shell, path)
    assert shell.paths.settings().site.country == "de"


def test_backup_that_is_not_sealed_needs_a_word_of_the_owners(shell: Shell) -> None:
    path = plain(shell)
    before = uidls(shell)
    ruin(shell)
    there = snapshot(shell.paths)
    for command in ("restore --later", "verify"):
        assert "--unsealed" in shell.refused(f"device {command} {path}")
    assert snapshot(shell.paths) == there
    shell.ok(f"device restore --later --unsealed {path}")
    shell.ok("device change-over")
    assert before[0] in uidls(shell)
    assert shell.paths.settings().site.country == "de"


SOURCED = b"BOARD=virtual\ntouch /data/somebody-was-here\n"


def test_nothing_that_is_sourced_or_executed_comes_out_of_a_backup(shell: Shell) -> None:
    (shell.paths.etc / "device.env").write_text("BOARD=virtual\n")
    (shell.paths.etc / "shadow").write_text("admin:mine\n")
    names = (
        "etc/device.env", "etc/shadow", "etc/plans/mail", "etc/machine.toml", "etc/settings.good",
        "etc/installed", "keys/other.key", "greetings/1/run", "greetings/x.wav", "store/claim-code",
    )  # fmt: skip
    path = plain(shell, dict.fromkeys(names, SOURCED))
    said = shell.ok(f"device restore --later --unsealed {path}")
    shell.ok("device change-over")
    for name in names:
        there = shell.paths.var / name
        assert not there.exists() or there.read_bytes() != SOURCED, name
        assert f"left out: {name}" in said
    assert (shell.paths.etc / "shadow").read_text() == "admin:mine\n", "the console's password"


@pytest.mark.parametrize(
    "name", ["../../x", "/etc/passwd", "etc/../../x", "greetings/1/../../etc/device.env"]
)
def test_a_name_that_leads_elsewhere_is_not_taken(shell: Shell, name: str) -> None:
    path = plain(shell, {name: SOURCED})
    assert f"left out: {name}" in shell.ok(f"device restore --later --unsealed {path}")
    taken = {str(p) for p in shell.paths.var.parent.rglob("*") if p.is_file() and p != path}
    assert not [file for file in taken if Path(file).read_bytes() == SOURCED]


@pytest.mark.parametrize(
    ("name", "octets", "told"),
    [
        ("settings.toml", b'[phone]\nboard = "../../data/store"\n', "settings.toml: "),
        ("settings.toml", b"$(reboot)\n", "settings.toml: "),
        ("keys/ca.key", SOURCED, "keys: "),
        ("etc/host-name", b"a; reboot\n", "the device's name: "),
    ],
)
def test_data_that_its_reader_refuses_is_left_out(
    shell: Shell, name: str, octets: bytes, told: str
) -> None:
    before = uidls(shell)
    path = plain(shell, {name: octets})
    assert f"left out: {told}" in shell.ok(f"device restore --later --unsealed {path}")
    shell.ok("device change-over")
    there = shell.paths.var / name
    assert not there.exists() or there.read_bytes() != octets
    assert before[0] in uidls(shell), "and the messages have come back"


def test_a_store_with_a_trigger_of_somebody_elses_is_refused(shell: Shell) -> None:
    with closing(sqlite3.connect(shell.paths.database)) as store:
        store.execute(
            "CREATE TRIGGER guest AFTER INSERT ON entry BEGIN UPDATE person SET admin = 1; END"
        )
    path = plain(shell)
    assert "guest" in shell.refused(f"device restore --later --unsealed {path}")
    assert not (shell.paths.var / "restore").exists()


@pytest.mark.parametrize("harm", ["bit", "cut", "last piece", "pieces", "text", "empty", "more"])
def test_a_file_that_is_no_whole_backup_changes_nothing(shell: Shell, harm: str) -> None:
    path = backed_up(shell)
    octets = bytearray(path.read_bytes())
    long = PIECE + TAG
    begin = octets.index(b"\n", octets.index(b"\n---") + 1) + 1 + NONCE
    match harm:
        case "bit":
            octets[len(octets) // 2] ^= 1
        case "cut":
            del octets[len(octets) // 2 :]
        case "last piece":
            del octets[begin + (len(octets) - begin - 1) // long * long :]
        case "pieces":
            one, two = octets[begin : begin + long], octets[begin + long : begin + 2 * long]
            octets[begin : begin + 2 * long] = two + one
        case "text":
            octets = bytearray(b"a letter to my aunt")
        case "empty":
            octets.clear()
        case "more":
            octets += b"x"
    path.write_bytes(octets)
    ruin(shell)
    before, letters = snapshot(shell.paths), uidls(shell)
    assert "backup" in shell.refused(f"device restore --later {path}")
    assert (snapshot(shell.paths), uidls(shell)) == (before, letters)
    assert not (shell.paths.var / "restore").exists()


def test_a_backup_of_a_newer_program_is_refused(shell: Shell) -> None:
    box = shell.inbox()
    box.db.now(lambda tx: tx.execute("UPDATE schema SET version = 99, readable_from = 99"))
    box.db.close()
    path = shell.paths.var.parent / "box.backup"
    backup.make(shell.paths, path, "9.9", "future.local", 1000.0, backup.Seal(WORDS))
    with pytest.raises(SwitchhookError, match="99"):
        restore.stage(shell.paths, path, PROJECT / "board", keys_of(shell))
    assert not (shell.paths.var / "restore").exists()


@pytest.mark.parametrize("after", range(len(restore.PLACES) + 1))
def test_a_power_cut_in_the_change_over_only_delays_it(shell: Shell, after: int) -> None:
    path = backed_up(shell)
    before = uidls(shell)
    ruin(shell)
    shell.ok(f"device restore --later {path}")
    paths = shell.paths
    folder = paths.var / "restore"
    (folder / "old" / "etc").mkdir(parents=True)
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


def test_a_kept_password_can_be_read_after_a_restore(shell: Shell) -> None:
    box = shell.inbox()
    box.db.now(lambda tx: box.passwords.set(tx, BOX, "smarthost", "mail.example", "pass word"))
    box.db.close()
    path = backed_up(shell)
    assert b"pass word" not in path.read_bytes()
    shell.paths.account_key.write_bytes(bytes(32))
    with pytest.raises(PasswordUnreadable):
        shell.inbox().passwords.get(BOX, "smarthost", "mail.example")
    restored(shell, path)
    assert shell.inbox().passwords.get(BOX, "smarthost", "mail.example") == "pass word"


def test_a_backup_that_was_only_staged_is_not_changed_over_to(shell: Shell) -> None:
    path = backed_up(shell)
    restore.stage(shell.paths, path, PROJECT / "board", keys_of(shell))
    assert not restore.change_over(shell.paths)
