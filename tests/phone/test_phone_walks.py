"""Random walks: people lift, dial, flash, press keys and hang up, and outside callers come and go.

After every step calls, handsets and lines must agree; when all have hung up nothing may be left. An
event that a table refuses is a fault. The walks of the normal suite are always the same ones.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app.phone.calls.context import AnyLine
from app.phone.calls.handset_states import HandsetState
from app.phone.calls.line import Line
from app.phone.calls.states import CallState
from app.phone.config import PhoneConfig
from app.phone.lines.station import StationLine, StationState
from drivers.ports import PortFault, PortRecovered
from tests.kit.phone import Bench, StubClerk, directory
from tests.kit.talkers import music

WALKS = int(os.environ.get("SWITCHHOOK_WALKS", "10000"))
PEOPLE = directory(
    ("Ann", "201", "101"), ("Bob", "202", "102"), ("Cid", "203", None), default="201"
)
EXTENSIONS = st.sampled_from(["101", "102", "103", "104"])
WHICH = st.integers(0, 3)
HANDSETS = st.sampled_from(["101", "102", "103", "104"])
LINES = st.sampled_from(["line1", "line2"])
NUMBERS = st.sampled_from(
    ["101", "102", "103", "104", "201", "203", "7", "95551234", "*8", "*8102", "*5", "*6", "*61"]
)
HOLDS = (
    HandsetState.CONSULTING,
    HandsetState.ALTERNATING,
    HandsetState.ASKED,
    HandsetState.LEFT_ALONE,
)
AWAITED = (
    HandsetState.WAITING,
    HandsetState.ASKED_WAITING,
    HandsetState.EXPECTING,
    HandsetState.RESTING,
)


def one_of(names: list[str], which: int) -> str:
    return names[which % len(names)]


def is_muted(line: AnyLine) -> bool:
    """Whether data are sent to it, for which it has left the bus for a moment."""
    return isinstance(line, StationLine) and line.second_caller.muted


async def talk(line: Line, number: str) -> None:
    """A script of a few seconds that takes keys."""
    await line.digits(3, first_s=2, between_s=1)


@contextmanager
def nothing_refused() -> Iterator[list[str]]:
    """What the tables refused meanwhile."""
    refused: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno >= logging.WARNING:
                refused.append(record.getMessage())

    ear, log = Ear(), logging.getLogger("app.core.fsm")
    log.addHandler(ear)
    try:
        yield refused
    finally:
        log.removeHandler(ear)


class Walk(RuleBasedStateMachine):
    """Four handsets and two outside lines."""

    habit = "join"
    loop_break_ms = 0

    def __init__(self) -> None:
        super().__init__()
        self._hearing = nothing_refused()
        self.refused = self._hearing.__enter__()
        config = PhoneConfig(
            ring_seconds=4,
            no_answer_seconds=4,
            transfer_return_seconds=4,
            park_return_seconds=10,
            flash_habit=self.habit,  # type: ignore[arg-type]
            loop_break_ms=self.loop_break_ms,
        )
        self.bench = self.board_of(config)
        self.calls = self.bench.pbx.calls

    def board_of(self, config: PhoneConfig) -> Bench:
        """The lines and who answers on them."""
        clerk = StubClerk(directory=PEOPLE, sound=music)
        return Bench(config, talk, talk, clerk, stations=4, trunks=2)

    # Who is there: a rule takes one of those who can do it.

    def off_hook(self) -> list[str]:
        return [name for name, port in self.bench.board.stations.items() if port.off_hook]

    def on_hook(self) -> list[str]:
        return [name for name, port in self.bench.board.stations.items() if not port.off_hook]

    def ringing(self) -> list[str]:
        states = self.bench.states()
        return [name for name in self.on_hook() if states[name] == "ringing"]

    def talking(self) -> list[str]:
        return [name for name in self.off_hook() if self.bench.call(name) in ("connected", "held")]

    def at_dial_tone(self) -> list[str]:
        return [name for name in self.off_hook() if self.bench.call(name) == "dial tone"]

    # What people do.

    @precondition(lambda walk: walk.on_hook())
    @rule(which=WHICH)
    def lift(self, which: int) -> None:
        self._lift(one_of(self.on_hook(), which))

    @precondition(lambda walk: walk.ringing())
    @rule(which=WHICH)
    def answer(self, which: int) -> None:
        self._lift(one_of(self.ringing(), which))

    @precondition(lambda walk: walk.off_hook())
    @rule(which=WHICH)
    def hang_up(self, which: int) -> None:
        self._hang_up(one_of(self.off_hook(), which))

    @precondition(lambda walk: walk.off_hook())
    @rule(which=WHICH, periods=st.sampled_from([50, 50, 50, 10, 25]))
    def press_hook(self, which: int, periods: int) -> None:
        """A flash, a short one, or one that means nothing."""
        self._break(one_of(self.off_hook(), which), periods)

    @precondition(lambda walk: walk.talking())
    @rule(which=WHICH)
    def flash(self, which: int) -> None:
        self._break(one_of(self.talking(), which), 50)

    @precondition(lambda walk: walk.talking())
    @rule(which=WHICH, key=st.sampled_from("01234"))
    def flash_and_press(self, which: int, key: str) -> None:
        name = one_of(self.talking(), which)
        self._break(name, 50)
        self.bench.dial(name, key)

    @precondition(lambda walk: walk.talking())
    @rule(which=WHICH, number=NUMBERS)
    def flash_and_call(self, which: int, number: str) -> None:
        name = one_of(self.talking(), which)
        self._break(name, 50)
        self.bench.dial(name, number)

    @precondition(lambda walk: walk.talking() and walk.on_hook())
    @rule(which=WHICH, whom=WHICH)
    def consult(self, which: int, whom: int) -> None:
        """A second call that is answered at once, where that can be."""
        other = one_of(self.on_hook(), whom)
        self.flash_and_call(which, other)
        if other in self.ringing():
            self._lift(other)

    @precondition(lambda walk: len(walk.on_hook()) > 1)
    @rule(which=WHICH, whom=WHICH)
    def connect(self, which: int, whom: int) -> None:
        """A call that is answered at once, where that can be."""
        self.lift_and_call(which, one_of(self.on_hook(), whom))
        if self.ringing():
            self._lift(one_of(self.ringing(), whom))

    @precondition(lambda walk: walk.at_dial_tone())
    @rule(which=WHICH, number=NUMBERS)
    def dial(self, which: int, number: str) -> None:
        self.bench.dial(one_of(self.at_dial_tone(), which), number)

    @precondition(lambda walk: walk.on_hook())
    @rule(which=WHICH, number=EXTENSIONS)
    def lift_and_call(self, which: int, number: str) -> None:
        name = one_of(self.on_hook(), which)
        self._lift(name)
        self.bench.dial(name, number)

    @precondition(lambda walk: walk.off_hook())
    @rule(which=WHICH, key=st.sampled_from("0123456789*#"))
    def press(self, which: int, key: str) -> None:
        self.bench.dial(one_of(self.off_hook(), which), key)

    @rule(periods=st.sampled_from([10, 100, 300, 500, 1100]))
    def wait(self, periods: int) -> None:
        self.bench.run(periods)

    def _lift(self, name: str) -> None:
        self.bench.station(name).lift()
        self.bench.run(3)

    def _hang_up(self, name: str) -> None:
        self.bench.station(name).lower()
        self.bench.run(128)

    def _break(self, name: str, periods: int) -> None:
        self.bench.station(name).lower()
        self.bench.run(periods)
        self.bench.station(name).lift()
        self.bench.run(30)

    # What happens outside.

    @rule(name=LINES)
    def call_in(self, name: str) -> None:
        trunk = self.bench.trunk(name)
        trunk.burst(True)
        self.bench.run(100)
        trunk.burst(False)
        self.bench.run(20)

    @rule(name=LINES)
    def far_end_hangs_up(self, name: str) -> None:
        self.bench.trunk(name).battery(False)
        self.bench.run(10)
        self.bench.trunk(name).battery(True)
        self.bench.run(5)

    @rule(name=HANDSETS)
    def port_fails(self, name: str) -> None:
        port = self.bench.station(name)
        port.events.append(PortFault("a fault of the test"))
        self.bench.run(20)
        port.events.append(PortRecovered())
        self.bench.run(5)

    # What must be true.

    @invariant()
    def no_table_refused_anything(self) -> None:
        assert self.refused == []

    @invariant()
    def lines_and_calls_agree(self) -> None:
        for name, call in self.calls._calls.items():
            line = self.bench.pbx.lines[name]
            assert call.machine.state is not CallState.ENDED, f"{name} is in a call that is over"
            assert line in call._members, name
        for name, station in self.bench.pbx.stations.items():
            if station.machine.state is StationState.OFF_HOOK:
                alone = self.calls.handset(station).machine.state is HandsetState.LEFT_ALONE
                assert name in self.calls._calls or alone, f"{name} is dead"
        for name, trunk in self.bench.pbx.trunks.items():
            assert not trunk.up or name in self.calls._calls, f"{name} is held by nobody"

    @invariant()
    def handsets_and_calls_agree(self) -> None:
        for name, station in self.bench.pbx.stations.items():
            handset = self.calls.handset(station)
            state = handset.machine.state
            assert (handset.held is not None) == (state in HOLDS), f"{name}: {state}"
            assert (handset.waiting is not None) == (state in AWAITED), f"{name}: {state}"
            if handset.held is not None:
                assert handset.held.machine.state is CallState.HELD
                assert station in handset.held._aside
                assert handset.held is not handset.active
            if handset.waiting is not None:
                assert handset.waiting.machine.state in (CallState.RINGING, CallState.UNANSWERED)
                assert station in handset.waiting.offered

    @invariant()
    def who_talks_is_on_the_bus_of_their_call(self) -> None:
        for call in set(self.calls._calls.values()):
            present = call.present()
            if call.machine.state in (CallState.CONNECTED, CallState.HELD) and len(present) > 1:
                assert all(call.legs[p].bus is call._bus for p in present if not is_muted(p))
            for line in call._aside:
                assert isinstance(line, StationLine)
                assert self.calls.handset(line).held is call or call.legs[line].bus is None

    def teardown(self) -> None:
        """All hang up: nothing is left, and every handset has dial tone."""
        try:
            self._end()
        finally:
            self._hearing.__exit__(None, None, None)

    def _end(self) -> None:
        for name in self.off_hook():
            self._hang_up(name)
        self.bench.run(300)
        for name in ("line1", "line2"):
            self.far_end_hangs_up(name)
        for _ in range(12):  # who is sent back, rung back or parked ends in voicemail
            if not self.calls._calls:
                break
            self.bench.seconds(5)
        self.bench.run(90)
        self.no_table_refused_anything()
        self.handsets_and_calls_agree()
        assert self.calls._calls == {}, "a call outlives those who were in it"
        assert self.calls.running == 0, "a script is left running"
        states = self.bench.states()
        assert set(states.values()) <= {"on hook", "idle", "between bursts"}, states
        assert len(self.calls.music.legs) == 1
        for name in ("101", "102", "103", "104"):
            self._lift(name)
            assert self.bench.call(name) == "dial tone", f"{name} is dead"


class WalkWithKeys(Walk):
    """The same where a key follows the flash, and loops are opened when the far end has gone."""

    habit = "keys"
    loop_break_ms = 500


def walk(kind: type[Walk], walks: int, always_the_same: bool) -> None:
    run_state_machine_as_test(
        kind,
        settings=settings(
            max_examples=walks,
            stateful_step_count=40,
            deadline=None,
            database=None,
            derandomize=always_the_same,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("kind", [Walk, WalkWithKeys])
def test_random_walks_leave_no_dead_line_and_no_call(kind: type[Walk]) -> None:
    walk(kind, 6, always_the_same=True)


@pytest.mark.soak
@pytest.mark.parametrize("kind", [Walk, WalkWithKeys])
def test_ten_thousand_random_walks(kind: type[Walk]) -> None:
    walk(kind, WALKS // 2, always_the_same=False)
