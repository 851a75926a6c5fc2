"""What can be made to go wrong with a chip model, so that the code above it is tried."""

from enum import Enum


class Fault(Enum):
    """Given to a model's `inject`, taken away by its `mend`."""

    STUCK_BUS = "every byte read is 0xFF, nothing written arrives"
    WRONG_REVISION = "the identity register shows a part that nobody knows"
    NO_SUPPLY = "Si3210: the DC-DC converter makes no battery voltage"
    LEAK = "Si3210: the battery voltage leaks away when the converter is off"
    SHORT = "Si3210: TIP and RING touch"
    LATE_CALIBRATION = "Si3210: calibration takes three seconds"
    BAD_INDIRECT = "Si3210: the lowest used bit of each indirect write is stored turned round"
    NO_LINK = "Si3050: the isolation link to the line side never locks"
