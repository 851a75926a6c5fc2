"""What buttons mean, with time handed in."""

import pytest

from app.device.reset import HOLD_S
from app.panel.gestures import (
    CONFIRM_S,
    SHUTDOWN_HOLD_S,
    Gestures,
    Meaning,
    TurnPresence,
    Wanted,
)
from drivers.panel import ButtonChange


class Hand:
    """Somebody at the buttons."""

    def __init__(self) -> None:
        self.gestures = Gestures()
        self.now = 50.0

    def down(self, name: str) -> list[Wanted]:
        return self.gestures.look([ButtonChange(name, True, self.now)], self.now)

    def up(self, name: str) -> list[Wanted]:
        return self.gestures.look([ButtonChange(name, False, self.now)], self.now)

    def wait(self, seconds: float) -> list[Wanted]:
        self.now += seconds
        return self.gestures.look([], self.now)

    def press(self, name: str) -> list[Wanted]:
        found = self.down(name) + self.wait(0.2)
        return found + self.up(name)


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.mark.parametrize("name", ["play", "next", "delete", "night", "acknowledge"])
def test_panel_press_counts_when_the_button_goes_down(hand: Hand, name: str) -> None:
    assert hand.down(name) == [Meaning(name)]
    assert hand.wait(60) + hand.up(name) == []


def test_panel_presence_is_that_of_one_jack(hand: Hand) -> None:
    assert hand.press("presence 101") + hand.press("presence 102") == [
        TurnPresence("101"),
        TurnPresence("102"),
    ]


def test_panel_shutdown_must_be_held(hand: Hand) -> None:
    assert hand.press("shutdown") == []
    assert hand.down("shutdown") == []
    assert hand.gestures.wait_s(hand.now) == SHUTDOWN_HOLD_S
    assert hand.wait(SHUTDOWN_HOLD_S) == [Meaning.SHUT_DOWN]
    assert hand.wait(60) + hand.up("shutdown") == []
    assert hand.gestures.wait_s(hand.now) is None


def test_panel_reset_is_held_and_pressed_once_more(hand: Hand) -> None:
    hand.down("reset")
    assert hand.gestures.wait_s(hand.now) == HOLD_S == 10
    assert (hand.wait(HOLD_S), hand.gestures.armed) == ([], True)
    assert hand.up("reset") == []
    assert hand.wait(CONFIRM_S - 0.1) == []
    assert hand.down("reset") == [Meaning.ERASE]
    assert hand.up("reset") + hand.press("reset") == [], "once is enough"


def test_panel_reset_that_is_let_go_early_is_none(hand: Hand) -> None:
    hand.down("reset")
    hand.wait(HOLD_S - 0.1)
    hand.up("reset")
    assert (hand.wait(5), hand.gestures.armed) == ([], False)
    assert hand.press("reset") == []


def test_panel_reset_is_called_off_by_waiting(hand: Hand) -> None:
    hand.down("reset")
    hand.wait(HOLD_S)
    hand.up("reset")
    hand.wait(CONFIRM_S)
    assert not hand.gestures.armed
    assert hand.press("reset") == []


@pytest.mark.parametrize("armed", [False, True])
def test_panel_reset_is_called_off_by_any_other_button(hand: Hand, armed: bool) -> None:
    hand.down("reset")
    hand.wait(HOLD_S if armed else 1)
    assert hand.press("night") == [Meaning.NIGHT]
    hand.wait(HOLD_S)
    assert not hand.gestures.armed
    hand.up("reset")
    assert hand.press("reset") == []


def test_panel_hold_counts_from_when_the_button_went_down_not_from_when_that_was_told() -> None:
    gestures = Gestures()
    gestures.look([ButtonChange("reset", True, 50.0)], 53.0)
    gestures.look([], 60.0)
    assert gestures.armed
