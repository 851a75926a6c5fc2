"""The MCP23017, a port expander on I2C: outputs that we drive, inputs whose changes it reports.

Registers are used as two neighbours, port A then B (IOCON.BANK = 0). INTA reports both ports
(MIRROR), open drain, low. Reading GPIO ends an interrupt [DS20001952, 3.5.9, 3.6].

A line of a metre between two boxes picks up what a board does not: registers are read back at each
check, and one that differs is put right; a change whose interrupt was lost is seen then, too.
"""

import logging

from drivers.pins import I2cDevice

log = logging.getLogger(__name__)

IODIR, IPOL, GPINTEN, DEFVAL, INTCON, IOCON, GPPU = 0x00, 0x02, 0x04, 0x06, 0x08, 0x0A, 0x0C
INTF, INTCAP, GPIO, OLAT = 0x0E, 0x10, 0x12, 0x14
"""Addresses of port A with BANK = 0; port B's is the next one [DS20001952, table 3-3]."""
IOCON_OF_BANK_1 = 0x05
"""Where IOCON is if BANK is 1; with BANK = 0 this is GPINTENB, which a 0 does no harm."""

MIRROR, OPEN_DRAIN = 0x40, 0x04
"""IOCON: INTA and INTB are one, and both are open drain [DS20001952, register 3-6]."""


class Mcp23017:
    """One expander. `inputs` has a 1 for each pin, A0 to A7 and B0 to B7, that is a button.

    Every method raises ChipMissing when nobody answers, and BusClosed.
    """

    def __init__(self, device: I2cDevice, inputs: int) -> None:
        self._device, self._inputs = device, inputs
        self._outputs = 0
        self.repaired = 0
        """Registers that held something else than was written, since the start."""

    def set_up(self) -> None:
        """From whatever state it is in: directions, pull-ups, interrupts, outputs."""
        self._device.write_register(IOCON_OF_BANK_1, 0)
        for register, value in self._wanted().items():
            self._write(register, value)

    def levels(self) -> int:
        """All pins as they are now, A0 in bit 0; ends the interrupt."""
        return self._read(GPIO)

    def drive(self, outputs: int) -> None:
        """Levels of the outputs, as in `levels`."""
        self._outputs = outputs & ~self._inputs
        self._write(OLAT, self._outputs)

    def check(self) -> None:
        """Read back what was written; if anything differs, set it up anew."""
        seen = {register: self._read(register) for register in self._wanted()}
        wrong = [place for place, value in self._wanted().items() if seen[place] != value]
        if wrong:
            self.repaired += len(wrong)
            what = ", ".join(f"{place:#04x} held {seen[place]:#06x}" for place in wrong)
            log.warning("MCP23017: put right: %s", what)
            self.set_up()

    def _wanted(self) -> dict[int, int]:
        """Pairs of registers and what they must hold; outputs before directions, so that an LED
        does not flash at a start."""
        control = MIRROR | OPEN_DRAIN
        return {
            IOCON: control | control << 8,
            OLAT: self._outputs,
            IPOL: 0,
            GPPU: self._inputs,
            DEFVAL: 0,
            INTCON: 0,
            GPINTEN: self._inputs,
            IODIR: self._inputs,
        }

    def _write(self, register: int, value: int) -> None:
        self._device.write_register(register, value & 0xFF)
        self._device.write_register(register + 1, value >> 8)

    def _read(self, register: int) -> int:
        low = self._device.read_register(register)
        return low | self._device.read_register(register + 1) << 8
