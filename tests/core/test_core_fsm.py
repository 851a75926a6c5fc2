"""The state engine by itself: moves, stays, refusals, actions and timers."""

import logging
import timeit
from enum import StrEnum

import pytest

from app.core.fsm import Actions, Machine, Row, Table, no_actions
from app.core.timers import Timer, TimerQueue


class DoorState(StrEnum):
    """A door's states."""

    SHUT = "shut"
    OPEN = "open"


class DoorEvent(StrEnum):
    """What happens to a door."""

    PUSH = "push"
    PULL = "pull"
    KNOCK = "knock"
    CLOSER = "closer"


CLOSER = Timer("closer", 50, 10, 100, "A door falls shut.")
DOOR = Table(
    "door",
    {
        DoorState.SHUT: Row({DoorEvent.PUSH: DoorState.OPEN}, stay=frozenset({DoorEvent.KNOCK})),
        DoorState.OPEN: Row(
            {
                DoorEvent.PULL: DoorState.SHUT,
                DoorEvent.PUSH: DoorState.OPEN,
                DoorEvent.CLOSER: DoorState.SHUT,
            },
            stay=frozenset({DoorEvent.KNOCK}),
            timer=CLOSER,
            due=DoorEvent.CLOSER,
        ),
    },
)
UNTIMED = Table(
    "gate",
    {
        DoorState.SHUT: Row({DoorEvent.PUSH: DoorState.OPEN}),
        DoorState.OPEN: Row({DoorEvent.PULL: DoorState.SHUT}),
    },
)


class Door:
    """An owner that keeps what its actions did."""

    def __init__(self) -> None:
        self.did: list[str] = []
        self.queue = TimerQueue()
        self.machine = Machine(DOOR_ACTIONS, self, "front", self.queue)

    def beats(self, periods: int) -> None:
        for _ in range(periods):
            self.queue.beat()

    def opened(self) -> None:
        self.did.append(f"opened, {self.machine.state}")

    def opened_further(self) -> None:
        self.machine.event(DoorEvent.PULL)
        self.did.append(f"opened further, {self.machine.state}")

    def shut(self) -> None:
        self.did.append(f"shut, {self.machine.state}")

    def somebody_knocks(self) -> None:
        self.did.append("who is there?")


DOOR_ACTIONS = Actions[Door, DoorState, DoorEvent](
    DOOR,
    {
        DoorEvent.PUSH: Door.opened,
        (DoorState.OPEN, DoorEvent.PUSH): Door.opened_further,
        DoorEvent.PULL: Door.shut,
        (DoorState.SHUT, DoorEvent.KNOCK): Door.somebody_knocks,
    },
)


def test_refused_event_changes_nothing_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    door = Door()
    with caplog.at_level(logging.WARNING):
        assert not door.machine.event(DoorEvent.PULL)
    assert caplog.messages == ["door front: pull refused in shut"]
    assert (door.machine.state, door.did) == (DoorState.SHUT, [])


def test_refused_event_of_a_machine_without_log_is_only_false(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gate = Machine(no_actions(UNTIMED), None, "back", log=None)
    with caplog.at_level(logging.DEBUG):
        assert not gate.event(DoorEvent.PULL)
        assert gate.event(DoorEvent.PUSH)
    assert (gate.state, caplog.messages) == (DoorState.OPEN, [])


def test_accepted_event_moves_then_acts_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    door = Door()
    with caplog.at_level(logging.INFO):
        assert door.machine.event(DoorEvent.PUSH)
    assert caplog.messages == ["door front: shut --push--> open"]
    assert door.did == ["opened, open"]


def test_expired_timer_gives_its_event_once() -> None:
    door = Door()
    door.machine.event(DoorEvent.PUSH)
    door.beats(4)
    assert door.machine.state is DoorState.OPEN
    door.beats(1)
    assert door.machine.state.value == "shut"
    door.machine.event(DoorEvent.PUSH)
    door.beats(4)
    assert door.machine.state is DoorState.OPEN


def test_move_to_the_same_state_starts_its_timer_again() -> None:
    gate = Machine(no_actions(DOOR), None, "front", queue := TimerQueue())
    gate.event(DoorEvent.PUSH)
    for _ in range(4):
        queue.beat()
    gate.event(DoorEvent.PUSH)
    for _ in range(4):
        queue.beat()
    assert gate.state is DoorState.OPEN
    queue.beat()
    assert gate.state.value == "shut"


def test_event_that_stays_lets_the_timer_run_on() -> None:
    door = Door()
    door.machine.event(DoorEvent.PUSH)
    door.beats(4)
    assert door.machine.event(DoorEvent.KNOCK)
    door.beats(1)
    assert door.machine.state is DoorState.SHUT


def test_event_that_stays_acts_only_under_a_key_with_its_state() -> None:
    door = Door()
    door.machine.event(DoorEvent.KNOCK)
    door.machine.event(DoorEvent.PUSH)
    door.machine.event(DoorEvent.KNOCK)
    assert door.did == ["who is there?", "opened, open"]


def test_leaving_a_state_stops_its_timer() -> None:
    door = Door()
    door.machine.event(DoorEvent.PUSH)
    door.machine.event(DoorEvent.PULL)
    door.machine.event(DoorEvent.PUSH)
    door.beats(4)  # one more, and a timer of the first opening would have expired
    assert door.machine.state is DoorState.OPEN


def test_stopped_machine_has_no_timer() -> None:
    door = Door()
    door.machine.event(DoorEvent.PUSH)
    door.machine.stop()
    door.beats(10)
    assert door.machine.state is DoorState.OPEN


def test_event_from_inside_an_action_comes_after_it() -> None:
    door = Door()
    door.machine.event(DoorEvent.PUSH)
    door.machine.event(DoorEvent.PUSH)
    assert door.did == ["opened, open", "opened further, open", "shut, shut"]


def test_failing_action_leaves_the_machine_usable_without_what_it_asked_for() -> None:
    class Broken(Exception):
        pass

    def fails(gate: dict[str, Machine[object, DoorState, DoorEvent]]) -> None:
        gate["machine"].event(DoorEvent.PULL)
        raise Broken

    gate: dict[str, Machine[object, DoorState, DoorEvent]] = {}
    actions = Actions[object, DoorState, DoorEvent](UNTIMED, {DoorEvent.PUSH: fails})  # type: ignore[dict-item]
    gate["machine"] = Machine(actions, gate, "back")
    with pytest.raises(Broken):
        gate["machine"].event(DoorEvent.PUSH)
    assert gate["machine"].state is DoorState.OPEN
    assert gate["machine"].event(DoorEvent.PULL)


def test_length_of_a_setting_replaces_the_timers_default() -> None:
    queue = TimerQueue()
    gate = Machine(no_actions(DOOR), None, "front", queue, length=lambda timer: 2)
    gate.event(DoorEvent.PUSH)
    queue.beat()
    assert gate.state is DoorState.OPEN
    queue.beat()
    assert gate.state.value == "shut"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ({}, "a state to start in"),
        ({DoorState.SHUT: Row({DoorEvent.PUSH: DoorState.OPEN})}, "no such state"),
        ({DoorState.SHUT: Row[DoorState, DoorEvent](timer=CLOSER)}, "go together"),
        (
            {DoorState.SHUT: Row[DoorState, DoorEvent](timer=CLOSER, due=DoorEvent.CLOSER)},
            "its own timer",
        ),
        (
            {
                DoorState.SHUT: Row(
                    {DoorEvent.PUSH: DoorState.SHUT}, stay=frozenset({DoorEvent.PUSH})
                )
            },
            "both moves and stays on push",
        ),
    ],
)
def test_table_with_a_hole_is_refused(
    rows: dict[DoorState, Row[DoorState, DoorEvent]], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        Table("door", rows)


@pytest.mark.parametrize(
    "key",
    [DoorEvent.KNOCK, DoorEvent.CLOSER, (DoorState.SHUT, DoorEvent.PULL)],
    ids=["stays only", "unknown", "refused"],
)
def test_action_that_can_never_run_is_refused(
    key: DoorEvent | tuple[DoorState, DoorEvent],
) -> None:
    table = Table(
        "door",
        {
            DoorState.SHUT: Row(
                {DoorEvent.PUSH: DoorState.OPEN}, stay=frozenset({DoorEvent.KNOCK})
            ),
            DoorState.OPEN: Row({DoorEvent.PULL: DoorState.SHUT}),
        },
    )
    with pytest.raises(ValueError, match="can never run"):
        Actions[Door, DoorState, DoorEvent](table, {key: Door.shut})


def test_timed_table_without_a_queue_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a queue"):
        Machine(no_actions(DOOR), None, "front")


def test_picture_of_a_table_has_every_move() -> None:
    assert DOOR.picture().splitlines() == [
        "shut --push--> open",
        "open --pull--> shut",
        "open --push--> open",
        "open --closer--> shut",
    ]


def test_event_without_log_timer_and_action_costs_little() -> None:
    """A dictionary look-up is the measure, so that a busy machine does not matter."""
    gate = Machine(no_actions(UNTIMED), None, "back", log=None)
    rows = dict(UNTIMED.rows)

    def moves() -> None:
        gate.event(DoorEvent.PUSH)
        gate.event(DoorEvent.PULL)

    def looks() -> None:
        rows[DoorState.SHUT].on.get(DoorEvent.PUSH)
        rows[DoorState.OPEN].on.get(DoorEvent.PULL)

    took = min(timeit.repeat(moves, number=2000, repeat=7))
    least = min(timeit.repeat(looks, number=2000, repeat=7))
    assert took < 15 * least
