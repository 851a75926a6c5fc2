"""`people presence`: whether somebody can be reached."""

import re
from pathlib import Path

import pytest

from tests.kit.commands import Shell


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    shell = Shell(tmp_path / "var", monkeypatch)
    shell.ok("people add anna --name Anna --mailbox 201 --handset 101 --admin")
    return shell


def test_a_presence_is_set_and_shown_with_what_it_means(shell: Shell) -> None:
    assert "anna: away until 2999-08-01" in shell.ok(
        "people presence set anna away --until 2999-08-01"
    )
    assert "callers only hear the greeting" in shell.ok(
        "people presence rule anna away --no-messages"
    )
    said = shell.ok("people presence show anna")
    assert "anna: away until 2999-08-01" in said
    assert re.search(r"^in +yes +yes$", said, re.M), said
    assert re.search(r"^away +no +no$", said, re.M), said
    assert re.search(r"^dnd +no +yes$", said, re.M), said


def test_a_follow_me_number_is_set_shown_and_removed(shell: Shell) -> None:
    assert "anna: no follow-me" in shell.ok("people follow-me anna")
    said = shell.ok("people follow-me anna --number 5551234 --after 10")
    assert "anna: called at 5551234 after 10 s" in said
    assert "anna: called at 5551234" in shell.ok("people follow-me anna")
    assert "anna: no follow-me" in shell.ok("people follow-me anna --number=")
