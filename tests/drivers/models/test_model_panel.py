"""The virtual board's panel: the panel's driver against it by the box's socket, and an operator."""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from drivers.board import virtual_board
from drivers.errors import BusClosed, ChipMissing
from drivers.models.box import VirtualBox
from drivers.models.bus_control import RemotePanelBus
from drivers.models.bus_server import BoxServer
from drivers.models.operator import Operator
from drivers.models.operator_verbs import OperatorError
from drivers.panel import ButtonChange, Light
from drivers.panel_gpio import GpioPanel

SILENCE = np.zeros((2, 80), np.int16)


class Bench:
    """A box whose sockets a thread serves; the test lets its periods pass."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "bus"
        self.operator_path = folder / "operator"
        self.now = 5.0
        self.start()
        spec = self.box.spec.panel
        assert spec is not None
        self.bus = RemotePanelBus(self.path)
        self.panel = GpioPanel(spec, self.bus)

    def start(self) -> None:
        self.box = VirtualBox(virtual_board(1, 1))
        self.operator = Operator(self.box)
        self.server = BoxServer(self.box, self.path, self.operator_path, lambda: 0.0)
        self._thread = threading.Thread(target=self.server.run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self.server.stop()
        self._thread.join(5)
        self.server.close()

    def periods(self, count: int) -> list[ButtonChange]:
        """So many times 10 ms pass, for box and panel."""
        changes = []
        for _ in range(count):
            self.box.period(SILENCE)
            self.server._tell_edges(self.server._levels())  # as it does each period
            self.now += 0.01
            changes += self.panel.look(self.now)
        return changes

    def leds(self) -> dict[str, str]:
        """What the operator says of each LED."""
        return dict(line.rsplit(" ", 1) for line in self.do("leds")[0].splitlines())

    def do(self, line: str) -> tuple[str, list[tuple[str, bool]]]:
        """An operator's line; what it says, and what the panel says of its buttons."""
        doing, changes = self.operator.run(line), list[ButtonChange]()
        while True:
            try:
                next(doing)
            except StopIteration as done:
                return str(done.value), [(c.name, c.pressed) for c in changes]
            changes += self.periods(1)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.stop()
    bench.bus.close()


def test_leds_are_seen_as_they_are_driven(bench: Bench) -> None:
    lights = [Light.ON, Light.SLOW, Light.FAST, Light.DOUBLE]
    names = ["power", "line 101", "voicemail", "store"]
    bench.panel.show(dict(zip(names, lights, strict=True)))
    bench.periods(250)
    told = bench.leds()
    assert [told[name] for name in names] == ["lit", "slow", "fast", "double"]
    assert {told[name] for name in told.keys() - set(names)} == {"dark"}
    bench.panel.show({})
    bench.periods(210)
    assert set(bench.leds().values()) == {"dark"}


def test_an_operator_presses_buttons(bench: Bench) -> None:
    bench.periods(5)
    said, changes = bench.do("press panel play")
    assert (said, changes) == ("play was pressed for 0.15 s", [("play", True), ("play", False)])
    said, changes = bench.do("press panel reset for 2s")
    assert changes == [("reset", True), ("reset", False)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("press panel", "write: press panel BUTTON"),
        ("press box play", "write: press panel"),
        ("press panel eject", "no button 'eject'; there are: play, next, delete"),
        ("press panel play while 2s", "write: press panel"),
        ("unplug 101", "write: unplug panel"),
        ("leds all", "write: leds"),
    ],
)
def test_an_operator_is_told_what_cannot_be(bench: Bench, line: str, said: str) -> None:
    with pytest.raises(OperatorError) as refused:
        bench.do(line)
    assert said in str(refused.value)


def test_a_panel_that_is_unplugged_and_plugged_in_shows_what_it_must(bench: Bench) -> None:
    bench.panel.show({"voicemail": Light.ON, "power": Light.ON})
    bench.periods(5)
    bench.do("unplug panel")
    bench.periods(220)
    assert (bench.panel.present, bench.leds()["voicemail"]) == (False, "dark")
    bench.do("plug panel")
    bench.periods(350)
    assert (bench.panel.present, bench.leds()["voicemail"]) == (True, "lit")


def test_a_box_that_starts_anew_is_found_again(bench: Bench) -> None:
    bench.panel.show({"voicemail": Light.ON, "power": Light.ON})
    bench.periods(5)
    bench.stop()
    bench.now += 1
    assert bench.panel.look(bench.now) == []
    assert not bench.panel.present
    bench.start()
    bench.periods(400)
    told = bench.leds()
    assert (told["voicemail"], told["power"]) == ("lit", "lit")


def test_who_waits_is_told_of_a_press(bench: Bench) -> None:
    bench.periods(5)
    assert bench.panel.fileno() >= 0
    assert bench.box.panel is not None
    bench.box.panel.press("next", True)
    bench.server._tell_edges(bench.server._levels())
    bench.now += 0.01  # the expander's next look is due a quarter of a second later
    assert bench.panel.look(bench.now) == []
    assert bench.panel.look(bench.now + 0.03) == [ButtonChange("next", True, bench.now + 0.03)]


def test_where_nobody_is_nothing_is_read(tmp_path: Path, bench: Bench) -> None:
    with pytest.raises(ChipMissing):
        bench.bus.i2c(1, 0x27).read_register(0)
    with pytest.raises(BusClosed):
        RemotePanelBus(tmp_path / "nothing").i2c(1, 0x20).write_register(0, 0)
