"""`people share`, `inbox take`: mailboxes that several people listen to."""

from pathlib import Path

import pytest

from tests.kit.commands import Shell


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    shell = Shell(tmp_path / "var", monkeypatch)
    shell.ok("people add anna --name Anna --mailbox 201 --handset 101 --admin")
    shell.ok("people add ben --name Ben --mailbox 202 --handset 102")
    return shell


def test_a_mailbox_is_shared_and_no_longer(shell: Shell) -> None:
    assert "anna's mailbox is listened to by: nobody else" in shell.ok("people share anna")
    assert "listened to by: ben" in shell.ok("people share anna ben")
    assert "ben listens to the mailboxes of: anna" in shell.ok("people share ben")
    assert "listened to by: nobody else" in shell.ok("people unshare anna ben")


def test_a_message_that_is_not_there_is_neither_taken_nor_released(shell: Shell) -> None:
    assert "no entry 7" in shell.refused("inbox take 7")
    assert "no entry 7" in shell.refused("inbox release 7")


def test_missed_calls_light_a_lamp_by_command_and_are_seen(shell: Shell) -> None:
    assert "missed_lamp" in shell.ok("people change anna --missed-lamp")
    assert "none was unseen" in shell.ok("inbox missed-seen anna")
    assert "cleo" in shell.refused("inbox missed-seen cleo")
