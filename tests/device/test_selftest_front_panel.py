"""The front panel's part of the self-test, against the expander's model instead of the kernel's."""

import os
import pty
import threading
import tty
from pathlib import Path

import pytest

from app.device.selftest import machine
from app.device.selftest.findings import Broken
from app.device.selftest.front_panel import try_panel
from drivers.buses import I2cDevice
from drivers.mcp23017 import GPIO
from drivers.panel_frames import Decoder, frame
from tests.kit.panels import Wire


class Registers:
    """An i2c-stub: registers that are nothing but memory."""

    def __init__(self) -> None:
        self.octets = bytearray(256)
        self.broken = False

    def write_register(self, register: int, value: int) -> None:
        if not self.broken:
            self.octets[register] = value

    def read_register(self, register: int) -> int:
        return self.octets[register]


class Kernel:
    """Simulated pins and the stub."""

    def __init__(self) -> None:
        self.wires = [Wire() for _ in range(32)]
        self.chip = Registers()
        self.dead: set[int] = set()

    def output_pin(self, pin: int) -> Wire:
        return Wire() if pin in self.dead else self.wires[pin]

    def input_pin(self, pin: int) -> Wire:
        return Wire() if pin in self.dead else self.wires[pin]

    def i2c(self, bus: int, address: int) -> I2cDevice:
        return self.chip

    def changes(self) -> int:
        return -1

    def close(self) -> None:
        """Nothing is open."""

    def level(self, pin: int) -> bool:
        return self.wires[pin].level

    def pull(self, pin: int, high: bool) -> None:
        self.wires[pin].level = high


def test_selftest_of_a_panel_that_works_says_nothing() -> None:
    kernel = Kernel()
    try_panel(kernel, kernel, kernel.chip, 1)
    assert kernel.chip.octets[GPIO + 1] == 0xFD


@pytest.mark.parametrize(
    ("pin", "said"), [(17, "LEDs were switched to 0"), (27, "pressed and seen are: play")]
)
def test_selftest_of_a_panel_finds_a_dead_pin(pin: int, said: str) -> None:
    kernel = Kernel()
    kernel.dead.add(pin)
    with pytest.raises(Broken, match=said):
        try_panel(kernel, kernel, kernel.chip, 1)


def test_selftest_of_a_panel_finds_an_expander_that_keeps_nothing() -> None:
    kernel = Kernel()
    kernel.chip.broken = True
    with pytest.raises(Broken, match="LEDs were switched to 1"):
        try_panel(kernel, kernel, kernel.chip, 1)


def test_selftest_asks_the_serial_panel_who_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    master, slave = pty.openpty()
    tty.setraw(master)
    tty.setraw(slave)
    (tmp_path / "ttyUSB0").symlink_to(os.ttyname(slave))

    def answer() -> None:
        (asked,) = Decoder().receive(os.read(master, 100))
        os.write(master, b"noise" + frame("G", asked.sequence, b"\x01\x0c\x07a \x1b[2Jpanel"))

    helper = threading.Thread(target=answer)
    helper.start()
    said = machine.panel(tmp_path)
    helper.join()
    assert said.endswith("ttyUSB0: a \\x1b[2Jpanel, 12 LEDs, 7 buttons")
    monkeypatch.setattr(machine, "ANSWER_S", 0.05)
    with pytest.raises(Broken, match="nothing answers"):
        machine.panel(tmp_path)
    os.close(master)
    os.close(slave)


def test_selftest_leaves_a_panel_alone_that_is_in_use(tmp_path: Path) -> None:
    from drivers.linux import LinuxSerial

    master, slave = pty.openpty()
    (tmp_path / "ttyACM0").symlink_to(os.ttyname(slave))
    used = LinuxSerial(str(tmp_path / "ttyACM0"))
    assert "in use by the front panel's service" in machine.panel(tmp_path)
    used.close()
    os.close(master)
    os.close(slave)
