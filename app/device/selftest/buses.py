"""Pins and buses: simulated devices of the kernel first, then what the board really has.

The kernel makes a bank of pins (gpio-sim) and an I2C chip that is nothing but registers (i2c-stub)
for us; the drivers cannot tell them from real ones. Making them takes root.
"""

import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.core.sentences import N_, sentence
from app.device.selftest.findings import Absent, Broken
from drivers.board_spec import BoardSpec
from drivers.errors import HardwareError
from drivers.linux import LinuxHardware, LinuxI2c, LinuxSpi

SIMULATED_PINS = Path("/sys/kernel/config/gpio-sim")
_LINES = 32
_OUT, _IN = 17, 27
"""Pins of the simulated bank; any two."""
ANY_PI_3 = "a22082"
"""Revision of a Raspberry Pi, for the pin library, which wants to know one."""
I2C_BUSES = Path("/sys/class/i2c-dev")
_STUB_NAME = "SMBus stub"
STUB_ADDRESS, _NOBODY = 0x20, 0x21


@dataclass(frozen=True)
class Bank:
    """A bank of simulated pins: as a chip, and seen from the world outside."""

    number: int
    """Of /dev/gpiochip…"""
    world: Path

    def level(self, pin: int) -> bool:
        """What is on the pin's wire."""
        return (self.world / f"sim_gpio{pin}" / "value").read_text().strip() == "1"

    def pull(self, pin: int, high: bool) -> None:
        """Pull the wire up or down."""
        (self.world / f"sim_gpio{pin}" / "pull").write_text("pull-up" if high else "pull-down")


@contextmanager
def simulated_bank(root: Path = SIMULATED_PINS) -> Iterator[Bank]:
    """A bank that is there for as long as the block lasts. Raises Absent, or OSError."""
    if not root.is_dir():
        raise Absent(sentence("the kernel has no gpio-sim"))
    device = root / f"selftest-{secrets.token_hex(4)}"
    bank = device / "bank0"
    bank.mkdir(parents=True)
    try:
        (bank / "num_lines").write_text(str(_LINES))
        (device / "live").write_text("1")
        chip = (bank / "chip_name").read_text().strip()
        name = (device / "dev_name").read_text().strip()
        yield Bank(int(chip.removeprefix("gpiochip")), Path("/sys/devices/platform", name, chip))
    finally:
        (device / "live").write_text("0")
        bank.rmdir()
        device.rmdir()


def pins(board: BoardSpec) -> str:
    """Drive a pin and see it outside; pull a wire and see both edges. In a process of its own:
    the pin library keeps the chip that it was first given."""
    with simulated_bank() as bank:
        os.environ["RPI_LGPIO_CHIP"] = str(bank.number)
        os.environ.setdefault("RPI_LGPIO_REVISION", ANY_PI_3)
        hardware = LinuxHardware(board)
        try:
            _drive_and_see(hardware, bank)
        finally:
            hardware.close()
    return sentence(
        "gpiochip%(number)s (simulated): driven and seen, a fall and a rise seen",
        number=bank.number,
    )


def _drive_and_see(hardware: LinuxHardware, bank: Bank) -> None:
    output, wire = hardware.output_pin(_OUT), hardware.input_pin(_IN)
    for level in (False, True, False):
        output.set(level)
        if bank.level(_OUT) != level:
            text = N_("pin %(pin)s was set to %(level)s and its wire is not; check the kernel")
            raise Broken(sentence(text, pin=_OUT, level=int(level)))
    if not wire.read():
        text = N_("pin %(pin)s is not pulled up; check the kernel's pin control")
        raise Broken(sentence(text, pin=_IN))
    for level in (False, True):
        bank.pull(_IN, level)
        if wire.read() != level:
            text = N_("the wire at pin %(pin)s went to %(level)s, unseen; check the kernel")
            raise Broken(sentence(text, pin=_IN, level=int(level)))


def i2c() -> str:
    """Registers of the simulated chip keep what is written; where no chip is, nobody answers.

    Raises Absent or Broken.
    """
    bus = stub_bus()
    chip = LinuxI2c(bus, STUB_ADDRESS)
    try:
        for register, value in ((0x00, 0x5A), (0x07, 0xA5), (0xFF, 0x00)):
            chip.write_register(register, value)
            if (read := chip.read_register(register)) != value:
                text = N_("I2C %(bus)s: wrote %(wrote)s, read %(read)s; check the kernel")
                raise Broken(sentence(text, bus=bus, wrote=f"{value:#04x}", read=f"{read:#04x}"))
    finally:
        chip.close()
    _nobody_answers(bus)
    return sentence(
        "bus %(bus)s (%(name)s): three registers kept, nobody at %(address)s",
        bus=bus,
        name=_STUB_NAME,
        address=f"{_NOBODY:#04x}",
    )


def stub_bus() -> int:
    """The number of the simulated bus, made if there is none. Raises Absent."""
    bus = _bus_named(_STUB_NAME)
    if bus is None:
        made = subprocess.run(
            ["modprobe", "i2c-stub", f"chip_addr={STUB_ADDRESS:#x}"],
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        bus = _bus_named(_STUB_NAME)
        if bus is None:
            why = made.stderr.strip() or sentence("no such bus")
            raise Absent(sentence("the kernel has no i2c-stub (%(why)s)", why=why))
    return bus


def _nobody_answers(bus: int) -> None:
    nobody = LinuxI2c(bus, _NOBODY)
    try:
        nobody.read_register(0)
    except HardwareError:
        return
    finally:
        nobody.close()
    text = N_("I2C %(bus)s: somebody answers at %(address)s, where nobody is")
    raise Broken(sentence(text, bus=bus, address=f"{_NOBODY:#04x}"))


def _bus_named(name: str) -> int | None:
    for folder in I2C_BUSES.glob("i2c-*"):
        if name in (folder / "name").read_text():
            return int(folder.name.removeprefix("i2c-"))
    return None


def spi(board: BoardSpec, made_of_python: bool, lines_run: bool) -> str:
    """Each chip select can be clocked. Not while lines run: an odd octet disturbs them.

    Raises Absent.
    """
    if not board.lines:
        raise Absent(sentence("the board has no chip on SPI"))
    places = sorted({(line.bus, line.chip_select) for line in board.lines})
    nodes = {place: Path("/dev/spidev{}.{}".format(*place)) for place in places}
    if made_of_python:
        places = [place for place in places if nodes[place].exists()]
    if not places:
        raise Absent(sentence("the chips are made of Python, and there is no /dev/spidev…"))
    names = ", ".join(str(nodes[place]) for place in places)
    if lines_run and not made_of_python:
        return sentence("%(what)s: in use by the lines (see there)", what=names)
    try:
        for bus, select in places:
            _clock(bus, select, board.spi_hz)
    except HardwareError as problem:
        if made_of_python:  # an emulator has the node, and no controller behind it
            raise Absent(problem.args[0]) from problem
        raise
    return sentence("%(what)s: clocked", what=names)


def _clock(bus: int, select: int, speed_hz: int) -> None:
    device = LinuxSpi(bus, select, speed_hz)
    try:
        if len(device.transfer([0])) != 1:
            text = N_("%(what)s: no octet came back; check its driver")
            raise Broken(sentence(text, what=f"/dev/spidev{bus}.{select}"))
    finally:
        device.close()


def board_pins(board: BoardSpec, made_of_python: bool, lines_run: bool) -> str:
    """The pins by which the board's chips ask can be had. In a process of its own, as pins().

    Raises Absent.
    """
    if made_of_python:
        raise Absent(sentence("the chips are made of Python"))
    asking = {line.interrupt for line in board.lines} | {slic.hook for slic in board.slics}
    numbers = sorted(asking)
    names = ", ".join(map(str, numbers))
    if lines_run:
        return sentence("interrupt pins %(what)s: in use by the lines (see there)", what=names)
    hardware = LinuxHardware(board)
    try:
        levels = [hardware.input_pin(number).read() for number in numbers]
    finally:
        hardware.close()
    if all(levels):
        return sentence("interrupt pins %(what)s: high", what=names)
    return sentence("interrupt pins %(what)s: low", what=names)
