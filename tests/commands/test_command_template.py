"""`template`, and the limits of `people`: what inboxes may hold, set for one or for many."""

import re
from pathlib import Path

import pytest

from app.core.units import MB
from app.inbox.limits import Limits
from tests.kit.commands import Shell

ANNA = "people add anna --name Anna --mailbox 201 --admin"
BEN = "people add ben --name Ben --mailbox 202 --template staff"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path / "var", monkeypatch)


def limits(shell: Shell, login: str) -> Limits:
    box = shell.inbox()
    person = box.people.by_login(login)
    assert person is not None
    return box.delivery.limits.of(person)


def test_template_is_made_assigned_changed_and_removed(shell: Shell) -> None:
    said = shell.ok("template set staff --quota-mb 50 --voicemails 20 --fetched-days 30")
    assert said == "staff is set; it holds for nobody yet\n"
    shell.ok(ANNA)
    shell.ok(BEN)
    assert limits(shell, "ben") == Limits(50 * MB, 20, 0, 0, 30, 0)
    assert shell.ok("template set staff --quota-mb 60") == "staff is set; it holds for ben\n"
    assert limits(shell, "ben").quota == 60 * MB
    listed = shell.ok("template list")
    assert re.search(r"^staff +60 MB +20 +- +- +30 +- +- +ben$", listed, re.M), listed
    assert "0 B of 60 MB" in shell.ok("people list")
    refused = shell.refused("template rm staff")
    assert "staff is the template of ben" in refused
    shell.run_words(["people", "change", "ben", "--template", ""])
    assert limits(shell, "ben").quota == 1000 * MB
    assert "is removed" in shell.ok("template rm STAFF")
    assert "there is no template staff" in shell.refused("template rm staff")


def test_own_limit_of_a_person_is_set_and_taken_back(shell: Shell) -> None:
    shell.ok("template set staff --quota-mb 50 --voicemails 20")
    shell.ok(BEN)
    shell.ok("people change ben --quota-mb 7 --voicemails 0")
    assert (limits(shell, "ben").quota, limits(shell, "ben").voicemails) == (7 * MB, 0)
    shell.ok("people change ben --quota-mb default --voicemails default")
    assert (limits(shell, "ben").quota, limits(shell, "ben").voicemails) == (50 * MB, 20)
    shell.ok("template set staff --quota-mb default")
    assert limits(shell, "ben").quota == 1000 * MB


@pytest.mark.parametrize(
    "line, word",
    [
        ("template set st/aff", "cannot be a template"),
        ("template set staff --quota-mb 0", "neither 'default' nor a number from 1 on"),
        ("template set staff --voicemails -3", "neither 'default' nor a number from 0 on"),
        ("template set staff --heard-days ²", "neither 'default' nor a number from 0 on"),
        ("people add ben --name Ben --mailbox 202 --template staf", "there are: none yet"),
    ],
)
def test_limit_that_cannot_be_is_refused_in_words(shell: Shell, line: str, word: str) -> None:
    assert word in " ".join(shell.refused(line).split())
