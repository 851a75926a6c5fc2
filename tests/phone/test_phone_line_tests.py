"""A line under test: nobody else has it, and whatever goes before the test ends it."""

import pytest

from drivers.findings import Finding, TestOrder
from drivers.line_sound import sines
from drivers.ports import PortFault
from tests.kit.phone import Bench, hears_tone, power_at


class Asked:
    """Asks for a test, and keeps what was told of it."""

    def __init__(self, bench: Bench, name: str) -> None:
        self.told: list[tuple[list[Finding], str]] = []
        self.refusal = bench.pbx.test_line(
            name, TestOrder(), lambda found, why: self.told.append((found, why))
        )

    @property
    def whys(self) -> list[str]:
        return [why for _, why in self.told]


@pytest.mark.parametrize("name", ["101", "line1"])
def test_line_under_test_sends_and_hears_what_the_test_wants(name: str) -> None:
    bench = Bench()
    asked = Asked(bench, name)
    assert asked.refusal == "" and bench.states()[name] == "under test"
    bench.say(name, sines((500.0,), -16.0, 20))
    heard = bench.hears(name, 10)
    assert power_at(heard[80:], 1000.0) == pytest.approx(-10.0, abs=1.0)
    bench.run(5)
    [(found, why)] = asked.told
    assert (why, [one.name for one in found]) == ("", ["heard"])
    assert found[0].value == pytest.approx(-16.0, abs=1.5)


def test_handset_is_at_rest_again_after_its_test() -> None:
    bench = Bench()
    Asked(bench, "101")
    bench.run(20)
    assert bench.states()["101"] == "on hook"
    bench.station("101").lift()
    bench.run(5)
    assert hears_tone(bench, "101", 350.0, 440.0)


def test_outside_line_is_guarded_and_then_idle_after_its_test() -> None:
    bench = Bench()
    Asked(bench, "line1")
    bench.run(20)
    assert bench.states()["line1"] == "release guard"
    bench.seconds(1)
    assert bench.states()["line1"] == "idle"


def test_handset_that_was_lifted_during_its_test_hears_dial_tone_afterwards() -> None:
    bench = Bench()
    asked = Asked(bench, "101")
    bench.run(2)
    bench.station("101").lift()
    bench.run(3)
    assert bench.states()["101"] == "under test"
    bench.run(15)
    assert asked.whys == [""] and bench.states()["101"] == "off hook"


def test_handset_under_test_is_not_rung() -> None:
    bench = Bench()
    Asked(bench, "101")
    bench.trunk("line1").burst(True)
    bench.run(3)
    assert not bench.station("101").ringing and bench.station("102").ringing


def test_caller_ends_the_test_of_the_line_they_call_on() -> None:
    bench = Bench()
    asked = Asked(bench, "line1")
    bench.trunk("line1").burst(True)
    bench.run(2)
    assert asked.whys == ["somebody calls on this line"]
    assert bench.states()["line1"] == "ringing" and bench.station("101").ringing


@pytest.mark.parametrize("name", ["101", "line1"])
def test_fault_ends_the_test_and_is_told(name: str) -> None:
    bench = Bench()
    asked = Asked(bench, name)
    bench.port(name).events.append(PortFault("power alarm Q1"))
    bench.run(2)
    assert asked.whys == ["power alarm Q1"] and bench.states()[name] == "down"


def test_line_in_use_down_or_unknown_is_not_tested() -> None:
    bench = Bench()
    bench.station("101").lift()
    bench.trunk("line1").fail("no exchange")
    bench.run(5)
    assert Asked(bench, "101").refusal.startswith("101 is in use (off hook)")
    assert Asked(bench, "line1").refusal == "line1 does not work: no exchange"
    assert Asked(bench, "103").refusal.startswith("there is no line 103; there are: 101, 102")
    Asked(bench, "102")
    assert "102 is in use (under test)" in Asked(bench, "102").refusal


def test_shorted_handset_that_howls_can_be_tested() -> None:
    bench = Bench()
    bench.station("101").lift()
    bench.seconds(60)
    assert bench.states()["101"] == "howling"
    asked = Asked(bench, "101")
    bench.run(20)
    assert (asked.refusal, asked.whys) == ("", [""])


def test_unplugged_outside_line_can_be_tested_and_is_unplugged_again_afterwards() -> None:
    bench = Bench()
    office = bench.trunk("line1")
    office.volts = 0
    office.battery(False)
    bench.run(5)
    assert bench.states()["line1"] == "dead"
    assert Asked(bench, "line1").refusal == ""
    bench.seconds(2)
    assert bench.states()["line1"] == "dead"


def test_emergency_call_takes_the_line_under_test() -> None:
    bench = Bench(trunks=1)
    bench.station("102").lift()
    bench.run(20)
    bench.dial("102", "91")
    bench.trunk("line1").test_periods = 5000
    asked = Asked(bench, "line1")
    bench.dial("102", "1")
    assert asked.whys == ["an emergency call needs this line"]
    bench.seconds(3)
    assert bench.trunk("line1").seized and bench.call("102") == "calling out"


def test_end_of_the_service_ends_the_test() -> None:
    bench = Bench()
    asked = Asked(bench, "line1")
    bench.run(2)
    bench.pbx.hang_up_all()
    assert asked.whys == ["the telephone service ends"]
