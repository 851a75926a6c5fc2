"""A handset's loop is opened when its far end has gone: machines on it hang up by that."""

from collections.abc import Callable
from typing import Any

import pytest

from app.config.calls import Calls
from app.phone.calls.line import Line
from app.phone.config import PhoneConfig
from drivers.ports import Feed, PortFault, PortRecovered
from tests.kit.phone import Bench, hears_tone, no_script
from tests.phone.test_phone_on_virtual_board import House

BREAK_MS = 500


def bench_of(ms: int = BREAK_MS, **scripts: Any) -> Bench:
    config = PhoneConfig(ring_seconds=10, no_answer_seconds=10, loop_break_ms=ms)
    return Bench(config, stations=3, **scripts)


def talks_with_outside(bench: Bench) -> None:
    bench.trunk("line1").burst(True)
    bench.run(5)
    bench.station("101").lift()
    bench.run(5)
    assert bench.call("101") == "connected"


def talks_with_102(bench: Bench) -> None:
    bench.station("101").lift()
    bench.run(20)
    bench.dial("101", "102")
    bench.station("102").lift()
    bench.run(50)
    assert bench.call("101") == "connected"


def two_feeds(bench: Bench, periods: int) -> list[tuple[int, Feed]]:
    """What is put on the line of 101 in the coming periods, and when, up to the second time."""
    port = bench.station("101")
    port.feeds.clear()
    seen: list[tuple[int, Feed]] = []
    for period in range(periods):
        bench.run(1)
        seen += [(period, feed) for feed in port.feeds]
        port.feeds.clear()
        if len(seen) == 2:
            break
    return seen


def caller_goes(bench: Bench) -> None:
    bench.trunk("line1").battery(False)


def the_other_handset_goes(bench: Bench) -> None:
    bench.station("102").lower()


@pytest.mark.parametrize(
    ("talks", "ends"),
    [(talks_with_outside, caller_goes), (talks_with_102, the_other_handset_goes)],
)
def test_loop_is_open_for_its_time_and_the_tone_follows(
    talks: Callable[[Bench], None], ends: Callable[[Bench], None]
) -> None:
    bench = bench_of()
    talks(bench)
    ends(bench)
    (opened, first), (closed, then) = two_feeds(bench, 220)
    assert (first, then) == (Feed.OPEN, Feed.ACTIVE) and closed - opened == BREAK_MS // 10
    assert bench.states()["101"] == "call over" and hears_tone(bench, "101", 480, 620)


def test_end_of_a_script_opens_the_loop() -> None:
    async def menu(line: Line, _: str) -> None:
        await line.hang_up()

    bench = bench_of(owner=menu)
    bench.station("101").lift()
    bench.run(20)
    bench.dial("101", "20")
    bench.station("101").feeds.clear()
    bench.dial("101", "1")
    assert bench.station("101").feeds == [Feed.OPEN]


def test_number_that_is_refused_opens_nothing() -> None:
    bench = bench_of()
    bench.station("101").lift()
    bench.run(20)
    bench.station("101").feeds.clear()
    bench.dial("101", "7#")
    assert bench.states()["101"] == "call over" and bench.station("101").feeds == []


def test_without_the_setting_the_tone_follows_at_once() -> None:
    bench = bench_of(0)
    talks_with_outside(bench)
    caller_goes(bench)
    assert two_feeds(bench, 30) == []
    assert bench.states()["101"] == "call over"


def test_what_the_hook_says_while_the_loop_is_open_is_no_hang_up_and_no_new_call() -> None:
    bench = bench_of()
    talks_with_outside(bench)
    caller_goes(bench)
    bench.run(10)
    for _ in range(2):  # a loop detector without current
        bench.station("101").lower()
        bench.run(5)
        bench.station("101").lift()
        bench.run(5)
    assert bench.states()["101"] == "far end gone"
    bench.run(40)
    assert bench.states()["101"] == "call over" and hears_tone(bench, "101", 480, 620)
    bench.station("101").lower()
    bench.run(2)
    assert bench.states()["101"] == "on hook"


def test_handset_that_hangs_up_by_it_rests_and_can_be_rung() -> None:
    bench = bench_of()
    talks_with_outside(bench)
    caller_goes(bench)
    bench.run(20)
    bench.station("101").lower()
    bench.run(50)
    assert bench.states()["101"] == "on hook"
    bench.station("102").lift()
    bench.run(20)
    bench.dial("102", "101")
    assert bench.station("101").ringing


def test_second_caller_rings_a_handset_that_hangs_up_by_it() -> None:
    bench = bench_of()
    talks_with_outside(bench)
    bench.station("102").lift()
    bench.run(20)
    bench.dial("102", "101")
    assert bench.call("102") == "ringing" and not bench.station("101").ringing
    caller_goes(bench)
    bench.run(20)
    bench.station("101").lower()
    bench.run(120)
    assert bench.station("101").ringing


def test_port_that_fails_while_the_loop_is_open_has_battery_again_afterwards() -> None:
    bench = bench_of()
    talks_with_outside(bench)
    caller_goes(bench)
    bench.run(20)
    bench.station("101").events.append(PortFault("a fault of the test"))
    bench.run(2)
    assert bench.states()["101"] == "down"
    bench.station("101").events.append(PortRecovered())
    bench.run(60)
    assert bench.station("101").feeds[-1] is Feed.ACTIVE
    assert bench.call("101") == "dial tone"


@pytest.mark.parametrize("ms", [1, 99, 1501])
def test_break_that_no_machine_sees_is_refused(ms: int) -> None:
    with pytest.raises(ValueError, match=r"1500|machine"):
        Calls(loop_break_ms=ms)
    with pytest.raises(ValueError, match="100 to 1500 ms"):
        PhoneConfig(loop_break_ms=ms)


def test_telephone_on_the_board_loses_its_current_for_that_time_and_hears_the_tone() -> None:
    house = House(no_script, loop_break_ms=BREAK_MS)
    caller, phone = house.phones["102"], house.phones["101"]
    caller.lift()
    house.pace.seconds(0.5)
    caller.dial("101")
    house.until(lambda: phone.ringing, 4, "ringing at 101")
    phone.lift()
    house.pace.seconds(2)
    caller.hang_up()
    dark = 0
    for _ in range(250):
        house.pace.seconds(0.01)
        dark += not phone.powered
    assert dark * 10 == pytest.approx(BREAK_MS, abs=50)
    assert house.pbx.status()["lines"]["101"]["state"] == "call over" and phone.powered
    assert "busy" in house.sounds(phone, 4)
