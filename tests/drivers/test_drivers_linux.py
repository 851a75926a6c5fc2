"""Linux devices without Linux devices: the ioctl's layout, and what is told when parts are missing.

The hardware libraries are replaced by stand-ins of their module names; our own code is not.
"""

import ctypes
import errno
import os
import pty
import select
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from drivers import linux
from drivers.board import virtual_board
from drivers.errors import BusClosed, ChipMissing, HardwareError

TRANSFER = struct.Struct("=QQIIHBBBBBB")


class SpiDev:
    """spidev.SpiDev over a regular file; xfer2 echoes what it is sent, plus one."""

    opened: list["SpiDev"]
    refuse: OSError | None = None

    def __init__(self) -> None:
        self.mode = self.max_speed_hz = self.bits_per_word = 0
        self.sent: list[list[int]] = []

    def open(self, bus: int, chip_select: int) -> None:
        if self.refuse:
            raise self.refuse
        self.place = (bus, chip_select)
        self.descriptor = os.open(os.devnull, os.O_RDONLY)
        SpiDev.opened.append(self)

    def xfer2(self, octets: list[int]) -> list[int]:
        self.sent.append(octets)
        return [octet + 1 & 0xFF for octet in octets]

    def fileno(self) -> int:
        return self.descriptor

    def close(self) -> None:
        os.close(self.descriptor)


@pytest.fixture
def spidev(monkeypatch: pytest.MonkeyPatch) -> type[SpiDev]:
    SpiDev.opened, SpiDev.refuse = [], None
    monkeypatch.setitem(sys.modules, "spidev", SimpleNamespace(SpiDev=SpiDev))
    return SpiDev


def kernel(monkeypatch: pytest.MonkeyPatch, answer: Callable[[int, bytearray], None]) -> None:
    """Take the kernel's place behind ioctl."""
    monkeypatch.setattr("fcntl.ioctl", lambda _fd, code, layout: answer(code, layout))


def test_frames_go_out_in_one_message_with_chip_select_between(
    spidev: type[SpiDev], monkeypatch: pytest.MonkeyPatch
) -> None:
    messages: list[tuple[int, list[int], list[int]]] = []

    def answer(code: int, layout: bytearray) -> None:
        rows = list(TRANSFER.iter_unpack(layout))
        octets = []
        for sent, received, length, *_ in rows:
            assert length == 1
            octets.append(ctypes.string_at(sent, 1)[0])
            ctypes.memset(received, octets[-1] ^ 0xFF, 1)
        messages.append((code, octets, [row[6] for row in rows]))

    kernel(monkeypatch, answer)
    device = linux.LinuxSpi(0, 1, speed_hz=4_000_000)
    assert device.transfer([0x80, 0x00, 0x05]) == [0x7F, 0xFF, 0xFA]
    assert messages == [(0x40606B00, [0x80, 0x00, 0x05], [1, 1, 0])]
    (opened,) = spidev.opened
    assert (opened.mode, opened.max_speed_hz, opened.bits_per_word) == (3, 4_000_000, 8)
    assert opened.place == (0, 1)


def test_long_transfers_fit_the_kernels_buffer_on_arm64(
    spidev: type[SpiDev], monkeypatch: pytest.MonkeyPatch
) -> None:
    """There each transfer of a message begins at a multiple of 128 of 4096 octets."""
    sizes: list[int] = []

    def arm64(code: int, layout: bytearray) -> None:
        rows = list(TRANSFER.iter_unpack(layout))
        if sum(-(-row[2] // 128) * 128 for row in rows) > 4096:
            raise OSError(errno.EMSGSIZE, "Message too long")
        sizes.append(len(rows))

    kernel(monkeypatch, arm64)
    device = linux.LinuxSpi(0, 0, speed_hz=1_000_000)
    assert len(device.transfer([0] * 100)) == 100
    assert sizes == [32, 32, 32, 4]
    assert len(spidev.opened[0].sent) == 1, "fell back to one system call an octet"


def test_spi_ioctl_codes_are_those_of_the_kernel_header() -> None:
    assert linux.spi_message_code(1) == 0x40206B00
    assert linux.spi_message_code(256) == 0x60006B00


def test_where_the_kernel_takes_no_message_bytes_go_one_by_one(
    spidev: type[SpiDev], monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []

    def refuse(code: int, layout: bytearray) -> None:
        tries.append(code)
        raise OSError(errno.EINVAL, "Invalid argument")

    kernel(monkeypatch, refuse)
    device = linux.LinuxSpi(0, 0, speed_hz=1_000_000)
    assert device.transfer([1, 2]) == [2, 3]
    assert device.transfer([3]) == [4]
    assert len(tries) == 1
    assert spidev.opened[0].sent[1:] == [[1], [2], [3]]


def test_spi_device_that_vanished_raises_bus_closed(
    spidev: type[SpiDev], monkeypatch: pytest.MonkeyPatch
) -> None:
    def vanish(code: int, layout: bytearray) -> None:
        raise OSError(errno.ENODEV, "No such device")

    kernel(monkeypatch, vanish)
    with pytest.raises(BusClosed, match=r"/dev/spidev0\.0: No such device"):
        linux.LinuxSpi(0, 0, speed_hz=1_000_000).transfer([1])


@pytest.mark.parametrize(
    ("refusal", "text"),
    [
        (PermissionError(errno.EACCES, "Permission denied"), "add the service's user to the group"),
        (FileNotFoundError(errno.ENOENT, "No such file"), "switch SPI on in the device tree"),
        (OSError(errno.EBUSY, "Busy"), "another program holds it"),
    ],
)
def test_spi_that_does_not_open_says_what_to_do(
    spidev: type[SpiDev], refusal: OSError, text: str
) -> None:
    spidev.refuse = refusal
    with pytest.raises(HardwareError, match=rf"SPI: /dev/spidev2\.1: .*{text}"):
        linux.LinuxSpi(2, 1, speed_hz=1_000_000)


@pytest.mark.parametrize(
    ("module", "package", "use"),
    [
        ("spidev", "spidev", lambda: linux.LinuxSpi(0, 0, 1)),
        ("smbus2", "smbus2", lambda: linux.LinuxI2c(1, 0x1A)),
        ("serial", "pyserial", lambda: linux.LinuxSerial("/dev/ttyS0")),
        ("alsaaudio", "pyalsaaudio", lambda: linux.LinuxHardware(virtual_board()).pcm()),
        ("RPi", "rpi-lgpio", lambda: linux.LinuxHardware(virtual_board()).input_pin(5)),
    ],
)
def test_missing_library_is_named_with_the_way_to_get_it(
    monkeypatch: pytest.MonkeyPatch, module: str, package: str, use: Callable[[], object]
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(HardwareError, match=f"pip install {package}`, or take the virtual board"):
        use()


class SmBus:
    """smbus2.SMBus with one chip at 0x1A."""

    def __init__(self, bus: int) -> None:
        self.registers: dict[int, int] = {}

    def write_byte_data(self, address: int, register: int, value: int) -> None:
        self._need(address)
        self.registers[register] = value

    def read_byte_data(self, address: int, register: int) -> int:
        self._need(address)
        return self.registers[register]

    def _need(self, address: int) -> None:
        if address != 0x1A:
            raise OSError(errno.EREMOTEIO, "Remote I/O error")

    def close(self) -> None:
        self.registers.clear()


def test_i2c_access_writes_and_reads_or_raises_chip_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "smbus2", SimpleNamespace(SMBus=SmBus))
    codec = linux.LinuxI2c(1, 0x1A)
    codec.write_register(7, 0x42)
    assert codec.read_register(7) == 0x42
    with pytest.raises(ChipMissing, match="I2C 1 address 0x1b: no acknowledge; check the hat"):
        linux.LinuxI2c(1, 0x1B).write_register(0, 0)


@pytest.mark.parametrize("number", [errno.ETIMEDOUT, errno.EAGAIN])
def test_wires_that_hang_are_trouble_of_one_chip_and_do_not_end_the_service(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hangs(bus: SmBus, address: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(SmBus, "_need", hangs)
    monkeypatch.setitem(sys.modules, "smbus2", SimpleNamespace(SMBus=SmBus))
    with pytest.raises(ChipMissing, match="SDA or SCL hangs; check the hat and its wires"):
        linux.LinuxI2c(1, 0x1A).write_register(7, 0x42)


class LgpioError(Exception):
    """lgpio.error, which is no other error's child."""


class Gpio:
    """RPi.GPIO's functions over a table of levels, as rpi-lgpio has them.

    `refusal` is raised by whatever is done.
    """

    refusal: Exception | None = None

    BCM, OUT, IN, HIGH, PUD_UP = "bcm", "out", "in", 1, "up"

    def __init__(self) -> None:
        self.levels: dict[int, int] = {}
        self.setups: list[tuple[Any, ...]] = []

    def setmode(self, mode: str) -> None:
        self.setups.append((mode,))

    def setup(self, pin: int, way: str, initial: int = 0, pull_up_down: str = "") -> None:
        self._try()
        if pin > 27:
            raise RuntimeError("no such pin")
        self.setups.append((pin, way, initial, pull_up_down))
        self.levels[pin] = initial or int(pull_up_down == "up")

    def _try(self) -> None:
        if self.refusal is not None:
            raise self.refusal

    def output(self, pin: int, level: bool) -> None:
        self._try()
        self.levels[pin] = int(level)

    def input(self, pin: int) -> int:
        self._try()
        return self.levels[pin]


def test_pins_are_set_up_with_their_levels_or_refused_by_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gpio = Gpio()
    monkeypatch.setitem(sys.modules, "RPi", SimpleNamespace(GPIO=gpio))
    hardware = linux.LinuxHardware(virtual_board())
    reset, interrupt = hardware.output_pin(5), hardware.input_pin(6)
    reset.set(False)
    assert gpio.levels == {5: 0, 6: 1}
    assert interrupt.read() is True
    assert gpio.setups == [("bcm",), (5, "out", 1, ""), (6, "in", 0, "up")]
    with pytest.raises(HardwareError, match="pin 40: no such pin; check the pin number"):
        hardware.output_pin(40)


@pytest.mark.parametrize(
    ("refusal", "remedy"),
    [
        (LgpioError("'GPIO busy'"), "GPIO busy; another program or an overlay of the device tree"),
        (LgpioError("'bad GPIO number'"), "bad GPIO number; check the pin number in the board"),
        (LgpioError("'can not open gpiochip'"), "gpiochip; add the service's user to the group"),
        (PermissionError(13, "Permission denied"), "denied; add the service's user to the group"),
        (
            NotImplementedError("This module can only be run on a Raspberry Pi!"),
            "take the virtual board on other machines",
        ),
        (RuntimeError("Please set pin numbering mode"), "numbering mode; check the pin number"),
    ],
)
def test_trouble_with_a_pin_is_an_error_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, refusal: Exception, remedy: str
) -> None:
    gpio = Gpio()
    monkeypatch.setitem(sys.modules, "RPi", SimpleNamespace(GPIO=gpio))
    monkeypatch.setitem(sys.modules, "lgpio", SimpleNamespace(error=LgpioError))
    hardware = linux.LinuxHardware(virtual_board())
    reset, interrupt = hardware.output_pin(5), hardware.input_pin(6)
    gpio.refusal = refusal
    uses: list[Callable[[], object]] = [
        lambda: hardware.output_pin(7),
        lambda: hardware.input_pin(7),
        lambda: reset.set(True),
        interrupt.read,
    ]
    for use in uses:
        with pytest.raises(HardwareError, match=rf"^GPIO: pin [567]: .*{remedy}"):
            use()


def test_other_failures_of_a_pin_keep_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    gpio = Gpio()
    monkeypatch.setitem(sys.modules, "RPi", SimpleNamespace(GPIO=gpio))
    monkeypatch.delitem(sys.modules, "lgpio", raising=False)
    gpio.refusal = LgpioError("whose is it?")
    with pytest.raises(LgpioError):
        linux.LinuxHardware(virtual_board()).output_pin(7)


def test_no_other_file_imports_a_hardware_library() -> None:
    root = Path(linux.__file__).parents[1]
    words = ("import spidev", "import smbus2", "import serial", "import alsaaudio", "from RPi")
    users = {
        path.relative_to(root).as_posix()
        for folder in ("app", "drivers")
        for path in (root / folder).rglob("*.py")
        if any(word in path.read_text() for word in words)
    }
    assert users == {"drivers/linux.py", "drivers/linux_alsa.py"}


def test_serial_line_that_takes_nothing_holds_nobody_up() -> None:
    master, slave = pty.openpty()
    line = linux.LinuxSerial(os.ttyname(slave))
    taken = [line.write(b"x" * 4096) for _ in range(40)]
    assert sum(taken) > 0 and taken[-1] == 0
    os.read(master, 4096)
    assert select.select([], [line], [], 5)[1], "it takes nothing, though somebody has read"
    assert line.write(b"x") == 1
    line.close()
    os.close(master)
    os.close(slave)
