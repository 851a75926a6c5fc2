"""What the models of both codecs share: an I2C target of 7 + 9 bits, sound through two channels.

[Linux, sound/soc/codecs/wm8960.h and wm8731.h: registers and values after reset]

Wire: `write_register` as I2C brings two octets; a read is not acknowledged. Bench: `present` takes
the chip off the bus, `brown_out` is a dip of its supply, `violation_log` has what the chip or the
PCM port does not allow. What a channel does is told by `input_gain` and `output_gain`, in dB, None
while anything on its way is off.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from drivers.buses import SAMPLE_RATE, Samples
from drivers.errors import ChipMissing
from drivers.models.slots import scaled
from drivers.models.violations import ViolationLog

CHARGE_PERIODS = 10
"""VMID needs 100 ms until it stands."""


class CodecModel(ABC):
    """One codec with this crystal, in hertz, on a PCM port of two channels (0 is left)."""

    reset_values: Mapping[int, int]
    """By register; there are no others."""
    reset_register = 0x0F

    def __init__(self, name: str, crystal_hz: int) -> None:
        self.name, self.crystal_hz = name, crystal_hz
        self.violation_log = ViolationLog()
        self.present = True
        self.clicks = 0
        """How often something hard was heard at an output that was on while VMID moved."""
        self.clockless_periods = 0
        """Periods for which it gave the port no clock."""
        self._registers: dict[int, int] = {}
        self._reset()

    def __getitem__(self, register: int) -> int:
        """What a register holds, which nobody on the bus can read."""
        return self._registers[register]

    # ------------------------------------------------------------------ wire

    def write_register(self, register: int, value: int) -> None:
        """Two octets: seven bits of address and nine of value. Raises ChipMissing when it is off
        the bus, ValueError for what is no octet."""
        if not (0 <= register <= 0xFF and 0 <= value <= 0xFF):
            raise ValueError(f"{self.name}: {register}, {value} are not two octets")
        if not self.present:
            raise ChipMissing(f"{self.name}: no acknowledge")
        address, word = register >> 1, (register & 1) << 8 | value
        if address == self.reset_register:
            self._reset()
        elif address not in self._registers:
            self.violation_log.note(f"{self.name}: no register {address:#04x}")
        else:
            before = self._registers[address]
            self._registers[address] = word
            self._written(address, before, word)

    def read_register(self, register: int) -> int:
        """Not acknowledged: the chip has no way to be read. Raises ChipMissing."""
        self.violation_log.note(f"{self.name}: read of a write-only chip")
        raise ChipMissing(f"{self.name}: no acknowledge")

    # ------------------------------------------------------------------ bench

    def brown_out(self) -> None:
        """The supply dips: all registers as after reset, which nobody on the bus is told."""
        self._reset()

    # ------------------------------------------------------------------ time and sound

    @property
    def clocks(self) -> bool:
        """Whether it gives bit clock and frame sync at the port's rate."""
        return self.rate_hz() == SAMPLE_RATE

    def step(self) -> None:
        """A period passes."""
        self._live()
        self.clockless_periods += not self.clocks

    def _live(self) -> None:
        if not self.present:
            self._reset()  # without its supply
            return
        self._step()
        rate = self.rate_hz()
        if rate is not None and rate != SAMPLE_RATE:
            self.violation_log.note(f"{self.name}: frames at {rate:.0f} Hz, the port has 8000")

    def to_line(self, channel: int, played: Samples) -> Samples | None:
        """What comes out of a channel's output of what is played; None is silence."""
        gain = self.output_gain(channel) if self.clocks else None
        return None if gain is None else _louder(played, gain)

    def from_line(self, channel: int, line: Samples | None) -> Samples | None:
        """What is heard in a channel of what is at its input; None is silence."""
        gain = self.input_gain(channel) if self.clocks else None
        return None if gain is None or line is None else _louder(line, gain)

    def _reset(self) -> None:
        self._registers = dict(self.reset_values)
        self._forget()

    @abstractmethod
    def rate_hz(self) -> float | None:
        """Frames a second on the PCM port; None while it gives no clock."""

    @abstractmethod
    def input_gain(self, channel: int) -> float | None:
        """From input to samples in dB."""

    @abstractmethod
    def output_gain(self, channel: int) -> float | None:
        """From samples to output in dB."""

    @abstractmethod
    def _written(self, address: int, before: int, word: int) -> None:
        """A register has a new value."""

    @abstractmethod
    def _step(self) -> None:
        """A period passes with the supply on."""

    @abstractmethod
    def _forget(self) -> None:
        """What is not in registers is as after reset."""


def _louder(row: Samples, db: float) -> Samples:
    return row if db == 0 else scaled(row, 10 ** (db / 20))
