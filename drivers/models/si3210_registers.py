"""The Si3210's registers as tables: number, reset value, bits that a write can change.

Source: facts of the [Si3215 DS Rev 0.92] and [Si3230 DS Rev 0.96] (the same core).
Reserved bits read zero and are masked on writing; unlisted registers are reserved and refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

# Registers with a meaning to the model, by their data-sheet names.
SPI_MODE, PCM_MODE, TXS_LOW, TXS_HIGH, RXS_LOW, RXS_HIGH = 0, 1, 2, 3, 4, 5
LOOPBACK, AUDIO_GAIN, POWER_DOWN_1 = 8, 9, 14
STATUS_1, STATUS_2, STATUS_3, ENABLE_1, ENABLE_2, ENABLE_3 = 18, 19, 20, 21, 22, 23
IDA_LOW, IDA_HIGH, IAA, IAS = 28, 29, 30, 31
OSC_1, OSC_2, RING_OSC, RAT_LOW, RIT_LOW = 32, 33, 34, 48, 50
LCD, LINEFEED, BATTERY_FEED, AUTO_MANUAL, LOOP_STATUS = 63, 64, 66, 67, 68
LCDI, RTDI, ILIM, VOC, VCM, VBATH, VBATL = 69, 70, 71, 72, 73, 74, 75
LVS, LCS, VTIP, VRING, VBAT_1, VBAT_2, IQ5, IQ6 = 78, 79, 80, 81, 82, 83, 88, 89
DC_PERIOD, DC_DELAY, CALIBRATE_1, CALIBRATE_2 = 92, 93, 96, 97
RING_GAIN_CAL, TIP_GAIN_CAL, PEAK_CAL, ENHANCE = 98, 99, 107, 108

NONE, ALL = 0x00, 0xFF

# number: (reset value, writable bits)
REGISTERS: Mapping[int, tuple[int, int]] = MappingProxyType(
    {
        SPI_MODE: (0x05, 0x40),
        PCM_MODE: (0x08, 0x3F),
        TXS_LOW: (0x00, ALL),
        TXS_HIGH: (0x00, 0x03),
        RXS_LOW: (0x00, ALL),
        RXS_HIGH: (0x00, 0x03),
        6: (0x00, NONE),
        LOOPBACK: (0x02, 0x07),
        AUDIO_GAIN: (0x00, ALL),
        10: (0x08, 0x3F),
        11: (0x33, 0x77),
        POWER_DOWN_1: (0x10, 0x3B),
        15: (0x00, 0x3F),
        STATUS_1: (0x00, ALL),
        STATUS_2: (0x00, ALL),
        STATUS_3: (0x00, 0x07),
        ENABLE_1: (0x00, ALL),
        ENABLE_2: (0x00, ALL),
        ENABLE_3: (0x00, 0x07),
        24: (0x00, NONE),
        IDA_LOW: (0x00, ALL),
        IDA_HIGH: (0x00, ALL),
        IAA: (0x00, ALL),
        IAS: (0x00, NONE),
        OSC_1: (0x00, 0x7F),
        OSC_2: (0x00, 0x3F),
        RING_OSC: (0x00, 0x1B),
        35: (0x00, 0x1C),
        **{number: (0x00, ALL) for number in range(36, 52)},
        52: (0x00, 0x01),
        LCD: (0x54, 0x7F),
        LINEFEED: (0x00, 0x07),
        65: (0x61, 0x7F),
        BATTERY_FEED: (0x03, 0x1B),
        AUTO_MANUAL: (0x1F, 0x7F),
        LOOP_STATUS: (0x00, NONE),
        LCDI: (0x0A, 0x7F),
        RTDI: (0x0A, 0x7F),
        ILIM: (0x00, 0x07),
        VOC: (0x20, 0x7F),
        VCM: (0x02, 0x3F),
        VBATH: (0x32, 0x3F),
        VBATL: (0x10, 0x3F),
        76: (0x00, 0x07),
        77: (0x00, ALL),
        **{number: (0x00, NONE) for number in range(78, 90)},
        DC_PERIOD: (0xFF, ALL),
        DC_DELAY: (0x14, 0x9F),
        94: (0x00, NONE),
        CALIBRATE_1: (0x1F, 0x7F),
        CALIBRATE_2: (0x1F, 0x1F),
        RING_GAIN_CAL: (0x10, 0x1F),
        TIP_GAIN_CAL: (0x10, 0x1F),
        100: (0x11, 0x1F),
        101: (0x11, 0x1F),
        102: (0x08, 0x0F),
        103: (0x88, ALL),
        104: (0x00, ALL),
        105: (0x00, ALL),
        106: (0x00, ALL),  # saved and restored with its neighbours; meaning unknown
        PEAK_CAL: (0x08, 0x0F),
        ENHANCE: (0x00, ALL),
    }
)

UNDEFINED = (IAA, 94, 106)
"""Registers in which reset leaves anything [Si3215 DS, control registers]."""

WRITE_ONE_TO_CLEAR = frozenset((STATUS_1, STATUS_2, STATUS_3))

# Interrupt bits: (status register, bit).
RING_INACTIVE_OVER, RING_ACTIVE_OVER = (STATUS_1, 0x20), (STATUS_1, 0x10)
LOOP_CHANGED, RING_TRIP = (STATUS_2, 0x02), (STATUS_2, 0x01)
COMMON_MODE_FAILED, INDIRECT_SERVED = (STATUS_3, 0x04), (STATUS_3, 0x02)


@dataclass(frozen=True, slots=True)
class Part:
    """What tells the members of the family apart: identity and the places of indirect registers."""

    name: str
    identity: Mapping[int, int]
    """Registers after reset that differ from REGISTERS."""
    places: Mapping[str, int]
    """Indirect registers that the model uses, by data-sheet name."""
    indirect: frozenset[int]
    """All indirect addresses there are."""
    to_write: frozenset[int]
    """Those that a driver must write: reset leaves anything in them, and they matter."""
    periods: range = range(0xC0, 0x100)
    """What register 92 may hold while the converter runs."""


_SI3210_PLACES = {
    "ROFF": 19,
    "RCO": 20,
    "RNGX": 21,
    "RNGY": 22,
    "DACG": 26,
    "ADCG": 27,
    "LCRT": 28,
    "RPTP": 29,
    "LCRTL": 43,
    "SCRATCH": 97,
}
_SI3215_PLACES = {
    "ROFF": 6,
    "RCO": 7,
    "RNGX": 8,
    "RNGY": 9,
    "DACG": 13,
    "ADCG": 14,
    "LCRT": 15,
    "RPTP": 16,
    "LCRTL": 66,
    "SCRATCH": 97,
}

SCRATCH = frozenset((*range(88, 98), *range(193, 212)))
"""Memory of the signal processor that the open drivers clear; from 97 comes noise."""
MEMORY = frozenset(range(88, 212))
"""All of that memory, with the FSK generator's words; it can be written."""
_SI3210_WORDS = frozenset(range(44))
_SI3215_WORDS = frozenset((*range(10), *range(13, 28), 64, 66))

SI3210 = Part(
    "Si3210 rev. E",
    {SPI_MODE: 0x05, PCM_MODE: 0x08, 6: 0x00},
    _SI3210_PLACES,
    _SI3210_WORDS | MEMORY,
    _SI3210_WORDS | SCRATCH,
)
SI3215 = Part(
    "Si3215 rev. C",
    {SPI_MODE: 0x03, PCM_MODE: 0x88, 6: 0x00},
    _SI3215_PLACES,
    _SI3215_WORDS | MEMORY | frozenset(range(69, 75)),
    _SI3215_WORDS | SCRATCH,
)
MOSFET_PERIODS = range(0x40, 0x80)
SI3210M = replace(
    SI3210,
    name="Si3210M rev. E",
    identity={SPI_MODE: 0x35, PCM_MODE: 0x08, 6: 0x00, DC_DELAY: 0x34},
    periods=MOSFET_PERIODS,
)
SI3215M = replace(
    SI3215,
    name="Si3215M rev. C",
    identity={SPI_MODE: 0x33, PCM_MODE: 0x88, 6: 0x00, DC_DELAY: 0x34},
    periods=MOSFET_PERIODS,
)
"""M versions drive a MOSFET; DCPOL in register 93 shows it."""
