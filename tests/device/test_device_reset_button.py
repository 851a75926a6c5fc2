"""The reset button at a start: held for ten seconds it erases, let go earlier it does not."""

from pathlib import Path

import pytest

from app.commands import device_care
from app.core import process
from app.device import reset
from drivers.board_spec import BoardSpec
from tests.kit.commands import Shell

PIN = 26
"""Of board/rpi/board.toml."""


class Clock:
    """Time that passes by sleeping only."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Desk:
    """A hand on the button until some time, and what the box did then."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shell = Shell(tmp_path, monkeypatch)
        self.clock, self.until, self.started_again = Clock(), 0.0, False
        self.asked: list[int] = []
        monkeypatch.setattr(device_care, "time", self.clock)
        monkeypatch.setattr("drivers.linux.LinuxHardware", self._hardware)
        monkeypatch.setattr(process, "run", self._run)

    def _hardware(self, spec: BoardSpec) -> "Desk":
        return self

    def input_pin(self, pin: int) -> "Desk":
        self.asked.append(pin)
        return self

    def read(self) -> bool:
        """Pulled up; the button leads to ground."""
        return self.clock.now >= self.until

    def _run(self, *command: str) -> str:
        assert command == ("reboot",)
        self.started_again = True
        return ""

    def start(self, held_s: float, board: str = "rpi") -> bool:
        """A start with the button held for so long; whether the next start will erase."""
        self.until = self.clock.now + held_s
        self.shell.ok(f"device reset-button {board}")
        return (self.shell.paths.var / reset.MARK).exists()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, monkeypatch)


def test_held_for_ten_seconds_it_erases_at_the_start_that_follows_at_once(desk: Desk) -> None:
    assert desk.start(held_s=reset.HOLD_S + 1)
    assert desk.started_again
    assert desk.asked == [PIN]


@pytest.mark.parametrize("held_s", [0.0, 1.0, reset.HOLD_S - 0.2])
def test_let_go_earlier_nothing_happens(desk: Desk, held_s: float) -> None:
    assert not desk.start(held_s)
    assert not desk.started_again
    assert desk.clock.now < 100.0 + reset.HOLD_S


def test_a_board_without_a_button_is_not_asked(desk: Desk) -> None:
    assert not desk.start(held_s=60.0, board="virtual")
    assert desk.asked == []
