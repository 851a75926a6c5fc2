"""What the codecs of SLIC boards have in common: 7 + 9 bits over I2C, write-only, one for all.

[Linux, sound/soc/codecs: wm8960.c, wm8731.c] A codec cannot be read. What was written is kept
here, so that one that was gone is set up again as it was. Its crystal makes the clock of the PCM
port: nothing is heard of a line before the codec is set up, and nothing more when it has lost its
supply.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from app.core.sentences import sentence
from drivers.chip import CHECK_PERIODS
from drivers.codec_spec import CodecSpec
from drivers.errors import ChipFault, ChipMissing
from drivers.pins import I2cDevice
from drivers.ports import Steps

WRITES_AT_ONCE = 6
"""A write is 27 clocks of 100 kHz, 0.3 ms: six are within the 2 ms that a step may take."""

CLOCKLESS_PERIODS = CHECK_PERIODS * 4 // 5
"""So many of the periods between two checks are lost only without any clock."""

Write = tuple[int, int]
"""Register and its nine bits."""

log = logging.getLogger(__name__)


class Codec(ABC):
    """One codec, used by the lines of one or two of its channels (0 is left, 1 is right).

    `lost` counts the periods for which the PCM port was not served, as it is when it has no clock.
    Every method raises ChipMissing when nobody acknowledges, and BusClosed.
    """

    def __init__(
        self, spec: CodecSpec, device: I2cDevice, board: str, lost: Callable[[], int]
    ) -> None:
        self.spec = spec
        self.place = f"board {board}: {spec.place}"
        self.works = False
        """It has been set up, and has acknowledged everything since."""
        self.trouble = "is not set up"
        """Why it does not work."""
        self._device, self._lost = device, lost
        self._setting_up = False
        self._next_check: int | None = None
        self._lost_before = 0
        self._shadow = self._wanted()
        self._turn = 0
        """Which register of the shadow is written again at the next check."""

    def set_up(self) -> Steps:
        """Bring it from any state to sound on its channels, unless it works.

        Who comes second waits until the first is through.
        """
        while self._setting_up:
            yield 1
        if self.works:
            return
        self._setting_up = True
        try:
            yield from self._set_up()
            self.works, self._next_check = True, None
            log.info("%s: set up", self.place)
        finally:
            self._setting_up = False

    def hear(self, channel: int, heard: bool) -> None:
        """Whether what comes from this channel's line is heard; not while its bell rings."""
        register, value = self._input(channel, heard)
        if self._shadow[register] == value:
            return
        self._shadow[register] = value
        if self.works:
            self._write(register, value)

    def check(self, now: int) -> None:
        """Four times a second: one register is written again as it was, in turn.

        So a codec that is gone is noticed, and a register that was disturbed is put right. Raises
        ChipFault when it has stopped giving the clock, as after a dip of its supply.
        """
        if not self.works or (self._next_check is not None and now < self._next_check):
            return
        first, self._next_check = self._next_check is None, now + CHECK_PERIODS
        lost, self._lost_before = self._lost() - self._lost_before, self._lost()
        if first:
            return
        registers = list(self._shadow)
        self._turn = (self._turn + 1) % len(registers)
        register = registers[self._turn]
        self._write(register, self._shadow[register])
        if lost >= CLOCKLESS_PERIODS:
            raise ChipFault(
                self._fail(
                    sentence(
                        "acknowledges, but gives no clock to the PCM port; check "
                        "crystal_hz in board.toml, and BCLK and LRCLK between codec "
                        "and processor"
                    )
                )
            )

    @abstractmethod
    def power_off(self) -> None:
        """Outputs to ground without a click; the rest discharges by itself."""

    @abstractmethod
    def _wanted(self) -> dict[int, int]:
        """Registers and what they hold when all is set up, inputs muted; each may be written again
        at any time."""

    @abstractmethod
    def _input(self, channel: int, heard: bool) -> Write:
        """The register of a channel's input, and its value."""

    @abstractmethod
    def _set_up(self) -> Steps:
        """From any state to sound."""

    def _write(self, register: int, value: int) -> None:
        """One register: its address in seven bits, then nine bits of value."""
        try:
            self._device.write_register(register << 1 | value >> 8, value & 0xFF)
        except ChipMissing as error:
            raise ChipMissing(
                self._fail(
                    sentence(
                        "no acknowledge; check that the hat is plugged in, its "
                        "supply, SDA and SCL, the address in board.toml, and that "
                        "the kernel has no driver for it"
                    )
                )
            ) from error

    def _fail(self, what: str) -> str:
        """It must be set up again; what is wrong, with its place."""
        trouble = sentence("%(place)s: %(what)s", place=self.place, what=what)
        self.works, self.trouble = False, trouble
        return self.trouble

    def _write_all(self, writes: Sequence[Write]) -> Steps:
        """In pieces, so that no step holds the bus for long."""
        for start in range(0, len(writes), WRITES_AT_ONCE):
            for register, value in writes[start : start + WRITES_AT_ONCE]:
                self._write(register, value)
            yield 1

    def _kept(self, *registers: int) -> list[Write]:
        """These registers with what the shadow says of them."""
        return [(register, self._shadow[register]) for register in registers]


def per_channel(channels: Sequence[int], left: int, right: int) -> int:
    """The bits of those of the two channels that have a line."""
    return (left if 0 in channels else 0) | (right if 1 in channels else 0)
