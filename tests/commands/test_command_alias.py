"""`alias`: lists, files of aliases, and what is wrong in them."""

from pathlib import Path

import pytest

from tests.kit.commands import Shell


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    shell = Shell(tmp_path / "var", monkeypatch)
    shell.ok("people add anna --name Anna --mailbox 201 --admin")
    shell.ok("people add ben --name Ben --mailbox 202")
    return shell


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_list_is_set_with_its_owner_and_shown(shell: Shell) -> None:
    assert "owner" in shell.refused("alias set family ben --list")
    shell.ok("alias set family ben x@far.example --list --owner anna")
    assert rows(shell.ok("alias list")) == [
        ["alias", "kind", "members", "owner"],
        ["family", "list", "ben,", "x@far.example", "anna"],
    ]
    assert "in the name of anna" in shell.ok("alias trace family")


@pytest.mark.parametrize("form", ["csv", "postfix"])
def test_aliases_go_to_a_file_and_come_back(shell: Shell, tmp_path: Path, form: str) -> None:
    shell.ok("alias set family ben x@far.example --list --owner anna")
    shell.ok("alias set anna anna a@far.example")
    shell.ok("alias set * ben")
    listed = shell.ok("alias list")
    assert "written to" in shell.ok(f"alias export --format {form} {tmp_path}/aliases")
    shown = shell.ok(f"alias export --format {form}")
    assert shown == (tmp_path / "aliases").read_text()
    for name in ("family", "anna", "*"):
        shell.ok(f"alias rm {name}")
    check = shell.ok(f"alias import --check {tmp_path}/aliases")
    assert check == "3 aliases in the file, of which 3 would be changed\n"
    assert len(rows(shell.ok("alias list"))) == 1
    shell.ok(f"alias import {tmp_path}/aliases")
    assert shell.ok("alias list") == listed
    again = shell.ok("alias import -", typed=shown)
    assert again == "3 aliases in the file, of which 0 are changed\n"


def test_everything_wrong_in_a_file_is_said_by_line(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "aliases"
    file.write_text("good: ben\nbad: |prog, dora\n\tand more\n")
    said = shell.refused(f"alias import {file}")
    assert said.splitlines() == [
        "switchhook: nothing is taken from this file:",
        "line 2: |prog: mail is given to no program here; name people or addresses",
        "line 2: dora is neither a person nor an alias here",
        "line 2: and is neither a person nor an alias here",
        "line 2: more is neither a person nor an alias here",
    ]
    assert len(rows(shell.ok("alias list"))) == 1
