"""A panel's hardware in this process, and a panel with a microcontroller that runs for real."""

import contextlib
import os
import pty
import select
import subprocess
import sys
import tty
from pathlib import Path
from typing import Self

from app.inbox.limits import Limits
from drivers.buses import I2cDevice
from drivers.models.mcp23017 import Mcp23017Model

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "board" / "panel"
MICROPYTHON = Path(sys.executable).parent / "micropython"
LIMITS = Limits(
    quota=10_000,
    voicemails=0,
    heard_days=0,
    unheard_days=0,
    fetched_days=0,
    unfetched_days=0,
)
"""Of an inbox, as the panel is told them."""


class Wire:
    """One pin of the processor: driven by us, or by whoever holds the bench's end."""

    def __init__(self, level: bool = True) -> None:
        self.level = level

    def set(self, level: bool) -> None:
        self.level = level

    def read(self) -> bool:
        return self.level


class BenchHardware:
    """Pins and an expander; nothing tells of a change."""

    def __init__(self, interrupt: int = 27) -> None:
        self.expander = Mcp23017Model("expander")
        self.pins: dict[int, Wire] = {}
        self._interrupt = interrupt
        self.closed = False

    def _wire(self, pin: int) -> Wire:
        return self.pins.setdefault(pin, Wire())

    def output_pin(self, pin: int) -> Wire:
        return self._wire(pin)

    def input_pin(self, pin: int) -> "Wire | BenchHardware":
        return self if pin == self._interrupt else self._wire(pin)

    def read(self) -> bool:
        return self.expander.interrupt_levels()[0]

    def i2c(self, bus: int, address: int) -> I2cDevice:
        return self.expander

    def changes(self) -> int:
        return -1

    def close(self) -> None:
        self.closed = True


class RunningFirmware:
    """The panel's firmware in MicroPython's unix port; `path` is its serial line's other end.

    Its pins lie in a file, one octet each.
    """

    def __init__(self, folder: Path) -> None:
        self._master, slave = pty.openpty()
        tty.setraw(self._master)
        tty.setraw(slave)
        self._pins = folder / "pins"
        self._pins.write_bytes(b"\1" * 64)
        environment = {
            "MICROPYPATH": f"{FIRMWARE}:{FIRMWARE / 'port'}:.frozen",
            "PANEL_PINS": str(self._pins),
            "PANEL_TTY": os.ttyname(slave),
        }
        self._process = subprocess.Popen([MICROPYTHON, FIRMWARE / "main.py"], env=environment)
        self._slave = slave
        os.set_blocking(self._master, False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # What drivers.panel_uart.SerialLine asks for, at the master's end.

    def fileno(self) -> int:
        return self._master

    def read(self, most: int = 4096) -> bytes:
        with contextlib.suppress(BlockingIOError):
            return os.read(self._master, most)
        return b""

    def write(self, octets: bytes) -> int:
        return os.write(self._master, octets)

    def close(self) -> None:
        """The box lets the line go; the panel stays."""

    # The bench.

    def wait(self, most_s: float) -> None:
        """Until it says something, or for so long: it runs at its own pace."""
        select.select([self._master], [], [], most_s)

    def level(self, pin: int) -> int:
        return self._pins.read_bytes()[pin]

    def put(self, pin: int, level: int) -> None:
        with self._pins.open("r+b") as pins:
            pins.seek(pin)
            pins.write(bytes((level,)))

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()
        for end in (self._master, self._slave):
            with contextlib.suppress(OSError):
                os.close(end)
