"""What can be made to go wrong with a chip model, so that the code above it is tried."""

from enum import Enum


class Fault(Enum):
    """Given to a model's `inject`, taken away by its `mend`."""

    STUCK_BUS = "every byte read is 0xFF, nothing written arrives"
    STUCK_LOW = "every byte read is 0x00, nothing written arrives"
    HUNG = "until it is reset by its pin every byte read is 0xFF, nothing written arrives"
    NO_CLOCK = "PCLK and FSYNC do not reach the chip"
    WRONG_REVISION = "the identity register shows a part that nobody knows"
    NO_SUPPLY = "Si3210: the DC-DC converter makes no battery voltage"
    BROWN_OUT = "Si3210: the supply has dipped: the chip has reset itself and gets no battery"
    FOREIGN_VOLTAGE = "Si3210: somebody else puts 50 V on the open line"
    POWER_ALARM = "Si3210: a transistor is too hot whenever the line is fed"
    LEAK = "Si3210: the battery voltage leaks away when the converter is off"
    SHORT = "Si3210: TIP and RING touch"
    LATE_CALIBRATION = "Si3210: calibration takes three seconds"
    BAD_INDIRECT = "Si3210: the lowest used bit of each indirect write is stored turned round"
    NO_LINK = "Si3050: the isolation link to the line side never locks"

    @property
    def chip(self) -> str:
        """The only chip that can have it, by its name; empty: each can."""
        name, _, meaning = self.value.partition(": ")
        return name if meaning else ""
