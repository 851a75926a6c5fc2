"""Timers: their ranges, and the queue that runs what is due."""

import pytest

from app.core.timers import Timer, TimerQueue

WAIT = Timer("wait", 505, 100, 1000, "For a test.")


def test_timer_length_is_rounded_up_to_periods_of_10_ms() -> None:
    assert (WAIT.periods, WAIT.lasting(100).periods) == (51, 10)


@pytest.mark.parametrize("ms", [100, 1000])
def test_timer_takes_the_ends_of_its_range(ms: int) -> None:
    assert WAIT.lasting(ms).ms == ms


@pytest.mark.parametrize("ms", [99, 1001])
def test_timer_outside_its_range_is_refused_however_it_is_made(ms: int) -> None:
    with pytest.raises(ValueError, match=f"timer wait: {ms} ms is not within 100 to 1000 ms"):
        WAIT.lasting(ms)
    with pytest.raises(ValueError, match="timer wait"):
        Timer("wait", ms, 100, 1000, "For a test.")


def test_calls_due_together_are_made_in_the_order_asked() -> None:
    queue, made = TimerQueue(), list[str]()

    def ask_from_inside() -> None:
        queue.after(1, lambda: made.append("third"))

    queue.after(2, lambda: made.append("first"))
    queue.after(1, ask_from_inside)
    queue.after(2, lambda: made.append("second"))
    queue.after(2, lambda: made.append("never")).cancel()
    queue.beat()
    assert made == []
    queue.beat()
    assert made == ["first", "second", "third"]


def test_call_after_no_periods_is_made_in_the_next() -> None:
    queue, made = TimerQueue(), list[str]()
    queue.after(0, lambda: made.append("now"))
    assert made == []
    queue.beat()
    assert made == ["now"]
