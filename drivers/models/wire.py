"""The wire face that both line chips share: one byte per chip select, a reset pin, a bit clock.

Time: `wire_us` counts microseconds of the chip's own time. A one-byte frame takes 10 µs (8 bits at
1 MHz and the gap); a period of the PCM clock brings it to the next multiple of 10 ms.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from drivers.models.faults import Fault
from drivers.models.violations import ViolationLog

FRAME_US = 10
PERIOD_US = 10_000
NOBODY = 0xFF
"""What a bus with a pull-up reads when no chip drives it."""

LEGAL_PCLK_HZ = frozenset(
    (256_000, 512_000, 768_000, 1_024_000, 1_536_000, 2_048_000, 4_096_000, 8_192_000)
)
"""Bit clocks on which the chips' PLLs lock [Si3215 DS]; on others they are as without a clock."""


_STUCK = frozenset((Fault.STUCK_BUS, Fault.STUCK_LOW, Fault.HUNG))


class SpiChip(ABC):
    """A chip on its own chip select. Subclasses take octets and know what phase they are in."""

    strict = True
    """Whether a second octet in one chip select is lost. The data sheet recommends to raise chip
    select between octets and does not require it, so some chips may take them [Si3215 DS, SPI]."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.violation_log = ViolationLog()
        self.faults: set[Fault] = set()
        self.in_reset = False
        self.clocked = False
        """Whether PCLK and FSYNC run at a legal rate."""
        self._pclk_hz = 0
        self.wire_us = 0
        self._interrupt_level = True

    @property
    def interrupt_level(self) -> bool:
        """Level of the interrupt pin; low asks for service (open drain)."""
        return self._interrupt_level

    def transfer(self, frames: Sequence[int]) -> list[int]:
        """One-byte frames, chip select high after each; gives what was read in each.

        Raises ValueError for what is no byte.
        """
        if self.in_reset:
            self.violation_log.note(f"{self.name}: bus access while RESET is low")
            return [NOBODY] * len(frames)
        if self.faults and not self.faults.isdisjoint(_STUCK):
            return [0x00 if Fault.STUCK_LOW in self.faults else NOBODY] * len(frames)
        octet = self._octet
        answers = []
        for frame in frames:
            if not 0 <= frame <= 0xFF:
                raise ValueError(f"{self.name}: frame {frame} is not a byte")
            self.wire_us += FRAME_US
            answers.append(octet(frame))
        return answers

    def select(self, octets: bytes) -> bytes:
        """One chip select assertion with any number of octets, as a raw bus would make it.

        A strict chip frames every byte by chip select: octets after the first are a violation,
        ignored. One that is not takes them all.
        """
        if not self.strict:
            return bytes(self.transfer(octets))
        if len(octets) != 1:
            self.violation_log.note(f"{self.name}: {len(octets)} bytes in one chip select")
        if not octets:
            return b""
        first = self.transfer(octets[:1])
        return bytes(first) + bytes([NOBODY] * (len(octets) - 1))

    def reset_pin(self, level: bool) -> None:
        """Drive RESET: low stops the chip, the rising edge starts it with its reset values."""
        self.in_reset = not level
        self.faults.discard(Fault.HUNG)
        self._reset()

    def clock(self, pclk_hz: int) -> None:
        """Let PCLK and FSYNC run at this rate; 0 stops them."""
        self._pclk_hz = pclk_hz
        if pclk_hz and pclk_hz not in LEGAL_PCLK_HZ:
            self.violation_log.note(f"{self.name}: PCLK of {pclk_hz} Hz is not a legal rate")
        self._look_around()

    def inject(self, fault: Fault) -> None:
        """Let this fault be there from now on."""
        self.faults.add(fault)
        self._look_around()

    def mend(self, fault: Fault) -> None:
        """Let this fault be gone; harmless if it was not there."""
        self.faults.discard(fault)
        self._look_around()

    def _look_around(self) -> None:
        runs = self._pclk_hz in LEGAL_PCLK_HZ
        self.clocked = runs and Fault.NO_CLOCK not in self.faults
        self._wake()

    @abstractmethod
    def _wake(self) -> None:
        """Something outside the registers changed: look at everything again."""

    @abstractmethod
    def _octet(self, octet: int) -> int:
        """Take one octet, give what SDO shows during it."""

    @abstractmethod
    def _reset(self) -> None:
        """Everything to reset values."""
