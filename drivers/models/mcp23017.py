"""A model of the MCP23017, from its data sheet [Microchip DS20001952]: registers, pins, interrupts.

Wire: `write_register`, `read_register`, as I2C brings them, and the levels of INTA and INTB.
Bench: `press` puts a pin to ground, `outputs` is what the pins drive, `break_bit` changes a bit of
a register as a disturbance would, `present` takes the chip off the bus.
"""

from drivers.errors import ChipMissing
from drivers.models.violations import ViolationLog

NAMES = (
    "IODIR", "IPOL", "GPINTEN", "DEFVAL", "INTCON", "IOCON", "GPPU", "INTF", "INTCAP", "GPIO",
    "OLAT",
)  # fmt: skip
"""In the order of their addresses, of each port [table 3-1]."""
BANK, MIRROR, SEQOP, DISSLW, HAEN, ODR, INTPOL = 0x80, 0x40, 0x20, 0x10, 0x08, 0x04, 0x02
"""Bits of IOCON; bit 0 reads as 0 [register 3-6]."""
OUTPUT_ONLY = 0x80
"""Bit 7 of each port cannot be an input [table 1-1]."""


class Port:
    """Eight pins and their registers, IOCON aside."""

    def __init__(self) -> None:
        self.registers = dict.fromkeys(NAMES, 0)
        self.registers["IODIR"] = 0xFF
        self.grounded = 0
        """Pins that a button holds at ground."""
        self.compared = 0
        """Levels that the next change is compared with [INTCON = 0]."""

    def levels(self) -> int:
        """What is on the pins: what we drive, else the button, else the pull-up (a pin that floats
        reads 0 here, so that a forgotten pull-up is found)."""
        inputs = self.registers["IODIR"]
        pulled = self.registers["GPPU"] & ~self.grounded
        return self.registers["OLAT"] & ~inputs & 0xFF | inputs & pulled

    def seen(self) -> int:
        """The levels as GPIO shows them."""
        return self.levels() ^ self.registers["IPOL"] & self.registers["IODIR"]

    def differing(self) -> int:
        """Enabled pins that are not as they are compared with [registers 3-3 to 3-5]."""
        r, seen = self.registers, self.seen()
        by_default = (seen ^ r["DEFVAL"]) & r["INTCON"]
        by_change = (seen ^ self.compared) & ~r["INTCON"]
        return (by_default | by_change) & r["GPINTEN"] & r["IODIR"] & 0xFF

    def look(self) -> None:
        """A pin may have changed: the first condition sets INTF and catches INTCAP."""
        if self.registers["INTF"]:
            return  # until it is cleared, nothing else is caught [3.6.4]
        differing = self.differing()
        if differing:
            self.registers["INTF"] = differing
            self.registers["INTCAP"] = self.seen()
        self.compared = self.seen()

    def clear(self) -> None:
        """INTCAP or GPIO was read: the interrupt ends, unless its condition by DEFVAL goes on."""
        self.registers["INTF"] = 0
        self.compared = self.seen()
        self.look()


class Mcp23017Model:
    """One expander."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.violation_log = ViolationLog()
        self.present = True
        self.loses_interrupts = False
        """The interrupt's wire is broken: INTA and INTB stay high."""
        self._iocon = 0
        self.ports = (Port(), Port())

    def power_cycle(self) -> None:
        """Everything to its values after power-up; buttons stay as they are held."""
        held = [port.grounded for port in self.ports]
        self._iocon = 0
        self.ports = (Port(), Port())
        for port, grounded in zip(self.ports, held, strict=True):
            port.grounded = grounded

    # ------------------------------------------------------------------ wire

    def write_register(self, register: int, value: int) -> None:
        """One octet. Raises ChipMissing while the chip is off the bus."""
        port, name = self._place(register)
        if name == "IOCON":
            self._iocon = value & 0xFE
        elif name in ("INTF", "INTCAP"):
            self.violation_log.note(f"{self.name}: {name} is read only")
        elif name == "GPIO":
            port.registers["OLAT"] = value
        else:
            if name == "IODIR" and value & OUTPUT_ONLY:
                self.violation_log.note(f"{self.name}: pin 7 of a port as an input")
            port.registers[name] = value
        port.look()

    def read_register(self, register: int) -> int:
        """One octet. Raises ChipMissing while the chip is off the bus."""
        port, name = self._place(register)
        if name == "IOCON":
            return self._iocon
        if name == "GPIO":
            octet = port.seen()
            port.clear()
            return octet
        octet = port.registers[name]
        if name == "INTCAP":
            port.clear()
        return octet

    def interrupt_levels(self) -> tuple[bool, bool]:
        """INTA and INTB; with ODR a released pin is pulled high [register 3-6]."""
        if self.loses_interrupts or not self.present:
            return True, True
        asks = [bool(port.registers["INTF"]) for port in self.ports]
        if self._iocon & MIRROR:
            asks = [any(asks)] * 2
        active_high = bool(self._iocon & INTPOL) and not self._iocon & ODR
        levels = [ask == active_high for ask in asks]
        return levels[0], levels[1]

    def _place(self, register: int) -> tuple[Port, str]:
        """Port and name of an address: paired with BANK = 0, apart with BANK = 1 [table 3-1]."""
        if not self.present:
            raise ChipMissing(f"{self.name}: no acknowledge")
        if self._iocon & BANK:
            number, index = register >> 4, register & 0x0F
        else:
            index, number = divmod(register, 2)
        if number > 1 or index >= len(NAMES):
            self.violation_log.note(f"{self.name}: no register at {register:#04x}")
            return Port(), "OLAT"
        return self.ports[number], NAMES[index]

    # ------------------------------------------------------------------ bench

    def press(self, pin: int, pressed: bool) -> None:
        """A button at pin 0 to 15 (A0 to B7) connects it to ground, or lets it go."""
        port, bit = self.ports[pin // 8], 1 << pin % 8
        port.grounded = port.grounded | bit if pressed else port.grounded & ~bit
        port.look()

    def outputs(self) -> int:
        """Pins that are driven high, A0 in bit 0."""
        driven = [p.registers["OLAT"] & ~p.registers["IODIR"] & 0xFF for p in self.ports]
        return driven[0] | driven[1] << 8

    def break_bit(self, port: int, name: str, bit: int) -> None:
        """Turn one bit of a register of port 0 or 1, as a disturbance does."""
        if name == "IOCON":
            self._iocon ^= 1 << bit
        else:
            self.ports[port].registers[name] ^= 1 << bit
        self.ports[port].look()
