"""What feeds the handsets of a board: converter, highest battery, line IC, power alarms.

None of it can be asked of the chip, and wrong values can burn transistors, so the board's file says
it in its table [supply]. Defaults are those that open drivers use on cards of their own; none was
seen by us on silicon [unverified].
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from drivers.board_table import Table

LineIc = Literal["discrete", "si3201"]
"""What stands between chip and wires: transistors Q1 to Q6, or the Si3201 that holds them all."""

BATTERY_STEP = 1.5
"""Volts of one step of the battery registers [Si3215 DS, registers 74 and 75]."""
OVERHEAD_VOLTS = 7.5
"""Ringing peaks stay this far below the battery [Si3215 DS, ringing]."""
BATTERY_LEAST, BATTERY_MOST = 65, 95
"""Volts. A bell needs 40 V RMS, so 57 V peak and 64.1 V of battery; registers go to 94.5 V."""
IDLE_BATTERY = 0x32
"""75 V, which the chip has after reset and the open drivers leave while nothing rings higher."""
NEON_VOLTS = 93
"""Peak that lights a neon lamp."""


@dataclass(frozen=True, slots=True)
class Converter:
    """Timing of the DC-DC converter, in units of 61.035 ns [Si3215 DS, registers 92 and 93]."""

    period: int
    """0xC0 to 0xFF for the bipolar transistor of most chips, 0x40 to 0x7F for the MOSFET of M
    versions."""
    off_time: int
    """Least time that the switch is off, 0 to 31."""

    @property
    def for_mosfet(self) -> bool:
        """Whether it is the timing of an M version."""
        return self.period < 0x80


CONVERTERS: Mapping[int, Converter] = {
    5: Converter(202, 0x0C),  # Open USB FXS, for a coil of 100 uH
    12: Converter(0xFF, 0x19),  # dahdi-linux, cards with 12 V
}
"""By the volts of the supply; for 24 V no open driver has any."""
M_CONVERTER = Converter(0x60, 0x18)
"""M versions [public board supports of the vendor's chips: 92 = 0x60, 93 = 0x38, whose bit 5 is
read only]."""
BATTERY_LIMITS: Mapping[int, int] = {5: 66, 12: BATTERY_MOST, 24: BATTERY_MOST}
"""Volts that the converter reaches: 66 V from 5 V [Open USB FXS]."""

ALARMS: Mapping[LineIc, tuple[int, int, int]] = {
    "discrete": (0x07C0, 0x2600, 0x1B80),  # 0.47, 0.28 and 1.67 W [dahdi-linux]
    "si3201": (0x0FF0, 0x7F80, 0x0FF0),  # [Open USB FXS, after the vendor's AN47]
}
"""Power alarm thresholds of Q1/Q2, Q3/Q4, Q5/Q6."""
POLES: Mapping[LineIc, tuple[int, int, int]] = {
    "discrete": (0x008C, 0x0100, 0x0010),
    "si3201": (0x0010, 0x0010, 0x0010),
}
"""Thermal poles of the same; sources as above."""


@dataclass(frozen=True, slots=True)
class LineSupply:
    """The table [supply] of a board's file."""

    volts: int = 12
    """Of the converter's supply: 5, 12 or 24."""
    line_ic: LineIc = "discrete"
    battery_limit: int = BATTERY_MOST
    """Volts that the converter reaches under load."""
    converter: Converter | None = None
    """None: the usual one for these volts and this chip."""
    alarms: tuple[int, int, int] = ALARMS["discrete"]
    """Indirect registers 32 to 34."""
    poles: tuple[int, int, int] = POLES["discrete"]
    """Indirect registers 37 to 39."""

    @property
    def battery_most(self) -> int:
        """The highest battery in steps of 1.5 V: 66 V is 44."""
        return min(int(self.battery_limit / BATTERY_STEP), 0x3F)

    @property
    def idle_battery(self) -> int:
        """The battery while nothing rings, in steps of 1.5 V."""
        return min(IDLE_BATTERY, self.battery_most)

    def ringing_peak(self, wanted: int) -> int:
        """The peak of ringing that this supply can make, in V: as wanted or less."""
        return min(wanted, int(self.battery_most * BATTERY_STEP - OVERHEAD_VOLTS))

    def converter_of(self, m_version: bool) -> Converter:
        """The timing for this chip."""
        if self.converter is not None:
            return self.converter
        return M_CONVERTER if m_version else CONVERTERS[self.volts]


USUAL_SUPPLY = LineSupply()
"""12 V and transistors."""

_KEYS = (
    "volts", "line_ic", "battery_limit", "period", "off_time", "power_alarms", "thermal_poles",
)  # fmt: skip


def supply_of(file: Path, values: object) -> LineSupply:
    """The table [supply]; without one, 12 V and transistors. Raises BoardFileError."""
    if values is None:
        return USUAL_SUPPLY
    table = Table(file, "supply", values, _KEYS)
    volts = table.number("volts", tuple(BATTERY_LIMITS))
    line_ic = cast(LineIc, table.word("line_ic", tuple(ALARMS), default="discrete"))
    most = BATTERY_LIMITS[volts]
    return LineSupply(
        volts=volts,
        line_ic=line_ic,
        battery_limit=table.number("battery_limit", range(BATTERY_LEAST, BATTERY_MOST + 1), most),
        converter=_converter(table, volts),
        alarms=_three(table, "power_alarms", ALARMS[line_ic]),
        poles=_three(table, "thermal_poles", POLES[line_ic]),
    )


def _converter(table: Table, volts: int) -> Converter | None:
    """Timing of its own: both values, or neither if there are usual ones for these volts."""
    if table.raw("period") is None and table.raw("off_time") is None and volts in CONVERTERS:
        return None
    period = table.number("period", range(0x40, 0x100))
    if 0x80 <= period < 0xC0:
        raise table.error("period", str(period), "64 to 127 (M version) or 192 to 255")
    return Converter(period, table.number("off_time", range(32)))


def _three(table: Table, key: str, usual: tuple[int, int, int]) -> tuple[int, int, int]:
    """Three 16-bit words: for Q1/Q2, Q3/Q4, Q5/Q6."""
    found = table.raw(key)
    if found is None:
        return usual
    if not isinstance(found, list) or len(found) != 3 or not all(map(_is_word, found)):
        raise table.error(key, repr(found), "three numbers from 0 to 65535, as [0x07C0, 0, 1]")
    first, second, third = found
    return first, second, third


def _is_word(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 0xFFFF
