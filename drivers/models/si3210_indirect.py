"""The Si3210's indirect registers: 16 bits each, undefined after reset, served at 16 kHz.

[Si3215 DS, indirect registers]

"IDA written before IAA" makes an access a write, IAA alone makes it a read.
"""

from random import Random

from drivers.models.faults import Fault
from drivers.models.si3210_registers import Part
from drivers.models.violations import ViolationLog

SERVED_AFTER_US = 63  # one tick of 16 kHz is 62.5 µs


class IndirectRegisters:
    """The indirect memory and the one access that may be pending."""

    def __init__(
        self, part: Part, random: Random, faults: set[Fault], violation_log: ViolationLog
    ) -> None:
        self._part, self._random = part, random
        self._faults, self._violations = faults, violation_log
        self._words: dict[int, int] = {}
        self._unwritten: set[int] = set()
        self._data = 0
        self._data_written = False
        self._address: int | None = None
        self._due_us = 0
        self.scramble()

    def scramble(self) -> None:
        """What a reset leaves: nobody knows what, and no access pending."""
        anything = self._random.randrange
        self._words = {address: anything(1, 0x10000) for address in sorted(self._part.indirect)}
        self._unwritten = set(self._part.to_write)
        self._address = None
        self._data_written = False
        self._data = 0

    @property
    def forgotten(self) -> list[int]:
        """Addresses that still hold what reset left there, though what is there matters."""
        return sorted(self._unwritten)

    @property
    def pending(self) -> bool:
        """IAS bit 0."""
        return self._address is not None

    def __getitem__(self, name: str) -> int:
        """A word by its data-sheet name, as an unsigned number."""
        return self._words[self._part.places[name]]

    def signed(self, name: str) -> int:
        """A word by its data-sheet name, as two's complement."""
        return (self[name] ^ 0x8000) - 0x8000

    def data(self, high: bool) -> int:
        """What IDA shows: the low or the high octet."""
        return self._data >> 8 if high else self._data & 0xFF

    def write_data(self, high: bool, octet: int) -> None:
        """The driver writes IDA."""
        if self._refuse():
            return
        keep = 0x00FF if high else 0xFF00
        self._data = self._data & keep | (octet << 8 if high else octet)
        self._data_written = True

    def start(self, address: int, now_us: int) -> None:
        """The driver writes IAA."""
        if self._refuse():
            return
        if address not in self._part.indirect:
            self._violations.note(f"{self._part.name}: no indirect register {address}")
            self._data_written = False
            return
        self._address, self._due_us = address, now_us + SERVED_AFTER_US

    def serve(self, now_us: int) -> bool:
        """Finish the pending access if its time has come; says whether one was finished."""
        if self._address is None or now_us < self._due_us:
            return False
        if self._data_written:
            flaw = 0x0010 if Fault.BAD_INDIRECT in self._faults else 0
            self._words[self._address] = self._data ^ flaw
            self._unwritten.discard(self._address)
        else:
            self._data = self._words[self._address]
        self._address, self._data_written = None, False
        return True

    def _refuse(self) -> bool:
        if self._address is not None:
            self._violations.note(f"{self._part.name}: indirect access while one is pending")
        return self._address is not None
