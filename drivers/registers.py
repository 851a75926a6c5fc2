"""Registers declared once and checked before anything reaches the bus; accesses in one transfer.

A chip's register file (si321x_registers.py, si3050_registers.py) declares `Register`s and
`BitField`s. A driver makes `Access`es of them and hands several to `RegisterBus.run`, which is one
call of SpiDevice.transfer. A poll that is always the same is prepared once as a `RegisterTransfer`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from operator import itemgetter

from drivers.buses import SpiDevice
from drivers.errors import FieldRange


class AccessMode(Enum):
    """What a write does to a register."""

    READ_WRITE = "read and write"
    READ_ONLY = "read only"
    WRITE_1_CLEARS = "write 1 to clear"
    WRITE_0_CLEARS = "write 0 to clear"


@dataclass(frozen=True, slots=True)
class Access:
    """One read (value None) or write of one register; made by Register, so already checked."""

    address: int
    value: int | None


@dataclass(frozen=True, slots=True)
class Register:
    """One 8-bit register: `writable` has a 1 for each bit that may be written as 1."""

    address: int
    name: str
    meaning: str
    writable: int = 0xFF
    mode: AccessMode = AccessMode.READ_WRITE

    def read(self) -> Access:
        """Ask for its value."""
        return Access(self.address, None)

    def write(self, value: int) -> Access:
        """Give it a value. Raises FieldRange when a bit is not there or must not be written."""
        if self.mode is AccessMode.READ_ONLY:
            raise FieldRange(f"register {self.address} {self.name} is read only")
        if value & ~self.writable:
            raise FieldRange(
                f"register {self.address} {self.name}: {value:#x} does not fit; "
                f"writable bits are {self.writable:#04x}"
            )
        return Access(self.address, value)

    def compose(self, *parts: "tuple[BitField, int]") -> Access:
        """A write made of its fields, the others 0. Raises FieldRange for a value too big."""
        value = 0
        for field, number in parts:
            if field.register is not self:
                raise FieldRange(f"{field.name} is no field of {self.name}")
            value |= field.place(number)
        return self.write(value)

    def clear(self, bits: int) -> Access:
        """Acknowledge these status bits and leave the others, in this register's own manner.

        Raises FieldRange for a register that holds no status.
        """
        if self.mode is AccessMode.WRITE_1_CLEARS:
            return Access(self.address, bits & 0xFF)
        if self.mode is AccessMode.WRITE_0_CLEARS:
            return Access(self.address, ~bits & 0xFF)
        raise FieldRange(f"register {self.address} {self.name} holds no status to clear")

    def field(self, name: str, high: int, low: int | None = None, meaning: str = "") -> "BitField":
        """Declare bits high..low (one bit when low is left out)."""
        return BitField(self, name, high, high if low is None else low, meaning)


@dataclass(frozen=True, slots=True)
class BitField:
    """Neighbouring bits of a register with a meaning of their own."""

    register: Register
    name: str
    high: int
    """Number of its highest bit, 0 to 7."""
    low: int
    """Number of its lowest bit."""
    meaning: str

    @property
    def mask(self) -> int:
        """Its bits within the register."""
        return ((1 << (self.high - self.low + 1)) - 1) << self.low

    def place(self, value: int) -> int:
        """The value shifted to its bits. Raises FieldRange when it does not fit."""
        if not 0 <= value <= self.mask >> self.low:
            raise FieldRange(
                f"{self.register.name}.{self.name}: {value} does not fit; "
                f"allowed: 0 to {self.mask >> self.low}"
            )
        return value << self.low

    def of(self, octet: int) -> int:
        """This field's value in an octet that was read."""
        return (octet & self.mask) >> self.low


@dataclass(frozen=True, slots=True)
class Framing:
    """How one access looks on the wire [Si3215 DS, SPI; Si3050 as in the DAHDI drivers].

    Si321x   read: 1aaaaaaa ........       write: 0aaaaaaa dddddddd
    Si3050   read: 0110cccc aaaaaaaa .....  write: 0010cccc aaaaaaaa dddddddd
    Each byte is a frame of its own: chip select is high between them.
    """

    read_control: int
    """First octet of a read."""
    write_control: int
    """First octet of a write."""
    address_apart: bool
    """The address is an octet of its own; else it is the lower bits of the first one."""
    filler: int = 0x00
    """Sent while a value is read. A chip that is out of step takes it for another octet: it should
    do no harm then. 0x80 reads a register. 0x00 lacks the bit that each control octet of an Si3050
    has, and no register has that number."""

    @property
    def octets(self) -> int:
        """Of an access."""
        return 3 if self.address_apart else 2

    def head(self, access: Access) -> tuple[int, ...]:
        """The frames before the data frame."""
        control = self.read_control if access.value is None else self.write_control
        if self.address_apart:
            return (control, access.address)
        return (control | access.address,)


SI321X_FRAMING = Framing(read_control=0x80, write_control=0x00, address_apart=False, filler=0x80)
SI3050_FRAMING = Framing(read_control=0x60, write_control=0x20, address_apart=True)


class RegisterTransfer:
    """Accesses laid out as frames, ready to be sent again and again."""

    __slots__ = ("frames", "read")

    def __init__(self, framing: Framing, accesses: Iterable[Access]) -> None:
        frames: list[int] = []
        places: list[int] = []
        for access in accesses:
            frames.extend(framing.head(access))
            if access.value is None:
                places.append(len(frames))
            frames.append(framing.filler if access.value is None else access.value)
        self.frames: Sequence[int] = tuple(frames)
        self.read = _picker(places)
        """What the reads brought, from all octets that came back."""


def _picker(places: Sequence[int]) -> Callable[[Sequence[int]], tuple[int, ...]]:
    """Gives the octets at these places; many polls a second do this."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda octets: tuple(octets[place] for place in places)


class RegisterBus:
    """One chip's registers behind one chip select."""

    def __init__(self, spi: SpiDevice, framing: Framing) -> None:
        self._spi = spi
        self._framing = framing

    def run(self, *accesses: Access) -> tuple[int, ...]:
        """Do these in one transfer and return what the reads among them brought, in order."""
        return self.send(RegisterTransfer(self._framing, accesses))

    def send(self, transfer: RegisterTransfer) -> tuple[int, ...]:
        """Send a prepared transfer and return what its reads brought."""
        return transfer.read(self._spi.transfer(transfer.frames))

    def step(self) -> None:
        """Send one frame alone, the filler: it shifts what the chip takes for a first octet."""
        self._spi.transfer((self._framing.filler,))

    def read(self, register: Register) -> int:
        """One register's value."""
        return self.run(register.read())[0]

    def write(self, register: Register, value: int) -> None:
        """Give one register a value. Raises FieldRange before anything is sent."""
        self.run(register.write(value))
