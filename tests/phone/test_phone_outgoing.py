"""Calls from handsets to outside lines, on a board of stub ports: choice, dialling, the end."""

from typing import Any

import numpy as np
import pytest

from app.phone.calls.context import CallScript
from app.phone.calls.dialplan import Directory, Subscriber
from app.phone.config import PhoneConfig
from app.phone.jobs import EndedCall
from app.phone.numbers import NumberPlan
from app.phone.sound.audio import sine
from drivers.buses import Samples
from drivers.countries import country
from drivers.countries.numbering import CallClass
from drivers.ports import PolarityReversed
from tests.kit.detecting import digits_in
from tests.kit.phone import Bench, StubClerk, StubTrunk, hears_tone, no_script, power_at

LEAST_DBM0 = -30.0


def bench_of(
    may_call: str = "",
    country_code: str = "us",
    stations: int = 3,
    answer: CallScript = no_script,
    **plan: Any,
) -> Bench:
    """Ann has 101 and may call what is said, Bob 102; 103 is nobody's. Two lines."""
    people = (
        Subscriber(1, "Ann", "201", "101", may_call=may_call),
        Subscriber(2, "Bob", "202", "102", may_call="international"),
    )
    config = PhoneConfig(country_code, 10, 10, numbers=NumberPlan(**plan))
    clerk = StubClerk(directory=lambda: Directory(people, "201"))
    return Bench(config, answer=answer, clerk=clerk, stations=stations)


def dial(bench: Bench, name: str, digits: str) -> None:
    bench.station(name).lift()
    bench.run(20)
    bench.dial(name, digits)


def dial_tone(code: str = "us", seconds: float = 1.0) -> Samples:
    tone = country(code).tones.dial
    return sine(tone.hz, tone.levels_dbm0[0], round(8000 * seconds))


def sent(bench: Bench, line: str) -> str:
    """The digits that the line carried by tones, as a detector of its own hears them."""
    return digits_in(np.concatenate(bench.trunk(line).heard))


def call_out(
    bench: Bench, name: str = "101", digits: str = "95551234", line: str = "line1"
) -> None:
    """Dial, give the box dial tone on the line, and let it send the number."""
    dial(bench, name, digits)
    if not bench.trunk(line).seized:
        bench.seconds(4.1)
    assert bench.trunk(line).seized
    bench.say(line, dial_tone())
    bench.seconds(4)


def ended(bench: Bench) -> EndedCall:
    (call,) = bench.clerk.ended()
    return call


def hang_up(bench: Bench, name: str) -> None:
    bench.station(name).lower()
    bench.seconds(2)


def test_number_is_dialled_on_a_line_and_the_two_are_joined() -> None:
    bench = bench_of()
    call_out(bench)
    assert sent(bench, "line1") == "5551234"
    assert bench.call("101") == bench.call("line1") == "connected"
    bench.say("line1", sine((600.0,), -20.0, 1600))
    assert power_at(bench.hears("101", 20), 600) == pytest.approx(-20, abs=0.5)
    bench.say("101", sine((900.0,), -20.0, 1600))
    assert power_at(bench.hears("line1", 20), 900) == pytest.approx(-20, abs=0.5)
    hang_up(bench, "101")
    assert not bench.trunk("line1").seized


def test_number_goes_out_when_the_office_gives_no_dial_tone_within_its_time() -> None:
    bench = bench_of()
    dial(bench, "101", "912125551234")
    bench.seconds(3.5)
    assert sent(bench, "line1") == ""
    bench.seconds(4)
    assert sent(bench, "line1") == "12125551234"


def test_number_is_dialled_by_pulses_on_the_lines_that_want_them() -> None:
    bench = bench_of(pulse_lines=("line1",))
    dial(bench, "101", "9203#")
    bench.say("line1", dial_tone())
    bench.seconds(6)
    port: StubTrunk = bench.trunk("line1")
    edges = "".join("b" if broken else "m" for broken in port.pulses)
    assert edges == "bm" * 2 + "m" + "bm" * 10 + "m" + "bm" * 3 + "m"
    assert sent(bench, "line1") == ""
    assert bench.call("line1") == "connected"


def test_first_free_line_of_the_access_digits_is_taken() -> None:
    groups = {"9": ("line2", "line1"), "8": ("line1",)}
    bench = bench_of(access_digits=groups)
    call_out(bench, "101", line="line2")
    call_out(bench, "102", line="line1")
    dial(bench, "103", "95551234#")
    assert bench.states()["103"] == "call over" and hears_tone(bench, "103", 480, 620)
    assert [(c.outcome, c.to, c.trunk) for c in bench.clerk.ended()] == [
        ("no free line", "5551234", "")
    ]


def test_next_line_is_tried_when_one_fails_before_the_number_is_out() -> None:
    bench = bench_of()
    dial(bench, "101", "95551234#")
    bench.trunk("line1").fail("no line side; check the cable")
    bench.run(2)
    assert bench.trunk("line2").seized and bench.call("101") == "calling out"


def test_answer_is_known_by_polarity_and_the_call_log_has_both_times() -> None:
    bench = bench_of()
    call_out(bench)
    bench.seconds(3)
    bench.trunk("line1").events.append(PolarityReversed())
    bench.seconds(5)
    hang_up(bench, "101")
    call = ended(bench)
    assert (call.line, call.to, call.trunk, call.outcome) == ("101", "5551234", "line1", "answered")
    assert call.caller.number == "101" and call.talked_s in (5, 6) and call.waited_s >= 7


def test_second_reversal_ends_the_call() -> None:
    bench = bench_of()
    call_out(bench)
    for _ in range(2):
        bench.trunk("line1").events.append(PolarityReversed())
        bench.seconds(1)
    assert bench.states()["101"] == "call over" and not bench.trunk("line1").seized


def test_call_without_a_sign_is_perhaps_answered_once_it_has_lasted() -> None:
    bench = bench_of()
    call_out(bench)
    bench.seconds(25)
    bench.trunk("line1").battery(False)
    bench.seconds(1)
    assert bench.states()["101"] == "call over"
    call = ended(bench)
    assert call.outcome == "perhaps answered" and 24 <= call.talked_s <= 30


def test_call_that_is_given_up_early_is_not_answered() -> None:
    bench = bench_of()
    call_out(bench)
    hang_up(bench, "101")
    assert ended(bench).outcome == "not answered"


def test_busy_tone_of_the_office_ends_the_call_as_busy() -> None:
    bench = bench_of()
    call_out(bench)
    burst = sine((480.0, 620.0), -24.0, 4000)
    for _ in range(6):
        bench.say("line1", burst)
        bench.say("line1", np.zeros(4000, np.int16))
    bench.seconds(6)
    assert ended(bench).outcome == "busy" and bench.states()["101"] == "call over"


def test_handset_that_is_hung_up_while_the_box_dials_leaves_the_line_free() -> None:
    bench = bench_of()
    dial(bench, "101", "95551234#")
    bench.say("line1", dial_tone())
    bench.seconds(1)
    hang_up(bench, "101")
    bench.seconds(1)
    assert not bench.trunk("line1").seized and bench.states()["line1"] == "idle"
    bench.trunk("line1").heard.clear()
    bench.seconds(2)
    assert sent(bench, "line1") == ""
    call_out(bench, "102")  # and it dials the whole of another number
    assert sent(bench, "line1") == "5551234"


@pytest.mark.parametrize("handset", ["101", "103"])
@pytest.mark.parametrize("dialled", ["911", "9911", "112"])
def test_emergency_number_reaches_a_line_from_a_handset_that_may_call_nothing(
    handset: str, dialled: str
) -> None:
    bench = bench_of("internal", handset_class=CallClass.INTERNAL)
    dial(bench, handset, dialled)
    assert bench.trunk("line1").seized
    bench.say("line1", dial_tone())
    bench.seconds(3)
    assert sent(bench, "line1") == "911"


def test_emergency_call_takes_any_line_where_its_groups_are_in_use() -> None:
    bench = bench_of(access_digits={"9": ("line1",)})
    call_out(bench, "102")
    dial(bench, "101", "9911")
    assert bench.trunk("line2").seized


def test_another_call_is_ended_for_an_emergency_when_all_lines_are_in_use() -> None:
    bench = bench_of()
    call_out(bench, "101", line="line1")
    call_out(bench, "102", line="line2")
    dial(bench, "103", "911")
    assert bench.call("103") == "clearing a line"
    assert bench.states()["101"] == "call over" and bench.call("102") == "connected"
    assert [c.outcome for c in bench.clerk.ended()] == ["cleared"]
    bench.seconds(3)
    assert bench.trunk("line1").seized and bench.call("103") == "calling out"
    bench.say("line1", dial_tone())
    bench.trunk("line1").heard.clear()
    bench.seconds(3)
    assert sent(bench, "line1") == "911"


def test_ringing_line_is_answered_and_put_down_for_an_emergency() -> None:
    bench = bench_of()
    call_out(bench, "102", line="line1")
    bench.station("101").lift()  # before it rings
    bench.run(20)
    bench.trunk("line1").fail("no line side; check the cable")
    bench.trunk("line2").burst(True)
    bench.run(5)
    bench.dial("101", "911")
    bench.seconds(3)
    assert bench.trunk("line2").seized and bench.call("101") == "calling out"


def test_emergency_call_waits_for_the_line_that_was_hung_up_a_moment_ago() -> None:
    bench = bench_of()
    bench.trunk("line2").fail("no line side; check the cable")
    call_out(bench, "102")
    dial(bench, "101", "91")
    bench.station("102").lower()
    bench.run(126)
    assert bench.states()["line1"] == "release guard"
    bench.dial("101", "1")
    assert bench.states()["line1"] == "release guard" and bench.call("101") == "clearing a line"
    bench.seconds(3)
    assert bench.trunk("line1").seized and bench.call("101") == "calling out"


def test_emergency_call_without_any_working_line_gives_reorder_tone() -> None:
    bench = bench_of()
    for line in ("line1", "line2"):
        bench.trunk(line).fail("no line side; check the cable")
    dial(bench, "101", "911")
    assert bench.states()["101"] == "call over"
    assert [c.outcome for c in bench.clerk.ended()] == ["no free line"]


def test_emergency_call_is_never_ended_for_another_one() -> None:
    bench = bench_of()
    for handset, line in (("101", "line1"), ("102", "line2")):
        dial(bench, handset, "911")
        bench.say(line, dial_tone())
        bench.seconds(3)
    dial(bench, "103", "911")
    assert bench.call("101") == bench.call("102") == "connected"
    assert bench.states()["103"] == "call over"


def test_dial_tone_comes_within_30_ms_of_the_hook() -> None:
    bench = bench_of()
    bench.station("101").heard.clear()
    bench.station("101").lift()
    bench.run(3)
    assert np.concatenate(bench.station("101").heard).any()
