"""The phone side's tables and timers, looked at as data."""

from enum import StrEnum

import pytest

from app.core.fsm import Table
from app.core.timers import Timer
from app.phone import timers
from app.phone.calls.states import CALL
from app.phone.lines.station import STATION
from app.phone.lines.trunk import TRUNK


@pytest.mark.parametrize("table", [STATION, TRUNK, CALL], ids=lambda table: str(table.kind))
def test_every_state_is_reached_and_left(table: Table[StrEnum, StrEnum]) -> None:
    reached = {target for row in table.rows.values() for target in row.on.values()}
    assert set(table.rows) - reached <= {table.start}
    dead_ends = {state for state, row in table.rows.items() if not row.on}
    assert {str(state) for state in dead_ends} <= {"ended"}


@pytest.mark.parametrize("timer", timers.TIMERS, ids=lambda timer: str(timer.name))
def test_every_timer_says_its_meaning(timer: Timer) -> None:
    assert timer.meaning.endswith((".", "]", ")."))
