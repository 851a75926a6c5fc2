"""`people notify`: how somebody is told of messages."""

from pathlib import Path

import pytest

from tests.kit.commands import Shell


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    shell = Shell(tmp_path / "var", monkeypatch)
    shell.ok("people add anna --name Anna --mailbox 201 --handset 101 --admin")
    return shell


def test_a_plan_is_set_shown_and_removed(shell: Shell) -> None:
    assert "anna: told by lamp and dial tone alone" in shell.ok("people notify show anna")
    shell.ok(
        "people notify set anna --text 5551234@sms.example --level mail:boss@x.example:10:1"
        " --level call:5559876:5:2:continue --quiet 22:00-07:00 --urgent"
    )
    said = shell.ok("people notify show anna")
    assert "anna: a text of each voicemail at once to 5551234@sms.example" in said
    assert "anna: level 1, mail to boss@x.example after 10 min, 1 retries" in said
    assert "anna: level 2, call to 5559876 after 5 min, 2 retries, continued" in said
    assert "anna: told of nothing from 22:00 to 07:00, but of urgent messages" in said
    assert "lamp and dial tone alone" in shell.ok("people notify set anna")


@pytest.mark.parametrize(
    "level", ["call", "call:555", "pigeon:anna:5", "mail:anna:x", "mail:a:1:2:3"]
)
def test_what_is_no_level_is_refused(shell: Shell, level: str) -> None:
    assert "a level is" in shell.refused(f"people notify set anna --level {level}")
