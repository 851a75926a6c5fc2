"""Access to the 16-bit registers of Si3210 and Si3215 [Si3215 DS, "Indirect Registers"]."""

from app.core.sentences import sentence
from drivers import si321x_registers as reg
from drivers.errors import ChipTimeout
from drivers.registers import Access, RegisterBus

POLLS_PER_TRANSFER = 6
POLLS_AT_MOST = 60
"""An indirect access is served within 62.5 us; 60 reads at 16 MHz take that long."""


class IndirectAccess:
    """The 16-bit registers behind IDA and IAA, for either chip's numbering."""

    def __init__(self, bus: RegisterBus, place: str) -> None:
        self._bus = bus
        self._place = place
        self.si3215 = False

    def write(self, register: reg.Indirect, value: int) -> None:
        """Set one to a 16-bit value; one that this chip lacks is left out. Raises ChipTimeout."""
        address = self._address(register)
        if address is None:
            return
        low, high = reg.IDA_LOW.write(value & 0xFF), reg.IDA_HIGH.write(value >> 8)
        self._serve(low, high, reg.IAA.write(address))

    def read(self, register: reg.Indirect) -> int | None:
        """Its value, None where this chip lacks it. Raises ChipTimeout."""
        address = self._address(register)
        if address is None:
            return None
        self._serve(reg.IAA.write(address))
        low, high = self._bus.run(reg.IDA_LOW.read(), reg.IDA_HIGH.read())
        return high << 8 | low

    def wait(self) -> None:
        """Until no access is pending. Raises ChipTimeout."""
        self._serve()

    def _address(self, register: reg.Indirect) -> int | None:
        return register.si3215 if self.si3215 else register.si3210

    def _serve(self, *accesses: Access) -> None:
        """Start the access and wait for its end, polls gathered into the same transfer."""
        polls = [reg.IAS.read()] * POLLS_PER_TRANSFER
        pending = self._bus.run(*accesses, *polls)[-1]
        for _ in range(POLLS_AT_MOST // POLLS_PER_TRANSFER):
            if not pending:
                return
            pending = self._bus.run(*polls)[-1]
        raise ChipTimeout(
            sentence(
                "%(place)s: indirect register not served within "
                "%(polls_at_most)s polls; check that the PCM bit clock runs",
                place=self._place,
                polls_at_most=POLLS_AT_MOST,
            )
        )
