"""The panel's button as proof that somebody stands at the box."""

from app.device.button import ASKED_S, HOLD_S, Asked


def ask(*pressed: tuple[float, bool]) -> list[bool | None]:
    asked = Asked(0.0)
    return [asked.look(now, is_down) for now, is_down in pressed]


def test_button_that_is_pressed_and_held_is_proof() -> None:
    assert ask((0, False), (5, True), (5 + HOLD_S - 0.1, True), (5 + HOLD_S, True))[-2:] == [
        None,
        True,
    ]


def test_button_that_was_let_go_begins_anew() -> None:
    told = ask((0, False), (1, True), (3, False), (3.5, True), (4.5, True), (3.5 + HOLD_S, True))
    assert told == [None] * 5 + [True]


def test_button_that_hangs_from_the_start_is_none() -> None:
    assert ask((0, True), (HOLD_S + 1, True), (ASKED_S, True)) == [None, None, False]


def test_time_ends_the_question_unless_the_button_has_been_held_long_enough() -> None:
    assert ask((0, False), (ASKED_S, False))[-1] is False
    assert ask((0, False), (ASKED_S - 1, True), (ASKED_S, True))[-1] is False
