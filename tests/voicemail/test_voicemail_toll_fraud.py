"""A caller from outside, in the real scripts of a whole box, never comes to a second line."""

from pathlib import Path
from typing import Any

import pytest

from app.phone.config import PhoneConfig
from tests.kit.voicemail import PIN
from tests.voicemail.test_voicemail_walks import WholeBench

NUMBER = "5551234"
CALL_BACK = "1w32"
"""Listen, to the end; more, call back."""


def bench_of(directory: Path) -> WholeBench:
    """Anna may call everywhere and reaches her box from outside; a caller has left a message."""
    bench = WholeBench(PhoneConfig(ring_seconds=4, no_answer_seconds=4), directory)
    kit = bench.house.kit
    anna = kit.person("anna").id
    change: dict[str, Any] = {"outside_login": True, "may_call": "premium"}
    kit.db.now(lambda tx: kit.people.change(tx, anna, **change))
    bench.house.leave("201", number=NUMBER)
    bench.pbx.store_changed()
    bench.seconds(1)
    return bench


def calls_in(bench: WholeBench, line: str, seconds: float) -> None:
    """American ringing on this line, for as long as nobody answers."""
    trunk = bench.trunk(line)
    for period in range(0, round(seconds * 100), 50):
        if not trunk.seized and period % 600 in (0, 200):
            trunk.burst(period % 600 == 0)
        bench.run(50)


def presses(bench: WholeBench, line: str, keys: str) -> None:
    """w: waits until a message has been played."""
    for key in keys:
        if key == "w":
            bench.seconds(20)
        else:
            bench.dial(line, key)
            bench.run(60)


def logs_in_from_outside(bench: WholeBench) -> None:
    calls_in(bench, "line1", 12)
    assert bench.call("line1") == "script"
    presses(bench, "line1", f"*{PIN}#")
    bench.seconds(1)
    assert bench.call("line1") == "script"


def other_line_is_at_rest(bench: WholeBench) -> bool:
    return not bench.trunk("line2").seized


def test_owner_at_home_calls_back_by_these_keys(tmp_path: Path) -> None:
    bench = bench_of(tmp_path)
    bench.station("101").lift()
    bench.run(20)
    bench.dial("101", "201")
    bench.seconds(1)
    presses(bench, "101", f"{PIN}#{CALL_BACK}")
    bench.seconds(12)
    assert bench.trunk("line1").seized


@pytest.mark.parametrize(
    "keys",
    [
        CALL_BACK,
        f"{CALL_BACK}#95551234#",
        "95551234#",
        "*95551234#",
        "#95551234#",
        "0*95551234#",
        "061955512341#",  # a number to be followed at
        "895551234##",  # a letter to it
        "1#*98",
    ],
)
def test_who_logs_in_by_star_from_outside_reaches_no_outside_line(
    tmp_path: Path, keys: str
) -> None:
    bench = bench_of(tmp_path)
    logs_in_from_outside(bench)
    presses(bench, "line1", keys)
    for _ in range(20):
        bench.seconds(1)
        assert other_line_is_at_rest(bench)
    anna = bench.house.kit.person("anna").id
    assert bench.house.kit.people.follow_mes.of(anna) is None


def test_intruder_who_makes_the_owner_absent_has_the_next_caller_led_nowhere(
    tmp_path: Path,
) -> None:
    bench = bench_of(tmp_path)
    logs_in_from_outside(bench)
    presses(bench, "line1", "032#")  # out
    bench.trunk("line1").battery(False)
    bench.seconds(2)
    bench.trunk("line1").battery(True)
    bench.seconds(4)
    calls_in(bench, "line1", 12)
    assert bench.call("line1") == "script" and other_line_is_at_rest(bench)


@pytest.mark.parametrize("keys", ["95551234#", "*98", "9#", "0#95551234", "*201#", "#9555"])
def test_caller_of_the_attendant_or_a_greeting_reaches_no_outside_line(
    tmp_path: Path, keys: str
) -> None:
    bench = bench_of(tmp_path)
    for line, other in (("line1", "line2"), ("line2", "line1")):  # line2 has the attendant
        calls_in(bench, line, 12)
        assert bench.call(line) in ("script", "connected")
        presses(bench, line, keys)
        for _ in range(10):
            bench.seconds(1)
            assert not bench.trunk(other).seized
        bench.trunk(line).battery(False)
        bench.seconds(2)
        bench.trunk(line).battery(True)
        bench.seconds(4)
