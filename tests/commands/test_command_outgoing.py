"""`people outgoing`: accounts by which people's own mail leaves, shown without their passwords."""

from pathlib import Path

import pytest

from tests.kit.commands import Shell

SECRET = "hphq uxbj-kce5"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    shell = Shell(tmp_path / "var", monkeypatch)
    shell.ok("people add anna --name Anna --mailbox 201 --admin")
    return shell


def test_an_account_is_set_shown_and_removed_and_its_password_shown_nowhere(shell: Shell) -> None:
    said = shell.ok("people outgoing set anna smtp.example.org anna@example.org", f"{SECRET}\n")
    assert "leaves as anna@example.org at smtp.example.org, port 465" in said
    shown = shell.ok("people outgoing list")
    assert "anna@example.org at smtp.example.org:465" in shown and "implicit" in shown
    box = shell.inbox()
    (account,) = box.outgoing_accounts.all()
    assert box.outgoing_accounts.password(account) == SECRET
    box.db.close()
    assert SECRET not in said + shown + shell.ok("inbox history anna")
    shell.ok("people outgoing remove anna")
    assert "has no account" in shell.refused("people outgoing remove anna")
    for path in shell.paths.var.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes()


def test_ports_go_with_tls_and_what_cannot_be_is_refused(shell: Shell) -> None:
    said = shell.ok("people outgoing set anna smtp.example.org a --tls starttls", f"{SECRET}\n")
    assert "port 587" in said
    said = shell.ok("people outgoing set anna smtp.example.org a --tls none", f"{SECRET}\n")
    assert "everybody on the way can read the password" in said
    for line in ("nobody smtp.example.org a", "anna not/a/host a", "anna h.example a --port 0"):
        shell.refused(f"people outgoing set {line}", f"{SECRET}\n")
