"""`lines bring-up`: refusals, and a sitting at a terminal over the virtual board's process."""

import asyncio
import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.bringup.experiments import TITLES
from app.bringup.report import Report, load, save
from app.config.paths import PROJECT
from drivers.models.remote_operator import RemoteOperator
from tests.kit.commands import Shell
from tests.kit.phone_house import House
from tests.kit.terminal import Terminal


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path / "var", monkeypatch)


@pytest.fixture
def box(shell: Shell) -> Iterator[None]:
    """The virtual board's process, for this shell's folder."""
    told, tells = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "box", "--ready-fd", str(tells)],
        cwd=PROJECT,
        env={**os.environ, "SWITCHHOOK_VAR": str(shell.paths.var)},
        pass_fds=[tells],
        stderr=subprocess.DEVNULL,
    )
    os.close(tells)
    assert os.read(told, 1), "the box has ended"
    yield
    os.close(told)
    process.terminate()
    process.wait(10)


def sitting(shell: Shell) -> Terminal:
    return Terminal(
        sys.executable, "-m", "app", "lines", "bring-up",
        cwd=PROJECT,
        env={**os.environ, "SWITCHHOOK_VAR": str(shell.paths.var)},
    )  # fmt: skip


def test_bring_up_is_led_through_left_and_gone_on_with(shell: Shell, box: None) -> None:
    report = shell.paths.var / "bring-up.txt"
    with sitting(shell) as screen:
        screen.await_text("101: Si3210 revision E")
        screen.await_text("1. What the outside line's chip shows of ringing")
        screen.await_text("connect: Plug an outside line")
        screen.await_text("Enter: begin, s: skip, q: stop and go on later >")
        screen.type("s\n")
        screen.await_text("2. Battery at a start")
        screen.await_text("begin")
        screen.type("\n")
        screen.await_text("what is written on the line IC")
        screen.type("Si3201\n")
        screen.await_text("scope")
        screen.type("\n")
        screen.await_text("as assumed: battery 7")
        screen.await_text("r: repeat")
        screen.type("q\n")
        screen.await_text("Go on later with the same command")
        assert screen.await_end() == 0
    kept = load(report)
    assert kept is not None and kept.skipped == ["ring-detector"]
    assert kept.results[0].values["marking"] == "Si3201"
    with sitting(shell) as screen:
        screen.await_text("3. Noise by the chip's scratch memory")
        screen.type("q\n")
        assert screen.await_end() == 0
    assert load(report) == kept


def test_bring_up_of_which_each_step_was_left_out_asks_for_no_report(
    shell: Shell, box: None
) -> None:
    shell.paths.var.mkdir(exist_ok=True)
    left = Report("virtual", "source", {}, skipped=[*TITLES])
    save(left, shell.paths.var / "bring-up.txt", TITLES)
    with sitting(shell) as screen:
        screen.await_text("Each experiment was left out: the report says nothing of this hat")
        assert screen.await_end() == 0


BAD_HAT = (
    # what is awaited on the screen, what is typed, and what is done at the board before that
    ("101: 101 .* supply", "", ""),
    ("1. What .* begin", "s", ""),
    ("2. Battery .* begin", "\n", ""),
    ("line IC", "\n", ""),
    ("scope", "\n", ""),
    ("NOT AS ASSUMED: battery 0 .* repeat", "r", "mend 101 no-supply"),
    ("line IC", "\n", ""),
    ("scope", "\n", ""),
    ("as assumed: battery 7 .* repeat", "\n", ""),
    ("3. Noise .* begin", "s", ""),
    ("4. Slots .* begin", "\n", ""),
    ("as assumed: 101 .slot 0. gives the marker of slot 0 .* repeat", "\n", ""),
    ("5. Slots .* begin", "\n", ""),
    ("stands still .* as assumed: .* periods were lost .* repeat", "\n", ""),
    ("6. Calibration .* begin", "s", ""),
    ("7. Line voltage .* begin", "s", ""),
    ("8. A short .* begin", "\n", ""),
    ("now join TIP and RING", "", "break 101 short"),
    ("ms to the power alarm .* repeat", "\n", ""),
    ("All done: send the report in", "", ""),
)


def test_bring_up_at_a_bad_hat_says_what_is_not_as_assumed(shell: Shell, box: None) -> None:
    operator = RemoteOperator(shell.paths.operator)
    assert operator.run("break 101 no-supply")[0]
    with sitting(shell) as screen:
        for awaited, keys, at_the_board in BAD_HAT:
            screen.await_text(awaited)
            if at_the_board:
                assert operator.run(at_the_board)[0]
            if keys:
                screen.type(keys.rstrip() + "\n")
        assert screen.await_end() == 0
    operator.close()
    kept = load(shell.paths.var / "bring-up.txt")
    assert kept is not None
    assert [one.key for one in kept.results] == ["battery", "framing", "overrun", "short"]
    assert kept.skipped == ["ring-detector", "scratch-noise", "calibration", "ringing-voltage"]


def test_bring_up_while_the_telephone_service_runs_is_refused_with_the_remedy(
    shell: Shell,
) -> None:
    async def story() -> tuple[str, str]:
        async with House(shell.paths.sockets):
            return (
                await asyncio.to_thread(shell.refused, "lines bring-up"),
                await asyncio.to_thread(shell.refused, "lines bring-up --stop-phone"),
            )

    plain, stopping = asyncio.run(story())
    assert "the telephone service has the lines; give --stop-phone" in plain
    assert "not supervised here; end it where it was started" in stopping


def test_bring_up_without_a_board_is_one_sentence(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.commands.service_phone.BOX_WITHIN_S", 0.0)
    said = shell.refused("lines bring-up")
    assert said.count("\n") == 1 and "bus.sock" in said


def test_second_bring_up_is_refused(shell: Shell) -> None:
    shell.paths.run.mkdir(parents=True, exist_ok=True)
    with (shell.paths.run / "bring-up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "another bring-up is under way" in shell.refused("lines bring-up")


def test_report_of_another_board_or_none_at_all_is_refused(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "other.txt"
    save(Report("rpi", "1", {}), path, {})
    said = shell.refused(f"lines bring-up --report {path}")
    assert "of the board rpi" in said and "--report" in said
    path.write_text("a letter")
    assert "no report of ours" in shell.refused(f"lines bring-up --report {path}")
