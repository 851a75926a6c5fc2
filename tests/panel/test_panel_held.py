"""Which buttons are held: told by whoever serves the panel, else looked at directly."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from app.config.paths import Paths
from app.panel.button import NoButton, open_button
from app.panel.held import HeldPanel, held_as_served
from drivers.board_spec import load_board
from drivers.panel import ButtonChange, Light

BOARD = load_board(Path("board/virtual/board.toml"))


class Script:
    """A panel whose buttons do what is written here; a list for each look."""

    present, problem = True, ""

    def __init__(self, *looks: list[tuple[str, bool]]) -> None:
        self.looks = list(looks)
        self.is_open = True

    def show(self, lights: Mapping[str, Light]) -> None:
        """Nothing is lit."""

    def look(self, now: float) -> list[ButtonChange]:
        found = self.looks.pop(0) if self.looks else []
        return [ButtonChange(name, pressed, now) for name, pressed in found]

    def fileno(self) -> int:
        return -1

    def wait_s(self, now: float) -> float:
        return 1.0

    def close(self) -> None:
        self.is_open = False


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    paths = Paths(tmp_path / "var")
    paths.make()
    return paths


def test_others_learn_which_buttons_are_held_while_a_panel_is_served(tmp_path: Path) -> None:
    file = tmp_path / "held"
    assert held_as_served(file) is None, "nobody serves one"
    panel = HeldPanel(Script([("play", True), ("reset", True)], [], [("play", False)]), file)
    held = held_as_served(file)
    assert held is not None and held() == frozenset()
    seen = []
    for now in (1.0, 2.0, 3.0):
        panel.look(now)
        seen.append(held())
    assert seen == [{"play", "reset"}, {"play", "reset"}, {"reset"}]
    panel.close()
    panel.close()
    assert held_as_served(file) is None, "whoever comes next finds that nobody serves it"


def test_what_is_no_file_is_nobodys(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("pipe", "link", "missing"):
        assert held_as_served(tmp_path / name) is None


def test_button_is_asked_of_who_serves_the_panel_and_looked_at_by_ourselves_else(
    paths: Paths,
) -> None:
    def never() -> Script:
        raise AssertionError("it is served")

    panel = HeldPanel(Script([("acknowledge", True)]), paths.panel_held)
    button = open_button(paths, BOARD, never)
    assert button.name == "acknowledge" and not button.is_pressed()
    panel.look(1.0)
    assert button.is_pressed()
    panel.close()

    own = Script([], [("acknowledge", True)], [], [("acknowledge", False)])
    button = open_button(paths, BOARD, lambda: own)
    assert [button.is_pressed() for _ in range(4)] == [False, True, True, False]


def test_board_without_a_panel_says_what_else_there_is_to_do(paths: Paths) -> None:
    with pytest.raises(NoButton, match="restore a backup"):
        open_button(paths, replace(BOARD, panel=None), Script)
