"""The button that proves that somebody stands at the box: whichever is there for sure."""

from pathlib import Path

import pytest

from app.config.paths import PROJECT, Paths
from app.panel.button import open_button
from drivers import linux
from drivers.board import load_board
from drivers.panel import Panel
from tests.kit.panels import Wire


def no_panel() -> Panel:
    raise AssertionError("the panel was opened")


def test_reset_button_of_the_board_goes_before_a_panel_that_may_not_be_plugged_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wires: dict[int, Wire] = {}

    class Hardware:
        def __init__(self, _spec: object) -> None:
            """A board whose pins are wires."""

        def input_pin(self, pin: int) -> Wire:
            return wires.setdefault(pin, Wire())

    monkeypatch.setattr(linux, "LinuxHardware", Hardware)
    board = load_board(PROJECT / "board" / "rpi" / "board.toml")
    assert board.panel is not None
    button = open_button(Paths(tmp_path), board, no_panel)
    assert (button.name, button.is_pressed()) == ("reset", False)
    wires[26].set(False)
    assert button.is_pressed()
