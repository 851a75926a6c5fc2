"""The phone side's tables and timers, looked at as data."""

from dataclasses import replace
from enum import StrEnum

import pytest

from app.config.settings import Phone
from app.core.fsm import Table
from app.core.timers import Timer
from app.phone import timers
from app.phone.calls.handset_states import FLASH_MEANS, HANDSET, KEY_MEANS
from app.phone.calls.states import CALL
from app.phone.config import PhoneConfig
from app.phone.lines.message_waiting import VMWI
from app.phone.lines.ringer import RINGER
from app.phone.lines.second_caller import SECOND
from app.phone.lines.station import STATION
from app.phone.lines.trunk_states import TRUNK

TABLES = [STATION, RINGER, VMWI, TRUNK, CALL, HANDSET, SECOND]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table.kind))
def test_every_state_is_reached_and_left(table: Table[StrEnum, StrEnum]) -> None:
    reached = {target for row in table.rows.values() for target in row.on.values()}
    assert set(table.rows) - reached <= {table.start}
    dead_ends = {state for state, row in table.rows.items() if not row.on}
    assert {str(state) for state in dead_ends} <= {"ended"}


@pytest.mark.parametrize("timer", timers.TIMERS, ids=lambda timer: str(timer.name))
def test_every_timer_says_its_meaning(timer: Timer) -> None:
    assert timer.meaning.endswith((".", "]", ")."))


@pytest.mark.parametrize("field", ["ring_seconds", "no_answer_seconds"])
@pytest.mark.parametrize("seconds", [3.9, 120.1])
def test_ringing_time_outside_its_timers_range_is_refused(field: str, seconds: float) -> None:
    with pytest.raises(ValueError, match=f"{field}: timer no answer: .* 4000 to 120000 ms"):
        replace(PhoneConfig(), **{field: seconds})  # type: ignore[arg-type]


def test_setting_of_the_ringing_time_has_the_range_and_default_of_its_timer() -> None:
    schema = Phone.model_json_schema()["properties"]["ring_seconds"]
    limits = tuple(1000 * schema[name] for name in ("default", "minimum", "maximum"))
    timer = timers.NO_ANSWER
    assert limits == (timer.ms, timer.least, timer.greatest)


def test_flashes_and_keys_mean_something_that_their_state_accepts() -> None:
    meanings = [(state, event) for habit in FLASH_MEANS.values() for state, event in habit.items()]
    meanings += [(state, event) for state, keys in KEY_MEANS.items() for event in keys.values()]
    assert [pair for pair in meanings if not HANDSET.accepts(*pair)] == []
