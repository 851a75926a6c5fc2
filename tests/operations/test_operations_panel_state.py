"""How the front panel is, as who serves it tells: for as long as that lasts, and no longer."""

import os
from pathlib import Path

import pytest

from app.operations.panel_state import LONGEST, NOT_SERVED, PanelTold, told_problem


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "panel-state"


def test_what_is_told_holds_until_it_is_told_otherwise_or_nobody_serves(file: Path) -> None:
    assert told_problem(file) == NOT_SERVED
    told = PanelTold(file)
    told.tell("/dev/ttyUSB0: No such file or directory")
    assert told_problem(file) == "/dev/ttyUSB0: No such file or directory"
    told.tell("")
    assert told_problem(file) == ""
    told.close()
    assert told_problem(file) == NOT_SERVED


def test_only_one_tells(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    first, second = PanelTold(file), PanelTold(file)
    second.tell("no")
    first.tell("")
    assert told_problem(file) == "" and "cannot tell how the front panel is" in caplog.text


def test_what_lies_there_is_not_trusted(file: Path, tmp_path: Path) -> None:
    told = PanelTold(file)
    told.tell("\x1b[2J" + "x" * 5000)
    found = told_problem(file)
    assert "\x1b" not in found and len(found) <= LONGEST + 10
    told.close()
    file.unlink()
    os.mkfifo(file)
    assert told_problem(file) == NOT_SERVED
    file.unlink()
    file.symlink_to(tmp_path / "elsewhere")
    assert told_problem(file) == NOT_SERVED


def test_folder_that_is_not_there_keeps_nobody_from_serving(tmp_path: Path) -> None:
    told = PanelTold(tmp_path / "none" / "panel-state")
    told.tell("")
    told.close()
