"""What is kept of a model's words."""

import pytest

from app.transcript.wording import cleaned


@pytest.mark.parametrize(
    ("heard", "kept"),
    [
        ("Call me  back, please.", "Call me back, please."),
        ("[Music] Hello ♪♪ there (applause)", "Hello there"),
        ("♪", ""),
        ("[BLANK_AUDIO]", ""),
        ("...", ""),
        ("I said no, no, no, and no.", "I said no, no, no, and no."),
        ("Thank you. Thank you. Thank you. Thank you. Thank you.", "Thank you."),
        ("So the the the the the the the", "So the"),
        ("My number is 5 5 5 0 0 0 0 0 0 1", "My number is 5 5 5 0 0 0 0 0 0 1"),
        ("It is five five five five five five five.", "It is five five five five five five five."),
    ],
)
def test_asides_music_and_loops_are_dropped(heard: str, kept: str) -> None:
    assert cleaned(heard) == kept


def test_a_long_loop_is_cut_after_its_first_round() -> None:
    round_ = "and then we went to the shop"
    assert cleaned(f"Well, {' '.join([round_] * 9)}") == f"Well, {round_}"
