"""Linux devices for the drivers: with linux_alsa.py the only file that imports a hardware library.

spidev, smbus2, RPi.GPIO (rpi-lgpio provides it) and serial are imported where they are needed, so
the virtual board needs none. What is missing (library, device node, permission) becomes
a HardwareError that says what to do.
"""

import contextlib
import errno
import fcntl
import logging
import os
import struct
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from ctypes import addressof, c_ubyte
from typing import TYPE_CHECKING, Any

from drivers.board_spec import BoardSpec
from drivers.errors import BusClosed, ChipMissing, HardwareError
from drivers.library import library
from drivers.pins import I2cDevice, InputPin, OutputPin

if TYPE_CHECKING:  # both load numpy, which who has only pins and buses can do without
    from drivers.buses import PcmPort, SpiDevice
    from drivers.linux_alsa import AlsaOutput

log = logging.getLogger(__name__)


@contextmanager
def _explained(what: str, device: str, group: str, enable: str) -> Iterator[None]:
    """OSError on opening a device, as words that say what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM):
            advice = f"add the service's user to the group {group}"
        elif error.errno in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
            advice = enable
        elif error.errno in (errno.EBUSY, errno.EAGAIN):  # the latter from flock(2)
            advice = "another program holds it"
        else:
            advice = "see the kernel's log (dmesg)"
        raise HardwareError(f"{what}: {device}: {error.strerror or error}; {advice}") from error


# --- SPI -----------------------------------------------------------------------------------------

_BUFFER_OCTETS = 4096
"""spidev's buffer for one message [Linux, spidev.bufsiz]."""
_ALIGNMENT_OCTETS = 128
"""Each transfer of a message begins at a multiple of this in the buffer, where the largest cache
line is so long: on arm64. Elsewhere it is less [Linux, spidev.c; ARCH_DMA_MINALIGN]."""
_FRAMES_PER_MESSAGE = _BUFFER_OCTETS // _ALIGNMENT_OCTETS
"""Transfers of one octet each: 32. One more and the kernel refuses the message (EMSGSIZE)."""
_SPI_TRANSFER = struct.Struct("=QQIIHBBBBBB")
"""spi_ioc_transfer [Linux, spi/spidev.h]: tx_buf rx_buf len speed delay bits cs_change tx_nbits
rx_nbits word_delay pad; 32 octets."""
_SPI_MODE = 3  # clock idles high, sampled on the rising edge [Si3215 DS, serial timing]


def spi_message_code(frames: int) -> int:
    """SPI_IOC_MESSAGE(frames): _IOW('k', 0, 32 x frames). One frame: 0x40206b00."""
    return 1 << 30 | frames * _SPI_TRANSFER.size << 16 | ord("k") << 8


class SpiMessage:
    """Frames of one byte laid out for one ioctl, chip select high after each.

    cs_change releases the select between two transfers; on the last it would hold it, so there it
    is 0 and the end of the message releases it. Buffers stay where they are: made once a device.
    """

    def __init__(self) -> None:
        self._sent = (c_ubyte * _FRAMES_PER_MESSAGE)()
        self._received = (c_ubyte * _FRAMES_PER_MESSAGE)()
        self._layouts: dict[int, bytearray] = {}

    def load(self, frames: Sequence[int]) -> tuple[int, bytearray]:
        """The ioctl's code and argument for these frames."""
        count = len(frames)
        self._sent[:count] = list(frames)
        layout = self._layouts.get(count)
        if layout is None:
            layout = self._layouts[count] = self._lay_out(count)
        return spi_message_code(count), layout

    def received(self, count: int) -> list[int]:
        """The octets read in the frames of the last message."""
        return list(self._received[:count])

    def _lay_out(self, count: int) -> bytearray:
        sent, received = addressof(self._sent), addressof(self._received)
        layout = bytearray()
        for place in range(count):
            between = int(place < count - 1)
            layout += _SPI_TRANSFER.pack(
                sent + place, received + place, 1, 0, 0, 8, between, 0, 0, 0, 0
            )
        return layout


class LinuxSpi:
    """SpiDevice over spidev: opened and set up by the library, used by one ioctl a transfer."""

    def __init__(self, bus: int, chip_select: int, speed_hz: int) -> None:
        with library("spidev", "SPI"):
            import spidev

        self._name = f"/dev/spidev{bus}.{chip_select}"
        self._device = spidev.SpiDev()
        with _explained(
            "SPI", self._name, "spi", "switch SPI on in the device tree (dtparam=spi=on)"
        ):
            self._device.open(bus, chip_select)
            self._device.mode = _SPI_MODE
            self._device.max_speed_hz = speed_hz
            self._device.bits_per_word = 8
            # The clock takes its idle level with the first transfer; an Si3050 reads it when its
            # reset ends. The board resets the chips afterwards, which forgets this odd byte.
            self._device.xfer2([0])
        self._message = SpiMessage()
        self._gathers = True

    def transfer(self, frames: Sequence[int]) -> list[int]:
        """Send one-byte frames, each with its own chip select. Raises BusClosed."""
        octets: list[int] = []
        for start in range(0, len(frames), _FRAMES_PER_MESSAGE):
            part = frames[start : start + _FRAMES_PER_MESSAGE]
            octets += self._gathered(part) if self._gathers else self._one_by_one(part)
        return octets

    def _gathered(self, frames: Sequence[int]) -> list[int]:
        code, layout = self._message.load(frames)
        try:
            fcntl.ioctl(self._device.fileno(), code, layout)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTTY, errno.EMSGSIZE):
                raise BusClosed(f"{self._name}: {error.strerror}") from error
            log.warning("%s takes no gathered transfers; one system call a byte", self._name)
            self._gathers = False
            return self._one_by_one(frames)
        return self._message.received(len(frames))

    def _one_by_one(self, frames: Sequence[int]) -> list[int]:
        """xfer2 of a longer list would hold chip select low over all of it."""
        try:
            return [self._device.xfer2([frame])[0] for frame in frames]
        except OSError as error:
            raise BusClosed(f"{self._name}: {error.strerror}") from error

    def close(self) -> None:
        """Let the device go."""
        self._device.close()


# --- I2C and serial ------------------------------------------------------------------------------


class LinuxI2c:
    """I2cDevice over smbus2."""

    def __init__(self, bus: int, address: int) -> None:
        with library("smbus2", "I2C"):
            import smbus2

        self._place = f"I2C {bus} address {address:#04x}"
        self._address = address
        with _explained(
            "I2C", f"/dev/i2c-{bus}", "i2c", "switch I2C on in the device tree (dtparam=i2c_arm=on)"
        ):
            self._bus = smbus2.SMBus(bus)

    def write_register(self, register: int, value: int) -> None:
        """Write one byte to a register. Raises ChipMissing when nobody acknowledges."""
        self._tried(lambda: self._bus.write_byte_data(self._address, register, value))

    def read_register(self, register: int) -> int:
        """Read one byte of a register. Raises ChipMissing when nobody acknowledges."""
        return int(self._tried(lambda: self._bus.read_byte_data(self._address, register)))

    def _tried(self, access: Callable[[], Any]) -> Any:
        try:
            return access()
        except OSError as error:
            if error.errno in (errno.EREMOTEIO, errno.ENXIO, errno.EIO):
                raise ChipMissing(
                    f"{self._place}: no acknowledge; check the hat and its address"
                ) from error
            if error.errno in (errno.ETIMEDOUT, errno.EAGAIN):  # a chip without supply holds them
                raise ChipMissing(
                    f"{self._place}: SDA or SCL hangs; check the hat and its wires"
                ) from error
            raise BusClosed(f"{self._place}: {error.strerror}") from error

    def close(self) -> None:
        """Let the bus go."""
        self._bus.close()


class LinuxSerial:
    """A serial line of `baud` bits/s that never blocks, for the panel's microcontroller alone."""

    def __init__(self, path: str, baud: int = 115_200) -> None:
        with library("pyserial", "the front panel"):
            import serial

        with _explained("serial line", path, "dialout", "switch the UART on (enable_uart=1)"):
            self._port = serial.Serial(path, baud, timeout=0, write_timeout=0, exclusive=True)

    def fileno(self) -> int:
        """Readable when octets have come."""
        return int(self._port.fileno())

    def read(self, most: int = 4096) -> bytes:
        """What has come, at most so many octets; b"" when nothing has."""
        return bytes(self._port.read(most))

    def write(self, octets: bytes) -> int:
        """How many octets were taken.

        Not by the library: its write tries a line that takes nothing again and again, for ever.
        """
        try:
            return os.write(self._port.fileno(), octets)
        except BlockingIOError:
            return 0

    def close(self) -> None:
        """Let the line go."""
        self._port.close()


# --- pins ---------------------------------------------------------------------------------------


def _pin_errors() -> tuple[type[Exception], ...]:
    """What rpi-lgpio raises: its own errors, and those of the library under it once it is there."""
    below = getattr(sys.modules.get("lgpio"), "error", None)
    return (RuntimeError, ValueError, OSError) if below is None else (
        RuntimeError, ValueError, OSError, below,
    )  # fmt: skip


_PIN_ADVICE = (
    ("busy", "another program or an overlay of the device tree has it: end that, or wire another"),
    ("open gpiochip", "add the service's user to the group gpio"),
    ("permission", "add the service's user to the group gpio"),
    ("raspberry", "take the virtual board on other machines"),
)
"""What to do, by a word of the library's text in small letters."""


@contextmanager
def _explained_pin(pin: int) -> Iterator[None]:
    """Around an access to a pin: trouble becomes a HardwareError with its remedy."""
    try:
        yield
    except _pin_errors() as error:
        text = str(error).strip("'")
        fitting = (advice for word, advice in _PIN_ADVICE if word in text.lower())
        advice = next(fitting, "check the pin number in the board file")
        raise HardwareError(f"GPIO: pin {pin}: {text}; {advice}") from error


class _Pin:
    """One GPIO, in either direction."""

    def __init__(self, gpio: Any, number: int) -> None:
        self._gpio, self._number = gpio, number

    def set(self, level: bool) -> None:
        with _explained_pin(self._number):
            self._gpio.output(self._number, level)

    def read(self) -> bool:
        with _explained_pin(self._number):
            return bool(self._gpio.input(self._number))


def _pinlibrary() -> Any:
    """lgpio makes a pipe in the working folder at once; a device's root is read-only."""
    folder = tempfile.gettempdir()
    os.environ.setdefault("LG_WD", folder)
    with contextlib.chdir(folder):
        from RPi import GPIO
    return GPIO


class PinHardware:
    """Pins of this machine's processor and its I2C buses: all that a front panel needs."""

    def __init__(self) -> None:
        self._gpio: Any = None

    def output_pin(self, pin: int) -> OutputPin:
        """A pin that we drive, high to begin with."""
        with _explained_pin(pin):
            gpio = self._pins()
            gpio.setup(pin, gpio.OUT, initial=gpio.HIGH)
        return _Pin(gpio, pin)

    def input_pin(self, pin: int) -> InputPin:
        """A pin that we read, pulled up: interrupt pins are open drain."""
        with _explained_pin(pin):
            gpio = self._pins()
            gpio.setup(pin, gpio.IN, pull_up_down=gpio.PUD_UP)
        return _Pin(gpio, pin)

    def i2c(self, bus: int, address: int) -> I2cDevice:
        """The device at an address of an I2C bus. Raises HardwareError if there is no such bus."""
        return LinuxI2c(bus, address)

    def changes(self) -> int:
        """Nothing tells when an input changes: pins are read."""
        return -1

    def close(self) -> None:
        """Let the pins go; calling it twice is harmless."""
        if self._gpio is not None:
            self._gpio.cleanup()
            self._gpio = None

    def _pins(self) -> Any:
        if self._gpio is None:
            with library("rpi-lgpio", "GPIO"):
                GPIO = _pinlibrary()

            GPIO.setmode(GPIO.BCM)
            self._gpio = GPIO
        return self._gpio


class LinuxHardware(PinHardware):
    """Hardware of a board in this machine."""

    def __init__(self, spec: BoardSpec) -> None:
        super().__init__()
        self._spec = spec
        self._pcm: PcmPort | None = None

    def spi(self, bus: int, chip_select: int) -> "SpiDevice":
        """The device behind one chip select. Raises HardwareError saying what is missing."""
        return LinuxSpi(bus, chip_select, self._spec.spi_hz)

    def pcm(self) -> "PcmPort":
        """The board's PCM port, opened once."""
        if self._pcm is None:
            from drivers.linux_alsa import open_pcm

            spec = self._spec
            self._pcm = open_pcm(spec.pcm_device, spec.stream, spec.capture_device)
            if spec.codec is not None:  # which gives the clock, once it has been set up
                from drivers.linux_timer import LinuxTimer
                from drivers.stand_in import StandInPcm

                self._pcm = StandInPcm(self._pcm, LinuxTimer())
        return self._pcm

    def sound_output(self, device: str) -> "AlsaOutput":
        """A device that plays, by its ALSA name. Raises HardwareError."""
        from drivers.linux_alsa import AlsaOutput

        return AlsaOutput(device)

    def close(self) -> None:
        """Let pins and streams go; calling it twice is harmless."""
        super().close()
        if self._pcm is not None:
            self._pcm.close()
            self._pcm = None
