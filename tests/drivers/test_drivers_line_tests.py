"""Tests of lines against what was done to the models' wires: good ones, and one fault each."""

import pytest

from drivers.countries import country
from drivers.findings import Finding, Quantity, TestOrder, Verdict
from drivers.line_levels import LEVELS
from drivers.line_sound import LineSound, level_dbm0, sines, strongest_hz, tone_dbm0
from drivers.models.faults import Fault
from drivers.models.sound import SILENCE
from tests.kit.codecs import SlicBench
from tests.kit.line_tests import run_line_test
from tests.kit.lines import Lines

LIFT = TestOrder(lift_periods=100)
DIAL = TestOrder(dial_tone_hz=country("us").tones.dial.hz)


def bad(found: dict) -> list[str]:  # type: ignore[type-arg]  # findings by name
    return [name for name, one in found.items() if one.verdict is Verdict.BAD]


def test_line_test_of_a_good_handset_finds_what_lies_on_its_wires() -> None:
    lines = Lines().up()
    lines.beat(50)
    found = run_line_test(lines, "101", LIFT, lift_after=260)
    assert bad(found) == []
    values = {name: one.value for name, one in found.items()}
    assert values["battery"] == pytest.approx(75.0, abs=0.4)
    assert values["line voltage"] == pytest.approx(48.0, abs=1.5)
    assert (values["leak"], values["foreign voltage"]) == (0.0, 0.0)
    assert values["ringer load"] == pytest.approx(1.0, abs=0.2)
    assert values["loop current"] == pytest.approx(20.0, abs=1.25)
    assert values["loop resistance"] == pytest.approx(300.0, abs=75.0)
    assert values["noise"] == -90.0


@pytest.mark.parametrize("ren", [0.0, 0.5, 2.0, 4.0])
def test_line_test_tells_the_ringers_load_to_a_fifth(ren: float) -> None:
    lines = Lines().up()
    lines.box.telephones["101"]._loop.ren = max(ren, 1e-6)
    lines.beat(50)
    one = run_line_test(lines, "101")["ringer load"]
    assert one.value == pytest.approx(ren, abs=0.25)
    assert (one.verdict is Verdict.BAD) is (ren > 3) and ("fewer" in one.remedy) is (ren > 3)


def test_line_test_of_a_handset_on_its_hook_leaves_the_lifted_tests_out() -> None:
    lines = Lines().up()
    lines.beat(50)
    found = run_line_test(lines, "101")
    assert found["loop current"].verdict is Verdict.NOT_MEASURED
    assert "--lift" in found["loop current"].remedy


def test_line_test_of_a_leaking_line_finds_the_leak() -> None:
    lines = Lines().up()
    lines.box.telephones["101"]._loop.load(12_000.0)  # 4 mA: less than a lifted handset draws
    lines.beat(50)
    found = run_line_test(lines, "101")
    assert "leak" in bad(found)
    assert found["leak"].value == pytest.approx(48 / 12, abs=1.25)
    assert "unplug the handset" in found["leak"].remedy


def test_line_test_of_a_short_finds_no_line_voltage() -> None:
    lines = Lines().up()
    lines.beat(50)
    lines.box.chips["101"].inject(Fault.SHORT)
    lines.beat(20)
    found = run_line_test(lines, "101")
    assert "line voltage" in bad(found) and "unplug the handset" in found["line voltage"].remedy


def test_line_test_hears_the_tone_that_a_handset_sends() -> None:
    lines = Lines().up()
    lines.box.telephones["101"].lift()
    lines.beat(50)
    lines.box.telephones["101"].say(sines((1000.0,), -16.0, 1000))
    found = run_line_test(lines, "101")
    assert found["battery"].verdict is Verdict.NOT_MEASURED
    assert found["level received"].value == pytest.approx(-16.0, abs=0.5)
    assert found["frequency received"].value == 1000.0
    assert "noise" in bad(found)


def test_line_test_of_a_good_outside_line_finds_current_and_dial_tone() -> None:
    lines = Lines().up()
    lines.beat(50)
    found = run_line_test(lines, "line1", DIAL)
    assert bad(found) == []
    values = {name: one.value for name, one in found.items()}
    assert (values["line voltage"], values["polarity"]) == (48.0, 1.0)
    assert values["loop current"] == pytest.approx(29.9, abs=3.3)
    assert values["loop resistance"] == pytest.approx(1400.0, rel=0.15)
    assert values["dial tone"] == pytest.approx(-10.0, abs=0.5)  # twice -13 dBm0
    assert values["noise"] == -90.0
    assert values["echo return loss"] == pytest.approx(12.0, abs=1.0)  # as the line's model is
    assert not lines.trunk().seized


def test_line_test_without_a_digit_measures_no_noise() -> None:
    lines = Lines().up()
    lines.beat(50)
    order = TestOrder(dial_tone_hz=DIAL.dial_tone_hz, dials=False)
    found = run_line_test(lines, "line1", order)
    assert found["noise"].verdict is Verdict.NOT_MEASURED
    assert lines.box.office_lines["line1"].dialled == ""


@pytest.mark.parametrize(("volts", "reason"), [(0.0, "no line"), (9.0, "somebody may talk")])
def test_line_test_does_not_seize_a_line_that_is_dead_or_taken(volts: float, reason: str) -> None:
    lines = Lines().up()
    lines.box.office_lines["line1"]._loop.feed(volts)
    lines.beat(50)
    found = run_line_test(lines, "line1", DIAL)
    assert bad(found) == ["line voltage"]
    assert reason in found["loop current"].meaning
    assert not lines.trunk().seized


def test_line_test_tells_turned_polarity() -> None:
    lines = Lines().up()
    lines.box.office_lines["line1"].reverse()
    lines.beat(50)
    assert run_line_test(lines, "line1", DIAL)["polarity"].value == -1.0


def test_line_test_without_link_says_what_to_check() -> None:
    lines = Lines()
    lines.box.chips["line1"].inject(Fault.NO_LINK)
    lines.up()
    found = run_line_test(lines, "line1", DIAL)
    assert bad(found) == ["isolation link"] and "Si3019" in found["isolation link"].remedy


def test_line_test_of_another_countrys_dial_tone_is_bad() -> None:
    lines = Lines().up()
    lines.beat(50)
    order = TestOrder(dial_tone_hz=country("de").tones.dial.hz)
    assert "dial tone" in bad(run_line_test(lines, "line1", order))


def test_line_test_that_is_given_up_leaves_the_line_on_hook() -> None:
    lines = Lines().up()
    lines.beat(50)
    steps = lines.trunk().line_test(LineSound(), DIAL, lambda _: None)
    for _ in range(2):
        next(steps)
    assert lines.trunk().seized
    steps.close()
    assert not lines.trunk().seized


def test_quantity_judges_at_its_limits() -> None:
    one = Quantity("x", "V", "m", least=1.0, most=2.0, if_low="low", if_high="high")
    found = [one.judge(value) for value in (0.99, 1.0, 2.0, 2.01)]
    assert [(x.verdict, x.remedy) for x in found] == [
        (Verdict.BAD, "low"),
        (Verdict.GOOD, ""),
        (Verdict.GOOD, ""),
        (Verdict.BAD, "high"),
    ]
    assert Quantity("x", "V", "m").judge(5).verdict is Verdict.TOLD


@pytest.mark.parametrize("dbm0", [0.0, -10.0, -40.0])
def test_levels_of_a_sine_are_its_own(dbm0: float) -> None:
    heard = sines((1005.0,), dbm0, 20)
    assert level_dbm0(heard) == pytest.approx(dbm0, abs=0.05)
    assert tone_dbm0(heard, 1005.0) == pytest.approx(dbm0, abs=0.05)
    assert tone_dbm0(heard, 500.0) < dbm0 - 40
    assert strongest_hz(heard) == 1005.0


def slic_test(bench: SlicBench, order: TestOrder) -> dict[str, Finding]:
    found: dict[str, Finding] = {}
    sound = LineSound()
    steps = bench.port.line_test(sound, order, lambda one: found.update({one.name: one}))
    for periods in steps:
        for _ in range(periods):
            bench.beat()
            sound.period(SILENCE if bench.heard is None else bench.heard)
    return found


def test_line_test_of_a_slic_on_pins_measures_levels_of_a_lifted_handset() -> None:
    bench = SlicBench().up()
    bench.telephone.lift()
    bench.beat(40)
    found = slic_test(bench, TestOrder())
    assert set(found) == {one.name for one in LEVELS}
    assert found["noise"].value == -90.0  # a constant is no sound
    assert found["level sent"].value == -10.0
    assert bench.port.reading().off_hook and bench.port.reading().volts is None


def test_line_test_of_a_slic_on_pins_waits_for_a_lift_and_gives_up() -> None:
    found = slic_test(SlicBench().up(), TestOrder(lift_periods=50))
    assert {one.verdict for one in found.values()} == {Verdict.NOT_MEASURED}
