"""`people account`: what is fetched from elsewhere, set and shown without its passwords."""

from pathlib import Path

import pytest

from app.inbox.fetch_accounts import FetchAccount, Tls
from tests.kit.box_keys import box_keys
from tests.kit.commands import Shell
from tests.kit.pop3_elsewhere import Pop3Elsewhere

SECRET = "hphq uxbj-kce5"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    shell = Shell(tmp_path / "var", monkeypatch)
    shell.ok("people add anna --name Anna --mailbox 201 --admin")
    return shell


def account(shell: Shell) -> FetchAccount:
    box = shell.inbox()
    (found,) = box.fetch_accounts.all()
    box.db.close()
    return found


def test_an_account_is_added_and_its_password_shown_nowhere(shell: Shell) -> None:
    said = shell.ok("people account add anna pop.example.org anna@example.org", f"{SECRET}\n")
    assert "anna@example.org at pop.example.org is fetched for anna" in said
    made = account(shell)
    assert (made.port, made.tls, made.poll_s, made.keep_days) == (995, Tls.IMPLICIT, 300, None)
    box = shell.inbox()
    assert box.passwords.get(made.person, made.password_name, made.place) == SECRET
    box.db.close()
    shown = said + "".join(
        shell.ok(line) for line in ("people account list", "people list", "status", "settings list")
    )
    history = shell.ok("inbox history anna")
    assert "account added" in history
    assert SECRET not in shown + history
    for path in shell.paths.var.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes()


def test_the_password_can_come_from_a_file(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "words"
    file.write_text(f"{SECRET}\nanother line\n")
    shell.ok(
        f"people account add anna pop.example.org a --tls none --keep 7 --password-file {file}"
    )
    made = account(shell)
    assert (made.port, made.tls, made.keep_days) == (110, Tls.NONE, 7)
    assert shell.inbox().passwords.get(made.person, made.password_name, made.place) == SECRET
    assert "cannot be read" in shell.refused(
        f"people account add anna pop.example.org a --password-file {tmp_path}/none"
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("people account add nobody pop.example.org a", "there is no nobody"),
        ("people account add anna pop..example a", "cannot be a server"),
        ("people account add anna -option- a", "No such option"),
        ("people account add anna pop.example.org a --port 70000", "1 to 65535"),
        ("people account add anna pop.example.org a --every 0.1", "a minute"),
        ("people account add anna pop.example.org a --keep never", "neither a number of days"),
        ("people account add anna pop.example.org a --keep 99999", "days are 0 to"),
        ("people account add anna pop.example.org a --fingerprint 12:34", "64 hexadecimal"),
        ("people account add anna pop.example.org a --tls maybe", "is not one of"),
        ("people account remove 7", "there is no account 7"),
        ("people account fetch 7", "there is no account 7"),
        ("people account certificate 7", "there is no account 7"),
    ],
)
def test_what_cannot_be_is_refused(shell: Shell, line: str, told: str) -> None:
    assert told in shell.refused(line, f"{SECRET}\n")
    assert shell.inbox().fetch_accounts.all() == []


def test_another_server_needs_the_password_again(shell: Shell) -> None:
    shell.ok("people account add anna pop.example.org a", f"{SECRET}\n")
    assert "its password is needed" in shell.refused("people account change 1 --server evil.test")
    shell.ok("people account change 1 --keep 3 --every 10")
    shell.ok("people account change 1 --server new.example.org --password", "the new one\n")
    made = account(shell)
    assert (made.server, made.keep_days, made.poll_s) == ("new.example.org", 3, 600)
    assert shell.inbox().passwords.get(made.person, made.password_name, made.place) == "the new one"


def test_a_port_follows_the_way_of_tls_unless_it_was_chosen(shell: Shell) -> None:
    shell.ok("people account add anna pop.example.org a", f"{SECRET}\n")
    shell.ok("people account change 1 --tls starttls")
    assert account(shell).port == 110
    shell.ok("people account change 1 --port 1110")
    shell.ok("people account change 1 --tls implicit")
    assert account(shell).port == 1110


def test_a_removed_account_leaves_nothing(shell: Shell) -> None:
    shell.ok("people account add anna pop.example.org a", f"{SECRET}\n")
    shell.ok("people account remove 1")
    box = shell.inbox()
    read = box.db.reader().execute
    assert read("SELECT count(*) FROM account_password").fetchone() == (0,)
    assert "pop.example.org" not in shell.ok("people account list")


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_the_certificate_of_a_server_is_shown_and_pinned(
    shell: Shell, tmp_path: Path, tls: str
) -> None:
    keys = box_keys(tmp_path / "keys")
    context = keys.server().context()
    ways = {"implicit": context} if tls == "implicit" else {"stls": context}
    with Pop3Elsewhere(**ways) as old:  # type: ignore[arg-type]
        port = f"--port {old.port}"
        shell.ok(f"people account add anna 127.0.0.1 a {port} --tls {tls}", f"{SECRET}\n")
        said = shell.ok("people account certificate 1")
        assert account(shell).fingerprint == ""
        shell.ok("people account certificate 1 --pin")
        assert account(shell).fingerprint in said and len(account(shell).fingerprint) == 64
        assert "pinned" in shell.ok("people account list")
        assert "PASS" not in "".join(old.commands), "nothing secret was said meanwhile"
    assert "shows no certificate" in shell.refused("people account certificate 1")


def test_status_tells_how_the_last_visit_went(shell: Shell) -> None:
    shell.ok("people account add anna pop.example.org a", f"{SECRET}\n")
    assert "anna, a at pop.example.org: last never yet" in shell.ok("status")
    box = shell.inbox()
    box.db.now(lambda tx: box.fetch_accounts.went_well(tx, 1, 0.0))
    box.db.now(lambda tx: box.fetch_accounts.failed(tx, 1, 0.0, "-ERR [AUTH] go away"))
    box.db.close()
    said = shell.ok("status")
    assert "never yet" not in said and ": -ERR [AUTH] go away" in said
