"""A child does the work and hands over plain values; its errors end the parent as they ended it."""

import os
import signal
from pathlib import Path

import pytest

from app.config.paths import Paths
from app.config.settings import Settings, load
from app.core.subprocess_call import in_child, in_two_steps


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


def test_subprocess_call_in_two_steps_keeps_what_the_first_one_made(tmp_path: Path) -> None:
    made: list[int] = []

    def first() -> int:
        made.append(os.getpid())
        return os.getpid()

    def then(result: int, word: str) -> None:
        (tmp_path / "told").write_text(f"{result} {made} {os.getpid()} {word}")

    pid, rest = in_two_steps(first, then)
    assert not (tmp_path / "told").exists() and pid != os.getpid()
    rest("now")
    assert (tmp_path / "told").read_text() == f"{pid} [{pid}] {pid} now"
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_subprocess_call_in_two_steps_ends_with_the_error_of_either(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        in_two_steps(lambda: [][0], lambda _, word: print(word))
    assert end.value.code == 1 and "IndexError" in capfd.readouterr().err

    def then(one: int, other: int) -> None:
        print(one / other)

    _, rest = in_two_steps(lambda: 1, then)
    with pytest.raises(SystemExit) as end:
        rest(0)
    assert end.value.code == 1 and "ZeroDivisionError" in capfd.readouterr().err


def test_subprocess_call_second_step_that_is_never_asked_for_ends_without_a_word(
    capfd: pytest.CaptureFixture[str],
) -> None:
    pid, rest = in_two_steps(os.getpid, lambda _, word: print(word))
    os.kill(pid, signal.SIGINT)
    assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGINT
    assert capfd.readouterr().err == "" and callable(rest)


def test_subprocess_call_within_another_tells_its_error_once(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("[mail]\npop3_prt = 1\n")
    with pytest.raises(SystemExit) as end:
        in_child(lambda: in_child(lambda: load(file)))
    assert end.value.code == 1
    assert capfd.readouterr().err.count("\n") == 1
