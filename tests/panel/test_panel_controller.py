"""LEDs follow the box and buttons do what they are for; time is handed in."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from app.operations.errors import OperationError
from app.operations.panel import StoreFacts
from app.panel.controller import REFUSED_S, PanelController
from app.panel.gestures import Meaning, Wanted
from app.panel.lights import Condition, PanelFacts
from drivers.panel import ButtonChange, Light


class Glass:
    """A panel whose buttons a test presses, and that keeps what it was told to show."""

    def __init__(self) -> None:
        self.present, self.problem = True, ""
        self.lights: Mapping[str, Light] = {}
        self.told = 0
        self.changes: list[ButtonChange] = []

    def show(self, lights: Mapping[str, Light]) -> None:
        self.lights = lights
        self.told += 1

    def look(self, now_s: float) -> list[ButtonChange]:
        changes, self.changes = self.changes, []
        return changes

    def fileno(self) -> int:
        return -1

    def wait_s(self, now_s: float) -> float:
        return 5.0

    def close(self) -> None:
        """Nothing is open."""


class StubBox:
    """A box that is as the test says, and keeps what was wanted of it."""

    def __init__(self) -> None:
        self.now_facts = PanelFacts(Condition.WORKING)
        self.done: list[tuple[Wanted, frozenset[str]]] = []
        self.refuses = False

    def facts(self, now_s: float) -> PanelFacts:
        return self.now_facts

    def do(self, wanted: Wanted, faults: frozenset[str]) -> None:
        if self.refuses:
            raise OperationError("panel.mailbox", "it names no mailbox to be played")
        self.done.append((wanted, faults))


class Bench:
    """A controller between the two."""

    def __init__(self) -> None:
        self.glass, self.box = Glass(), StubBox()
        self.controller = PanelController(self.glass, self.box)
        self.now = 10.0
        self.turn()

    def turn(self, seconds: float = 0.0) -> None:
        self.now += seconds
        self.controller.turn(self.now)

    def button(self, name: str, pressed: bool) -> None:
        self.glass.changes.append(ButtonChange(name, pressed, self.now))
        self.turn()

    def light(self, name: str) -> Light:
        return self.glass.lights[name]

    def press(self, name: str) -> None:
        self.button(name, True)
        self.button(name, False)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_panel_is_told_what_has_changed_and_nothing_twice(bench: Bench) -> None:
    assert (bench.light("power"), bench.glass.told) == (Light.ON, 1)
    bench.turn(1)
    assert bench.glass.told == 1
    bench.box.now_facts = replace(bench.box.now_facts, store=StoreFacts(unheard=1))
    bench.turn()
    assert (bench.light("voicemail"), bench.glass.told) == (Light.ON, 2)


def test_panel_buttons_reach_the_box(bench: Bench) -> None:
    for name in ("play", "next", "delete", "night"):
        bench.press(name)
    assert [str(wanted) for wanted, _ in bench.box.done] == ["play", "next", "delete", "night"]


def test_panel_acknowledged_fault_is_silent_until_a_new_one_comes(bench: Bench) -> None:
    bench.box.now_facts = replace(bench.box.now_facts, damage=True)
    bench.turn()
    assert bench.light("fault") == Light.FAST
    bench.press("acknowledge")
    assert bench.light("fault") == Light.ON
    ((meaning, faults),) = bench.box.done
    assert meaning is Meaning.ACKNOWLEDGE
    assert faults == {"the store of messages is damaged"}
    bench.box.now_facts = replace(bench.box.now_facts, down=("mail",))
    bench.turn()
    assert bench.light("fault") == Light.FAST
    bench.press("acknowledge")
    bench.box.now_facts = replace(bench.box.now_facts, damage=False)
    bench.turn()
    bench.box.now_facts = replace(bench.box.now_facts, damage=True)
    bench.turn()
    assert bench.light("fault") == Light.FAST, "one that comes again is a new one"


def test_panel_flashes_all_leds_while_one_more_press_would_erase(bench: Bench) -> None:
    bench.button("reset", True)
    assert bench.controller.wait_s(bench.now) == 5.0
    bench.turn(10)
    assert set(bench.glass.lights.values()) == {Light.FAST}
    assert bench.controller.wait_s(bench.now + 6) == 4.0
    bench.button("reset", False)
    bench.turn(10)
    assert bench.light("voicemail") == Light.OFF
    assert bench.box.done == []


def test_panel_erases_by_the_second_press(bench: Bench) -> None:
    bench.button("reset", True)
    bench.turn(10)
    bench.button("reset", False)
    bench.button("reset", True)
    assert [meaning for meaning, _ in bench.box.done] == [Meaning.ERASE]


def test_panel_button_that_can_do_nothing_flashes_power(bench: Bench) -> None:
    bench.box.refuses = True
    bench.press("play")
    assert bench.light("power") == Light.FAST
    bench.turn(REFUSED_S)
    assert bench.light("power") == Light.ON


def test_panel_erase_that_was_refused_can_be_tried_again(bench: Bench) -> None:
    bench.box.refuses = True
    for _ in range(2):
        bench.button("reset", True)
        bench.turn(10)
        bench.button("reset", False)
        bench.button("reset", True)
        bench.button("reset", False)
        bench.box.refuses = False
    assert [meaning for meaning, _ in bench.box.done] == [Meaning.ERASE]
