"""A child does the work and hands over plain values; its errors end the parent as they ended it."""

import os
from pathlib import Path

import pytest

from app.config.paths import Paths
from app.config.settings import Settings, load
from app.core.subprocess_call import in_child


def test_the_result_comes_over_and_the_work_was_done_elsewhere(tmp_path: Path) -> None:
    pid, settings = in_child(lambda: (os.getpid(), Paths(tmp_path).settings()))
    assert pid != os.getpid()
    assert settings == Settings()


def test_an_error_on_purpose_is_one_line_and_exit_code_1(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("[mail]\npop3_prt = 1\n")
    with pytest.raises(SystemExit) as end:
        in_child(lambda: load(file))
    assert end.value.code == 1
    told = capfd.readouterr().err
    assert told.startswith(f"switchhook: {file}, line 2: mail.pop3_prt: no such setting")
    assert told.count("\n") == 1


def test_a_fault_shows_its_trace(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        in_child(lambda: [][0])
    assert end.value.code == 1
    assert "IndexError" in capfd.readouterr().err
