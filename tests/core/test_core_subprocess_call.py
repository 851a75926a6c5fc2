"""A child does the work and hands over plain values; its errors end the parent as they ended it."""

import os
from pathlib import Path

import pytest

from app.config.paths import Paths
from app.config.settings import Settings, load
from app.core.subprocess_call import in_child


def test_subprocess_call_gives_the_result_of_another_process(tmp_path: Path) -> None:
    pid, settings = in_child(lambda: (os.getpid(), Paths(tmp_path).settings()))
    assert pid != os.getpid()
    assert settings == Settings()


def test_subprocess_call_with_an_error_of_ours_prints_one_line_and_exits_with_1(
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


def test_subprocess_call_with_a_fault_prints_its_trace(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        in_child(lambda: [][0])
    assert end.value.code == 1
    assert "IndexError" in capfd.readouterr().err
