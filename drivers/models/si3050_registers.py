"""The Si3050's registers as tables: number, reset value, bits that a write can change.

Source: facts of the [Si3050 DS] with the line side Si3019. Unlisted numbers are reserved.
"""

from collections.abc import Mapping
from types import MappingProxyType

CONTROL_1, CONTROL_2, MASK, SOURCE, DAA_1, DAA_2 = 1, 2, 3, 4, 5, 6
REVISION, LINE_STATUS, LINE_REVISION, MUTE, INTERNATIONAL_1 = 11, 12, 13, 15, 16
DAA_3 = 10
INTERNATIONAL_2, INTERNATIONAL_3, INTERNATIONAL_4 = 17, 18, 19
VALIDATION_1, VALIDATION_2, VALIDATION_3, DC_TERMINATION = 22, 23, 24, 26
LOOP_CURRENT, LINE_VOLTAGE, DAA_5, PCM_MODE, TXS_LOW, RXS_HIGH = 28, 29, 31, 33, 34, 37
TX_GAIN_2, RX_GAIN_2, TX_GAIN_3, RX_GAIN_3 = 38, 39, 40, 41

NONE, ALL = 0x00, 0xFF

# number: (reset value, writable bits)
REGISTERS: Mapping[int, tuple[int, int]] = MappingProxyType(
    {
        CONTROL_1: (0x00, 0xBA),
        CONTROL_2: (0x03, 0xD7),
        MASK: (0x00, ALL),
        SOURCE: (0x00, ALL),
        DAA_1: (0x00, 0x09),
        DAA_2: (0x10, 0x18),
        7: (0x00, 0x08),
        DAA_3: (0x00, 0x01),
        REVISION: (0x00, NONE),
        LINE_STATUS: (0x00, NONE),
        LINE_REVISION: (0x00, NONE),
        14: (0x00, 0x02),
        MUTE: (0x00, 0x88),
        INTERNATIONAL_1: (0x00, 0xF3),
        INTERNATIONAL_2: (0x00, 0xFE),
        INTERNATIONAL_3: (0x00, 0x02),
        INTERNATIONAL_4: (0x00, NONE),
        20: (0x00, ALL),
        21: (0x00, ALL),
        VALIDATION_1: (0x96, ALL),
        VALIDATION_2: (0x2D, ALL),
        VALIDATION_3: (0x19, 0xBF),
        25: (0x00, ALL),
        DC_TERMINATION: (0x00, 0xF3),
        LOOP_CURRENT: (0x00, NONE),
        LINE_VOLTAGE: (0x00, NONE),
        30: (0x00, 0x1F),
        DAA_5: (0x20, 0xEB),
        32: (0x00, 0x03),
        PCM_MODE: (0x00, 0xBB),
        TXS_LOW: (0x00, ALL),
        35: (0x00, 0x03),
        36: (0x00, ALL),
        RXS_HIGH: (0x00, 0x03),
        **{number: (0x00, 0x1F) for number in range(TX_GAIN_2, RX_GAIN_3 + 1)},
        43: (0x00, ALL),
        44: (0x00, 0x0F),
        **{number: (0x00, ALL) for number in range(45, 53)},
        59: (0x00, ALL),
    }
)

UNDEFINED = frozenset((7, MUTE, 43, *range(45, 53), 59))
"""After a reset there is anything in them, as far as any source says."""

# Bits of the interrupt source and mask registers.
RING, FRAME_LOST, DROPPED_OUT, POLARITY = 0x80, 0x20, 0x08, 0x01

SYSTEM_REVISION = 0x4
LINE_SIDE_ID = 0x3  # Si3019 [unverified]
LINE_REVISION_ALONE = 0x40
"""Before the link is up; the vendor's driver takes a 0 in bit 6 for a chip that is not there."""
LINE_REVISION_VALUE = LINE_REVISION_ALONE | 0x3 << 2

CONFIRMATION_MS = (100, 150, 200, 256, 384, 512, 640, 1024)
"""RCC, bits 2:0 of ring validation 2."""
OFF_HOOK_MS = (512, 128, 64, 8)
"""FOH, bits 6:5 of DAA control 5."""
THRESHOLD_VRMS = {(0, 0): 15.0, (1, 0): 21.5, (1, 1): 45.0, (0, 1): 15.0}
"""By (RT, RT2): the middle of what the data sheet allows."""
DC_VOLTS = (3.1, 3.2, 3.35, 3.5)
"""DCV, bits 7:6 of the DC termination."""
