"""Every register that the handset chip's driver sets, as a table against the models of the family.

Sources: DS is the Si3215 data sheet, rev. 0.92; open is the practice of the open dahdi-linux
drivers; vendor is that of the vendor's own driver; country and board are our own tables. None was
seen on silicon.
"""

from dataclasses import dataclass

import pytest

from drivers.board import virtual_board
from drivers.board_spec import LineSpec
from drivers.chip import Beats
from drivers.countries import country
from drivers.models.si3210 import Si3210Model
from drivers.models.si3210_registers import SI3210, SI3210M, SI3215, SI3215M, Part
from drivers.si321x import Si321x
from tests.kit.lines import Lines
from tests.kit.models import slic_read, slic_read_indirect
from tests.kit.spi_bench import Pin, run, si3210_file

PARTS = [SI3210, SI3215, SI3210M, SI3215M]
SETTINGS = country("de").station


@dataclass(frozen=True)
class Direct:
    """A register after power-up, in Germany, in the second slot."""

    number: int
    value: int
    source: str
    m_value: int | None = None
    """Of an M version, where it differs."""


DIRECT = (
    Direct(2, 17, "DS figures 27 and 28, DSP A: 1 + 16 x slot 1"),
    Direct(3, 0, "DS: bits 9 and 8 of it"),
    Direct(4, 17, "DS: as 2"),
    Direct(5, 0, "DS: as 3"),
    Direct(8, 0x00, "DS: digital loopback after reset must be ended"),
    Direct(9, 0x00, "DS: 0 dB both ways, nothing muted"),
    Direct(10, 0x0D, "country: TISE, 220+(820||120 nF)"),
    Direct(11, 0x33, "DS: hybrid as reset leaves it"),
    Direct(14, 0x00, "open: converter, PLL, bias on"),
    Direct(18, 0x00, "DS: cleared"),
    Direct(19, 0x00, "DS: cleared"),
    Direct(20, 0x00, "DS: cleared"),
    Direct(21, 0x00, "ours: cadence is made by software"),
    Direct(22, 0xFF, "open: alarms, loop, ring trip"),
    Direct(23, 0x00, "ours: indirect access is polled"),
    Direct(34, 0x00, "DS: sine, no timers"),
    *(Direct(number, 0x00, "DS: ring timers, not used") for number in range(48, 52)),
    Direct(63, 0x54, "DS: reset value, 105 ms"),
    Direct(64, 0x11, "DS: forward active, wanted and actual"),
    Direct(66, 0x01, "open: VBAT tracks, small overhead"),
    Direct(67, 0x07, "open: AORD, AOLD, AOPN"),
    Direct(69, 0x0A, "DS: 12.5 ms, for dial pulses"),
    Direct(70, 0x0B, "DS ring trip table, 20 to 30 Hz"),
    Direct(71, 0x00, "DS: 20 mA"),
    Direct(72, 0x20, "DS: reset value, 48 V"),
    Direct(73, 0x04, "open: -6 V"),
    Direct(74, SETTINGS.battery, "DS: 7.5 V above the country's ringing peak"),
    Direct(92, 0xFF, "open, 12 V", 0x60),
    Direct(93, 0x19, "open, 12 V", 0x38),
    Direct(96, 0x00, "DS: cleared by the chip at the end of calibration"),
    Direct(97, 0x00, "DS: as 96"),
    Direct(108, 0xEB, "open, vendor"),
)


@dataclass(frozen=True)
class Word:
    """An indirect register by its numbers in Si3210 and Si3215 (None: it has none)."""

    si3210: int
    si3215: int | None
    value: int
    source: str


WORDS = (
    *(
        Word(number, None, value, "open: DTMF receiver")
        for number, value in enumerate(
            (0x55C2, 0x51E6, 0x4B85, 0x4937, 0x3333, 0x0202, 0x0202, 0x0198, 0x0198, 0x0611,
             0x0202, 0x00E5, 0x0A1C)
        )
    ),
    *(
        Word(13 + n, n, value, "open: tone oscillators")
        for n, value in enumerate((0x7B30, 0x0063, 0x0000, 0x7870, 0x007D, 0x0000))
    ),
    Word(19, 6, 0x0000, "DS: no direct voltage under the ringing"),
    Word(20, 7, 0x7E6C, "DS: 25 Hz"),
    Word(21, 8, 0x023A, "DS: 25 Hz, 85 V peak"),
    Word(22, 9, 0x0000, "DS: sine"),
    Word(23, None, 0x2000, "open: pulse metering"),
    Word(24, None, 0x2000, "open: pulse metering"),
    Word(25, None, 0x0000, "open: pulse metering"),
    Word(26, 13, 0x4000, "vendor: 0 dB"),
    Word(27, 14, 0x4000, "open, vendor: 0 dB"),
    Word(28, 15, 0x1000, "open: 10.2 mA"),
    Word(29, 16, 0x3600, "open: 34 mA"),
    Word(30, 17, 0x1000, "open"),
    Word(31, 18, 0x0200, "open"),
    Word(32, 19, 0x07C0, "open, transistors"),
    Word(33, 20, 0x2600, "open, transistors"),
    Word(34, 21, 0x1B80, "open, transistors"),
    Word(35, 22, 0x8000, "open"),
    Word(36, 23, 0x0320, "DS ring trip table, 20 to 30 Hz"),
    Word(37, 24, 0x008C, "open, transistors"),
    Word(38, 25, 0x0100, "open, transistors"),
    Word(39, 26, 0x0010, "open, transistors"),
    Word(40, 27, 0x0C00, "open"),
    Word(41, 64, 0x0C00, "open: 9 V"),
    Word(42, None, 0x1000, "open"),
    Word(43, 66, 0x0E00, "vendor: 8.9 mA"),
    *(
        Word(number, number, 0x0000, "open: scratch memory")
        for number in (*range(88, 98), *range(193, 212))
    ),
)  # fmt: skip

OTHERWISE_CHECKED = {1, 28, 29, 30, *range(98, 108)}
"""Registers that the driver writes and that no single value fits: mode, data, calibration."""


def up(part: Part) -> Si3210Model:
    lines = Lines(virtual_board(2, 0), "de", part).up()
    chip = lines.box.chips["102"]
    assert isinstance(chip, Si3210Model)
    assert lines.box.violations() == []
    return chip


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_register_after_power_up_has_the_tables_value(part: Part) -> None:
    chip = up(part)
    is_m = part in (SI3210M, SI3215M)
    wanted = {
        row.number: row.m_value if is_m and row.m_value is not None else row.value for row in DIRECT
    }
    assert {number: slic_read(chip, number) for number in wanted} == wanted
    assert slic_read(chip, 1) & 0x7F == 0x3C  # 16-bit linear


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_indirect_register_after_power_up_has_the_tables_value(part: Part) -> None:
    chip = up(part)
    other = part in (SI3215, SI3215M)
    places = [(row.si3215 if other else row.si3210, row) for row in WORDS]
    wanted = {place: row.value for place, row in places if place is not None}
    assert len(wanted) == (44 - 17 if other else 44) + 29
    assert {place: slic_read_indirect(chip, place) for place in wanted} == wanted


def test_table_has_every_register_that_the_driver_writes() -> None:
    file = si3210_file()
    spec = LineSpec("101", "station", "si3210", 0, 0, 5, 6, slot=1)
    run(Si321x(spec, file, Pin(), SETTINGS, Beats()).power_up())
    written = {number for number, _ in file.log}
    assert written - OTHERWISE_CHECKED <= {row.number for row in DIRECT}
    assert set(file.indirect) == {row.si3210 for row in WORDS}
