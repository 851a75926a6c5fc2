"""Registers of the ProSLIC Si3210 and Si3215 (FXS), as far as the driver uses them.

Direct registers: [Si3215 DS Rev 0.92, "Control Registers"]; what only the Si3210 has: [Si3210 DS
Rev 1.61]. Indirect registers: "Indirect Registers" there. Initial values are those of
the open dahdi-linux drivers (facts, not code). Unlisted registers are reserved: never written.
"""

from dataclasses import dataclass

from drivers.registers import AccessMode, Register

RO, W1C = AccessMode.READ_ONLY, AccessMode.WRITE_1_CLEARS

SPI_MODE = Register(0, "SPI_MODE", "daisy chain, part and revision", 0xC0)
PART = SPI_MODE.field("PNI", 5, 4, "3 is the M version")
REVISION = SPI_MODE.field("RNI", 3, 0, "1 is A, 2 is B ...; 0 and 15: nobody there")
PCM_MODE = Register(1, "PCM_MODE", "PCM highway", 0x3F)
IS_SI3215 = PCM_MODE.field("PNI2", 7, meaning="1: Si3215 family, 0: Si3210 family")
PCM_ENABLE = PCM_MODE.field("PCME", 5)
PCM_FORMAT = PCM_MODE.field("PCMF", 4, 3, "0 A-law, 1 mu-law, 3 linear")
PCM_16BIT = PCM_MODE.field("PCMT", 2, meaning="16-bit transfer")
TXS_LOW = Register(2, "TXS_LOW", "bit clocks from frame sync to our first bit")
TXS_HIGH = Register(3, "TXS_HIGH", "bits 9:8", 0x03)
RXS_LOW = Register(4, "RXS_LOW", "the same for what the chip receives")
RXS_HIGH = Register(5, "RXS_HIGH", "bits 9:8", 0x03)
LOOPBACK = Register(8, "LOOPBACK", "0x02 (digital) after reset, must be cleared", 0x07)
DLM = LOOPBACK.field("DLM", 1, meaning="what comes in the slot goes out in it")
GAIN = Register(9, "GAIN", "audio gain, mutes, high-pass filters")
IMPEDANCE = Register(10, "IMPEDANCE", "two-wire impedance synthesis", 0x3F)
TISE = IMPEDANCE.field("TISE", 3, meaning="enable")
TISS = IMPEDANCE.field("TISS", 2, 0, "0 600 ohm, 1 900, 4 CTR21, 5 220+(820||120 nF)")
HYBRID = Register(11, "HYBRID", "0x33 after reset", 0x77)
POWER_DOWN = Register(14, "POWER_DOWN_1", "power-down 1", 0x3B)
DCOF = POWER_DOWN.field("DCOF", 4, meaning="DC-DC converter off")
INT_STATUS_1 = Register(18, "INT_STATUS_1", "oscillators, ring timers", 0xFF, W1C)
INT_STATUS_2 = Register(19, "INT_STATUS_2", "alarms, loop closure, ring trip", 0xFF, W1C)
POWER_ALARMS = INT_STATUS_2.field("QnAP", 7, 2, "Q6..Q1 dissipate too much")
LCIP = INT_STATUS_2.field("LCIP", 1, meaning="loop opened or closed")
RTIP = INT_STATUS_2.field("RTIP", 0, meaning="ring trip")
INT_STATUS_3 = Register(20, "INT_STATUS_3", "indirect access, DTMF, calibration", 0xFF, W1C)
CMCP = INT_STATUS_3.field("CMCP", 2, meaning="hook changed while common mode was calibrated")
INT_ENABLE_1 = Register(21, "INT_ENABLE_1", "as INT_STATUS_1")
INT_ENABLE_2 = Register(22, "INT_ENABLE_2", "as INT_STATUS_2")
INT_ENABLE_3 = Register(23, "INT_ENABLE_3", "as INT_STATUS_3")
IDA_LOW = Register(28, "IDA_LOW", "indirect data")
IDA_HIGH = Register(29, "IDA_HIGH", "indirect data")
IAA = Register(30, "IAA", "indirect address; writing it starts the access")
IAS = Register(31, "IAS", "not 0 while an indirect access waits", mode=RO)
RING_CONTROL = Register(34, "RING_CONTROL", "ring oscillator", 0x1F)
RING_TIMERS = tuple(Register(48 + n, f"RING_TIMER_{n}", "125 us units") for n in range(4))
RING_LOOP_DEBOUNCE = Register(63, "LCD", "loop debounce in ring silence, 1.25 ms/LSB")
LINEFEED = Register(64, "LINEFEED", "what is on the line", 0x07)
LINEFEED_ACTUAL = LINEFEED.field("LFS", 6, 4)
LINEFEED_WANTED = LINEFEED.field("LF", 2, 0)
BATTERY_FEED = Register(66, "BATTERY_FEED", "battery follows the line (TRACK)", 0x1F)
AUTOMATIC = Register(67, "AUTOMATIC", "AORD, AOLD, AOPN: what the chip does alone", 0x7F)
LOOP_STATUS = Register(68, "LOOP_STATUS", "debounced hook", mode=RO)
RTP = LOOP_STATUS.field("RTP", 1, meaning="ring trip; the hook while ringing")
LCR = LOOP_STATUS.field("LCR", 0, meaning="loop closed: off hook")
LOOP_DEBOUNCE = Register(69, "LCDI", "1.25 ms/LSB", 0x7F)
TRIP_DEBOUNCE = Register(70, "RTDI", "1.25 ms/LSB", 0x7F)
LOOP_CURRENT = Register(71, "ILIM", "20 mA + 3 mA/LSB", 0x07)
ON_HOOK_VOLTAGE = Register(72, "VOC", "1.5 V/LSB", 0x7F)
COMMON_VOLTAGE = Register(73, "VCM", "-1.5 V/LSB", 0x3F)
HIGH_BATTERY = Register(74, "VBATH", "-1.5 V/LSB", 0x3F)
LINE_VOLTAGE = Register(78, "LVS", "between TIP and RING, 1.5 V/LSB", mode=RO)
TIP_BELOW_RING = LINE_VOLTAGE.field("LVSP", 6, meaning="1: TIP is the more negative wire")
LINE_VOLTS = LINE_VOLTAGE.field("LVS", 5, 0)
LINE_CURRENT = Register(79, "LCS", "in the loop, 1.25 mA/LSB", mode=RO)
CURRENT_REVERSED = LINE_CURRENT.field("LCSP", 6)
LINE_AMPS = LINE_CURRENT.field("LCS", 5, 0)
TIP_VOLTAGE = Register(80, "VTIP", "-0.376 V/LSB to ground", mode=RO)
RING_VOLTAGE = Register(81, "VRING", "-0.376 V/LSB to ground", mode=RO)
BATTERY_SENSE = Register(82, "VBAT", "-0.376 V/LSB", mode=RO)
RING_CURRENT = Register(88, "IQ5", "0.316 mA/LSB", mode=RO)
TIP_CURRENT = Register(89, "IQ6", "0.316 mA/LSB", mode=RO)
PWM_PERIOD = Register(92, "DCN", "DC-DC period, 61 ns/LSB")
DCDC_DELAY = Register(93, "DCDC", "DC-DC timing", 0x9F)
DCCAL = DCDC_DELAY.field("DCCAL", 7, meaning="calibrate peak current; clears itself")
DCPOL = DCDC_DELAY.field("DCPOL", 5, meaning="1: M version")
CALIBRATE_1 = Register(96, "CALIBRATE_1", "CAL, CALSP, CALR, CALT, CALD, CALC, CALIL", 0x7F)
CAL = CALIBRATE_1.field("CAL", 6, meaning="start; 1 while they run")
CALIBRATE_2 = Register(97, "CALIBRATE_2", "CALM1, CALM2, CALDAC, CALADC, CALCM", 0x1F)
RING_GAIN = Register(98, "RING_GAIN", "calibration result", 0x1F)
TIP_GAIN = Register(99, "TIP_GAIN", "calibration result", 0x1F)
PEAK_CURRENT = Register(107, "PEAK_CURRENT", "result of DCCAL, 2..13 is good", 0x0F)
CAL_RESULTS = (
    RING_GAIN,
    TIP_GAIN,
    *(Register(address, f"CAL_{address}", "calibration result") for address in range(100, 106)),
    PEAK_CURRENT,
)
ENHANCE = Register(108, "ENHANCE", "ILIMEN FSKEN DCSU ZSEXT LCVE DCFIL HYSTEN")


@dataclass(frozen=True, slots=True)
class Indirect:
    """A 16-bit register behind IDA and IAA; two's complement; undefined after reset."""

    si3210: int
    """Its number in the Si3210."""
    si3215: int | None
    """Its number in the Si3215, which lacks some."""
    initial: int
    """Value that we write at power-up, 16 bits."""
    name: str


def _block(first: int, other: int | None, names: str, *values: int) -> list[Indirect]:
    """Neighbours in both chips."""
    return [
        Indirect(first + n, None if other is None else other + n, value, name)
        for n, (name, value) in enumerate(zip(names.split(), values, strict=True))
    ]


RING_OFFSET, RING_FREQUENCY, RING_AMPLITUDE, RING_PHASE = _block(
    19, 6, "ROFF RCO RNGX RNGY", 0x0000, 0x7EF0, 0x0160, 0x0000
)
TRIP_FILTER = Indirect(36, 23, 0x0320, "NRTP")  # 20 Hz
POLES = tuple(_block(37, 24, "NQ12 NQ34 NQ56", 0x008C, 0x0100, 0x0010))
ALARMS = tuple(_block(32, 19, "PPT12 PPT34 PPT56", 0x07C0, 0x2600, 0x1B80))
"""Poles and thresholds of the transistors' heat; the board's supply knows the values to write."""
FILTERS = (Indirect(35, 22, 0x8000, "NCLR"), TRIP_FILTER, *POLES)
"""Low-pass poles of loop, ring trip and transistor heat: held at 0x8000 (empty) at power-up."""

LOOP_THRESHOLD, TRIP_THRESHOLD = _block(28, 15, "LCRT RPTP", 0x1000, 0x3600)  # 10.2 mA, 34 mA

LOOP_RELEASE = Indirect(43, 66, 0x0E00, "LCRTL")
"""8.9 mA: below it a closed loop counts as open, the vendor's value [another open driver has 5 mA].
A value of LCRT or more would be no hysteresis, and a long line off the hook could chatter."""

GAINS = tuple(_block(26, 13, "DACG ADCG", 0x4000, 0x4000))
"""0x4000 is 0 dB: 0 dBm0 on the PCM highway is 0 dBm into 600 ohm on the line."""

INDIRECTS = (
    *_block(0, None, "ROW0 ROW1 ROW2 ROW3 COL", 0x55C2, 0x51E6, 0x4B85, 0x4937, 0x3333),
    *_block(5, None, "FWDTW REVTW ROWREL COLREL", 0x0202, 0x0202, 0x0198, 0x0198),
    *_block(9, None, "ROW2 COL2 PWRMIN HOTL", 0x0611, 0x0202, 0x00E5, 0x0A1C),
    *_block(13, 0, "OSC1 OSC1X OSC1Y", 0x7B30, 0x0063, 0x0000),  # 350 Hz
    *_block(16, 3, "OSC2 OSC2X OSC2Y", 0x7870, 0x007D, 0x0000),  # 440 Hz
    RING_OFFSET,
    RING_FREQUENCY,
    RING_AMPLITUDE,
    RING_PHASE,
    *_block(23, None, "PLSD PLSX PLSCO", 0x2000, 0x2000, 0x0000),
    *GAINS,
    LOOP_THRESHOLD,
    TRIP_THRESHOLD,
    *_block(30, 17, "CML CMH", 0x1000, 0x0200),
    *ALARMS,
    *FILTERS,
    Indirect(40, 27, 0x0C00, "VCMR"),
    Indirect(41, 64, 0x0C00, "VMIND"),  # 9 V
    Indirect(42, None, 0x1000, "reserved42"),
    LOOP_RELEASE,
)
"""Those with a value of ours, since reset leaves them random. Si3215 lacks DTMF, pulse metering
and 42."""

CLEARED = tuple(
    Indirect(number, number, 0x0000, f"scratch{number}")
    for number in (*range(88, 98), *range(193, 212))
)
"""Memory of the signal processor that the data sheet does not describe, random after reset too:
88 to 95 add up energy, 97 is heard as noise in recordings if it is not 0. The open drivers clear
them in either chip by these numbers (dahdi-linux: 97 in one, all of these in another); that the
Si3215 has them at the same places is unverified."""
IN_EITHER = 193
"""One that either chip has, and whose number has bit 7 set, so that a chip that is out of step by
one octet takes it for a read."""
