"""The panel on pins and a port expander, against the expander's model; time is handed in."""

from itertools import pairwise

from drivers.panel import ButtonChange, Light
from drivers.panel_gpio import GpioPanel
from drivers.panel_spec import ExpanderSpec, PanelPart, PanelSpec
from tests.kit.panels import BenchHardware

SPEC = PanelSpec(
    "gpio",
    leds=(PanelPart("power", 12), PanelPart("line", 0, True, "101"), PanelPart("quota", 7, True)),
    buttons=(PanelPart("night", 13), PanelPart("play", 8, True), PanelPart("reset", 14, True)),
    expander=ExpanderSpec(1, 0x20, 27),
)


class Bench:
    """A panel and a clock."""

    def __init__(self) -> None:
        self.hardware = BenchHardware()
        self.panel = GpioPanel(SPEC, self.hardware)
        self.now = 10.0

    def during(self, seconds: float) -> list[ButtonChange]:
        changes = []
        end = self.now + seconds
        while self.now < end:
            changes += self.panel.look(self.now)
            self.now = round(self.now + self.panel.wait_s(self.now), 6)
        return changes


def names(changes: list[ButtonChange]) -> list[tuple[str, bool]]:
    return [(change.name, change.pressed) for change in changes]


def test_leds_are_where_the_board_file_says() -> None:
    bench = Bench()
    bench.panel.show({"power": Light.ON, "line 101": Light.ON, "quota": Light.OFF})
    bench.during(0.1)
    assert bench.panel.present
    assert (bench.hardware.pins[12].level, bench.hardware.expander.outputs()) == (True, 0x01)
    bench.panel.show({"quota": Light.ON})
    bench.during(0.1)
    assert (bench.hardware.pins[12].level, bench.hardware.expander.outputs()) == (False, 0x80)
    assert bench.hardware.expander.violation_log.count == 0


def test_an_led_blinks_by_the_time_that_is_handed_in() -> None:
    bench = Bench()
    bench.panel.show({"line 101": Light.FAST})
    levels = []
    for _ in range(50):
        bench.during(0.02)
        levels.append(bench.hardware.expander.outputs() & 1)
    assert sum(a != b for a, b in pairwise(levels)) in (9, 10)


def test_presses_on_pins_and_on_the_expander() -> None:
    bench = Bench()
    bench.during(0.1)
    bench.hardware.input_pin(13)
    bench.hardware.pins[13].level = False
    bench.hardware.expander.press(8, True)
    assert sorted(names(bench.during(0.1))) == [("night", True), ("play", True)]
    bench.hardware.pins[13].level = True
    bench.hardware.expander.press(8, False)
    assert sorted(names(bench.during(0.1))) == [("night", False), ("play", False)]


def test_contacts_that_bounce_are_one_press() -> None:
    bench = Bench()
    bench.during(0.1)
    seen = []
    for bounce in range(9):
        bench.hardware.expander.press(14, bounce % 2 == 0)
        seen += bench.during(0.004)
    assert names(seen + bench.during(0.1)) == [("reset", True)]


def test_a_lost_interrupt_is_found_by_looking() -> None:
    bench = Bench()
    bench.during(0.1)
    bench.hardware.expander.loses_interrupts = True
    bench.hardware.expander.press(8, True)
    assert names(bench.during(0.3)) == [("play", True)]


def test_an_expander_that_comes_back_shows_what_it_must() -> None:
    bench = Bench()
    bench.panel.show({"line 101": Light.ON})
    bench.hardware.expander.press(8, True)
    assert names(bench.during(0.1)) == [("play", True)]
    bench.hardware.expander.present = False
    assert names(bench.during(0.4)) == [("play", False)], "nobody presses what is not there"
    assert not bench.panel.present
    assert "acknowledge" in bench.panel.problem
    bench.hardware.expander.present = True
    bench.hardware.expander.power_cycle()
    bench.hardware.expander.press(8, False)
    assert bench.during(2.2) == []
    assert (bench.panel.present, bench.hardware.expander.outputs()) == (True, 0x01)


def test_a_disturbed_register_is_put_right_within_seconds() -> None:
    bench = Bench()
    bench.panel.show({"line 101": Light.ON})
    bench.during(0.1)
    bench.hardware.expander.break_bit(0, "IODIR", 0)
    assert bench.hardware.expander.outputs() == 0
    bench.during(5.1)
    assert bench.hardware.expander.outputs() == 0x01
    assert bench.panel.repaired == 1
