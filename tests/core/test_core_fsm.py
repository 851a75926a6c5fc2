"""State tables and timers by themselves."""

import logging
from enum import StrEnum

import pytest

from app.core.fsm import Machine, Row, Table
from app.core.timers import Timer, TimerQueue
from app.phone import timers
from app.phone.calls.call import CALL
from app.phone.lines.station import STATION
from app.phone.lines.trunk import TRUNK


class St(StrEnum):
    """A door's states."""

    SHUT = "shut"
    OPEN = "open"


class Ev(StrEnum):
    """What happens to a door."""

    PUSH = "push"
    PULL = "pull"
    TIRED = "tired"


TIRED = Timer("tired", 50, 10, 100, "A door falls shut.")
DOOR = Table(
    "door",
    {
        St.SHUT: Row({Ev.PUSH: St.OPEN}),
        St.OPEN: Row(
            {Ev.PULL: St.SHUT, Ev.PUSH: St.OPEN, Ev.TIRED: St.SHUT}, timer=TIRED, due=Ev.TIRED
        ),
    },
)


def machine(queue: TimerQueue, moves: list[tuple[St, Ev, St]]) -> Machine[St, Ev]:
    return Machine(DOOR, "front", St.SHUT, queue, lambda *move: moves.append(move))


def test_forbidden_then_legal_then_timer(caplog: pytest.LogCaptureFixture) -> None:
    queue, moves = TimerQueue(), list[tuple[St, Ev, St]]()
    door = machine(queue, moves)
    with caplog.at_level(logging.WARNING):
        assert not door.event(Ev.PULL)
    assert caplog.messages == ["door front: pull refused in shut"]
    assert (door.state, moves) == (St.SHUT, [])

    assert door.event(Ev.PUSH)
    assert door.state is St.OPEN

    for _ in range(4):
        queue.beat()
    assert door.state is St.OPEN
    queue.beat()
    assert moves == [(St.SHUT, Ev.PUSH, St.OPEN), (St.OPEN, Ev.TIRED, St.SHUT)]


def test_an_event_that_leads_back_starts_the_timer_again() -> None:
    queue = TimerQueue()
    door = machine(queue, [])
    door.event(Ev.PUSH)
    for _ in range(4):
        queue.beat()
    door.event(Ev.PUSH)
    for _ in range(4):
        queue.beat()
    assert door.state is St.OPEN
    queue.beat()
    assert door.state.name == "SHUT"


def test_leaving_stops_the_timer() -> None:
    queue, moves = TimerQueue(), list[tuple[St, Ev, St]]()
    door = machine(queue, moves)
    door.event(Ev.PUSH)
    door.event(Ev.PULL)
    for _ in range(10):
        queue.beat()
    assert [event for _, event, _ in moves] == [Ev.PUSH, Ev.PULL]


def test_events_from_inside_a_move_come_after_it() -> None:
    moves = list[tuple[St, Ev, St]]()

    def moved(old: St, event: Ev, new: St) -> None:
        if event is Ev.PUSH:
            door.event(Ev.PULL)
        moves.append((old, event, new))

    door = Machine(DOOR, "front", St.SHUT, TimerQueue(), moved)
    door.event(Ev.PUSH)
    assert moves == [(St.SHUT, Ev.PUSH, St.OPEN), (St.OPEN, Ev.PULL, St.SHUT)]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ({St.SHUT: Row({Ev.PUSH: St.OPEN})}, "no such state"),
        ({St.SHUT: Row[St, Ev](timer=TIRED)}, "go together"),
        ({St.SHUT: Row[St, Ev](timer=TIRED, due=Ev.TIRED)}, "its own timer"),
    ],
)
def test_a_table_with_a_hole_is_refused(rows: dict[St, Row[St, Ev]], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Table("door", rows)


@pytest.mark.parametrize("table", [STATION, TRUNK, CALL], ids=lambda table: str(table.kind))
def test_every_state_is_reached_and_left(table: Table[StrEnum, StrEnum]) -> None:
    first = next(iter(table.rows))
    reached = {target for row in table.rows.values() for target in row.on.values()}
    assert set(table.rows) - reached <= {first}
    dead_ends = {state for state, row in table.rows.items() if not row.on}
    assert {str(state) for state in dead_ends} <= {"ended"}


def test_the_picture_of_a_table_has_every_move() -> None:
    assert DOOR.picture().splitlines() == [
        "shut --push--> open",
        "open --pull--> shut",
        "open --push--> open",
        "open --tired--> shut",
    ]


@pytest.mark.parametrize("timer", timers.TIMERS, ids=lambda timer: str(timer.name))
def test_every_timer_lies_in_its_range_and_says_its_meaning(timer: Timer) -> None:
    assert timer.least <= timer.ms <= timer.greatest
    assert timer.meaning.endswith((".", "]", ")."))
    assert timer.periods * 10 >= timer.ms


def test_timers_that_are_due_together_run_in_the_order_asked() -> None:
    queue, ran = TimerQueue(), list[str]()

    def ask_from_inside() -> None:
        queue.after(1, lambda: ran.append("third"))

    queue.after(2, lambda: ran.append("first"))
    queue.after(1, ask_from_inside)
    queue.after(2, lambda: ran.append("second"))
    queue.after(2, lambda: ran.append("never")).cancel()
    queue.beat()
    assert ran == []
    queue.beat()
    assert ran == ["first", "second", "third"]
