"""`settings` and `status`: what is set, setting it, and what needs attention."""

import hashlib
import tomllib
from pathlib import Path

import pytest

from app.config.settings import Settings
from tests.kit.commands import Shell


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    shell = Shell(tmp_path / "var", monkeypatch)
    shell.ok("people add anna --name Anna --mailbox 201 --handset 101 --admin")
    return shell


def test_settings_alone_prints_a_file_that_can_be_used(shell: Shell) -> None:
    text = shell.ok("settings")
    assert tomllib.loads(text) == {name: {} for name in Settings.model_fields}
    assert "#ring_seconds = 20" in text


def test_set_prints_old_and_new_with_meaning_and_get_says_it(shell: Shell) -> None:
    said = shell.ok("settings set phone.ring_seconds 30")
    assert "phone.ring_seconds: 20 → 30" in said
    assert "Seconds a call rings" in said and "From 4 to 120" in said
    assert shell.ok("settings get phone.ring_seconds") == "30\n"
    assert "30 → 20" in shell.ok("settings set phone.ring_seconds --default")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("settings set phone.ring_seconds 3", "greater than or equal to 4"),
        ("settings set site.postmaster eva", "there is no eva here; there are: anna"),
        ("settings set site.countri de", "there is no setting site.countri"),
        ("settings set site.country", "either a VALUE or --default"),
        ("settings get nothing", "there is no setting nothing"),
    ],
)
def test_setting_that_cannot_be_is_refused_in_one_line(shell: Shell, line: str, told: str) -> None:
    said = shell.refused(line)
    assert told in said and "Traceback" not in said
    assert not shell.paths.settings_file.exists()


def test_list_shows_values_and_meanings(shell: Shell) -> None:
    shell.ok("settings set site.country de")
    said = " ".join(shell.ok("settings list").split())
    assert "site.country de Country of the lines" in said
    assert "phone.incoming.line2.mailbox - (default)" in said


def test_check_names_what_is_not_there_and_status_goes_on(shell: Shell) -> None:
    assert "everything they name is there" in shell.ok("settings check")
    shell.ok("people add ben --name Ben --mailbox 202")
    shell.ok("settings set phone.incoming.line1.mailbox 202")
    told = "phone.incoming.line1.mailbox: nobody has the mailbox 202; there are: 201 (anna)"
    assert f"ATTENTION: {told}" in shell.ok("people remove ben")
    assert shell.refused("settings check") == f"{told}\n"
    said = shell.ok("status")
    assert f"ATTENTION: {told}" in said and "in 1 inboxes" in said


def test_status_works_while_the_settings_cannot_be_read(shell: Shell) -> None:
    shell.paths.settings_file.write_text("[site]\ncountry = de\n")
    said = shell.ok("status")
    assert 'line 2: text needs quotation marks: country = "de"' in said
    assert "in 1 inboxes" in said and "not supervised here" in said


def test_the_smarthosts_password_is_asked_for_and_never_shown(shell: Shell) -> None:
    name = "outbound.smarthost_password"
    assert f"{name} is asked for" in shell.refused(f"settings set {name} typed-here")
    said = shell.refused(f"settings set {name}", typed="tin whistle\n")
    assert "set outbound.smarthost and outbound.smarthost_user first" in said
    shell.ok("settings set outbound.smarthost mail.isp.example:465")
    shell.ok("settings set outbound.smarthost_user anna")
    assert f"{name}: there is no password for anna at mail.isp.example" in shell.ok("status")
    said += shell.ok(f"settings set {name}", typed="tin whistle\n")
    assert f"{name}: - → …" in said and "tin whistle" not in said
    assert shell.ok(f"settings get {name}") == "…\n"
    assert "tin whistle" not in shell.ok("settings list") + shell.paths.settings_file.read_text()
    assert "there is no password" not in shell.ok("status")
    assert f"{name}: … → -" in shell.ok(f"settings set {name} --default")


def test_apply_takes_a_password_out_of_the_file(shell: Shell) -> None:
    text = '[outbound]\nsmarthost = "mail.isp.example"\nsmarthost_user = "anna"\n'
    shell.paths.settings_file.write_text(f'{text}smarthost_password = "tin whistle"\n')
    shell.ok("settings apply")
    assert shell.paths.settings_file.read_text() == text
    assert shell.ok("settings get outbound.smarthost_password") == "…\n"


def test_a_token_for_measurements_is_shown_once_and_kept_as_its_hash(shell: Shell) -> None:
    said = shell.ok("settings metrics-token")
    token = said.split("token: ")[1].split()[0]
    kept = shell.ok("settings get web.metrics_token").strip()
    assert kept == hashlib.sha256(token.encode()).hexdigest()
    assert token not in shell.paths.settings_file.read_text()
    assert "settings set web.metrics true" in said
