"""`greeting`: set, listed, taken out and removed, and the night."""

from pathlib import Path

import pytest

from app.operations.greetings import GreetingKind, Sound
from tests.kit.commands import Shell
from tests.kit.voicemail import tone

HELLO = Sound(tone(1)).wave


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    shell = Shell(tmp_path / "var", monkeypatch)
    shell.ok("people add anna --name Anna --mailbox 201 --admin")
    return shell


def test_greeting_is_set_taken_out_and_removed(shell: Shell, tmp_path: Path) -> None:
    source, copy = tmp_path / "hello.wav", tmp_path / "copy.wav"
    source.write_bytes(HELLO)
    assert shell.ok(f"greeting set anna day {source}") == "The next caller hears it (1 s).\n"
    shell.ok(f"greeting set company night {source}")
    assert shell.inbox().greetings.read(0, GreetingKind.NIGHT) == HELLO
    listed = [line.split() for line in shell.ok("greeting list").splitlines()]
    assert listed[-3:] == [["company", "night"], ["anna", "day"], ["It", "is", "day."]]
    shell.ok(f"greeting get anna day {copy}")
    assert copy.read_bytes() == HELLO
    shell.ok("greeting rm anna day")
    assert "anna has no such greeting" in shell.refused("greeting rm anna day")
    assert "there is no nobody here" in shell.refused(f"greeting set nobody day {source}")


def test_what_is_no_sound_is_refused(shell: Shell, tmp_path: Path) -> None:
    source = tmp_path / "hello.wav"
    source.write_bytes(b"\x1b[2Jno sound")
    said = shell.refused(f"greeting set anna day {source}")
    assert "no WAVE file" in said and "\x1b" not in said


def test_night_begins_and_ends(shell: Shell) -> None:
    assert shell.ok("greeting night on") == "It is night.\n"
    assert shell.ok("greeting night on") == "It is night already.\n"
    assert shell.ok("greeting list").endswith("It is night: greetings for the night are played.\n")
    assert shell.ok("greeting night off") == "It is day.\n"


def test_temporary_greeting_is_listed_with_its_last_day(shell: Shell, tmp_path: Path) -> None:
    source = tmp_path / "hello.wav"
    source.write_bytes(HELLO)
    shell.ok(f"greeting set anna temporary {source} --until 2026-12-24")
    shell.ok(f"greeting set anna dnd {source}")
    assert "temporary until 2026-12-24, dnd" in shell.ok("greeting list")
    assert "is no day" in shell.refused(f"greeting set anna temporary {source} --until soon")
