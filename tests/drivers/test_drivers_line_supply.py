"""The table [supply] of a board's file, and what the driver makes of it on the chip's model."""

import logging
import re
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.board import BoardSpec, LineBoard, load_board, virtual_board
from drivers.errors import BoardFileError
from drivers.line_supply import USUAL_SUPPLY, Converter, LineSupply, supply_of
from drivers.models.si3210 import Si3210Model
from drivers.models.si3210_registers import SI3210, SI3210M, SI3215, SI3215M, Part
from drivers.ports import Feed, HookChanged, PortFault
from tests.kit.lines import Lines
from tests.kit.models import slic_read, slic_read_indirect

FILE = Path("board/test/board.toml")
ROOT = Path(__file__).resolve().parents[2]
PARTS = [SI3210, SI3215, SI3210M, SI3215M]
SUPPLIES = [
    LineSupply(volts=5, battery_limit=66),
    supply_of(FILE, {"volts": 5, "line_ic": "si3201"}),
    USUAL_SUPPLY,
    supply_of(FILE, {"volts": 12, "line_ic": "si3201"}),
]


def board(supply: LineSupply, stations: int = 1) -> BoardSpec:
    spec = virtual_board(stations, 0)
    return replace(spec, lines=tuple(replace(line, supply=supply) for line in spec.lines))


def chip_of(lines: Lines) -> Si3210Model:
    chip = lines.box.chips["101"]
    assert isinstance(chip, Si3210Model)
    return chip


# --- the table --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ({"volts": 9}, "supply.volts: 9; allowed: 5, 12, 24"),
        ({}, "supply.volts: missing; allowed: 5, 12, 24"),
        ({"volts": 5, "line_ic": "si3202"}, "line_ic: 'si3202'; allowed: discrete, si3201"),
        ({"volts": 5, "battery_limit": 64}, "battery_limit: 64; allowed: 65 to 95"),
        ({"volts": 24}, "supply.period: missing; allowed: 64 to 255"),
        ({"volts": 24, "period": 200}, "supply.off_time: missing; allowed: 0 to 31"),
        ({"volts": 12, "off_time": 12}, "supply.period: missing; allowed: 64 to 255"),
        ({"volts": 12, "period": 150, "off_time": 12}, "150; allowed: 64 to 127 .* or 192 to 255"),
        ({"volts": 12, "power_alarms": [1, 2]}, "power_alarms: .*; allowed: three numbers"),
        ({"volts": 12, "thermal_poles": [1, 2, 65536]}, "thermal_poles: .* 0 to 65535"),
        ({"volts": 12, "amps": 1}, "supply.amps: unknown key; allowed: volts, line_ic, battery_"),
        (5, "supply must be a table with: volts"),
    ],
)
def test_supply_that_cannot_be_is_refused_with_what_is_allowed(table: object, text: str) -> None:
    with pytest.raises(BoardFileError, match=text) as raised:
        supply_of(FILE, table)
    assert str(raised.value).startswith(str(FILE))


def test_supply_of_every_key_is_taken() -> None:
    table = {
        "volts": 24, "line_ic": "si3201", "battery_limit": 90, "period": 210, "off_time": 9,
        "power_alarms": [0x0FF4, 0x6E7E, 0x0FF4], "thermal_poles": [0x12, 0x12, 0x12],
    }  # fmt: skip
    assert supply_of(FILE, table) == LineSupply(
        24, "si3201", 90, Converter(210, 9), (0x0FF4, 0x6E7E, 0x0FF4), (0x12, 0x12, 0x12)
    )


@pytest.mark.parametrize(
    ("table", "limit", "alarm"),
    [
        ({"volts": 5}, 66, 0x07C0),
        ({"volts": 12}, 95, 0x07C0),
        ({"volts": 5, "line_ic": "si3201"}, 66, 0x0FF0),
    ],
)
def test_supply_has_the_values_that_open_drivers_use(
    table: dict[str, object], limit: int, alarm: int
) -> None:
    supply = supply_of(FILE, table)
    assert (supply.battery_limit, supply.alarms[0], supply.converter) == (limit, alarm, None)


def test_board_without_the_table_has_12_volts_and_transistors() -> None:
    assert supply_of(FILE, None) == USUAL_SUPPLY == supply_of(FILE, {"volts": 12})


@pytest.mark.parametrize(("limit", "wanted", "peak"), [(66, 85, 58), (66, 50, 50), (95, 85, 85)])
def test_ringing_is_no_higher_than_the_battery_allows(limit: int, wanted: int, peak: int) -> None:
    assert LineSupply(battery_limit=limit).ringing_peak(wanted) == peak


def test_install_page_names_the_supply_of_the_raspberry_pis_board() -> None:
    text = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    told = re.search(r"^\| (\d+) V \|[^|]*\| converter for battery and ringing", text, re.M)
    supplies = {line.supply for line in load_board(ROOT / "board/rpi/board.toml").lines}
    assert told is not None
    assert {supply.volts for supply in supplies} == {int(told[1])}
    assert {f"{supply.battery_limit} V" for supply in supplies} <= set(re.findall(r"\d+ V", text))


# --- on the chip ------------------------------------------------------------------------------


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
@pytest.mark.parametrize("supply", SUPPLIES, ids=["5", "5 si3201", "12", "12 si3201"])
def test_every_chip_comes_up_on_every_supply_and_rings(part: Part, supply: LineSupply) -> None:
    lines = Lines(board(supply), "de", part).up()
    assert [event for _, event in lines.reported if isinstance(event, PortFault)] == []
    chip = chip_of(lines)
    timing = supply.converter_of(part in (SI3210M, SI3215M))
    assert (slic_read(chip, 92), slic_read(chip, 93) & 0x1F) == (timing.period, timing.off_time)
    lines.station().feed(Feed.RINGING)
    lines.beat(50)
    assert lines.box.telephones["101"].ringing
    assert chip.loop.ring_vrms == pytest.approx(supply.ringing_peak(85) * 0.7071, abs=1.0)
    lines.box.telephones["101"].lift()
    lines.until(HookChanged(True), "101", 6)
    assert lines.box.violations() == []
    assert chip.forgotten == []


def test_battery_never_goes_above_what_the_board_says() -> None:
    lines = Lines(board(LineSupply(volts=5, battery_limit=66)), "de")
    chip, seen = chip_of(lines), []
    lines.up()
    for feed in (Feed.ACTIVE, Feed.RINGING, Feed.NEON, Feed.ACTIVE):
        lines.station().feed(feed)
        lines.beat(60)
        seen.append(slic_read(chip, 74))
    assert max(seen) == 44  # 66 V


def test_neon_lamp_that_the_battery_cannot_light_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    lines = Lines(board(LineSupply(volts=5, battery_limit=66))).up()
    lines.station().feed(Feed.NEON)
    lines.beat(50)
    assert "a battery of 66 V hardly lights a neon lamp, which wants 93 V" in caplog.text


def test_si3201_is_balanced_by_hand() -> None:
    lines = Lines(board(supply_of(FILE, {"volts": 12, "line_ic": "si3201"}))).up()
    chip = chip_of(lines)
    ring, tip = chip._calibration.balance
    assert (slic_read(chip, 98), slic_read(chip, 99)) == (ring, tip)
    assert [slic_read_indirect(chip, n) for n in (32, 33, 34)] == [0x0FF0, 0x7F80, 0x0FF0]
    assert [slic_read_indirect(chip, n) for n in (37, 38, 39)] == [0x0010, 0x0010, 0x0010]


def test_si3201_that_the_board_does_not_name_breaks_the_data_sheets_rule() -> None:
    """The model notices it, or the test above would prove nothing."""
    lines = Lines(board(supply_of(FILE, {"volts": 12, "line_ic": "si3201"})))
    lines.board = LineBoard(board(USUAL_SUPPLY), lines.box, lines.country)
    lines.up()
    assert "101: RING and TIP of an Si3201 must not be calibrated by the chip" in (
        lines.box.violations()
    )


@pytest.mark.parametrize(
    ("part", "period", "text"),
    [
        (SI3210M, 0xFF, "supply.period .* is 255, which is for the other version .* give 64…127"),
        (SI3210, 0x60, "supply.period .* is 96, which is for the other version .* give 192…255"),
    ],
)
def test_converter_timing_for_another_transistor_is_refused_before_it_runs(
    part: Part, period: int, text: str
) -> None:
    supply = LineSupply(converter=Converter(period, 0x19))
    lines = Lines(board(supply), part=part).up()
    (told,) = [event.what for _, event in lines.reported if isinstance(event, PortFault)]
    assert re.search(text, told)
    assert slic_read(chip_of(lines), 14) == 0x10
    assert lines.box.violations() == []


def test_battery_that_is_not_reached_for_ringing_is_told_and_the_line_works(
    caplog: pytest.LogCaptureFixture,
) -> None:
    lines = Lines(board(USUAL_SUPPLY), "de")
    chip_of(lines)._feed.battery_most = 78.0
    lines.up()
    assert "battery of 93 V for ringing not within 500 ms; it is 78 V, so bells may be weak" in (
        caplog.text
    )
    lines.box.telephones["101"].lift()
    assert ("101", HookChanged(True)) in lines.beat(20)


# --- calibration of a chip whose handset is lifted ----------------------------------------------


@pytest.mark.parametrize("supply", SUPPLIES[2:], ids=["transistors", "si3201"])
def test_chip_is_calibrated_once_the_handset_lies_on_its_hook(
    supply: LineSupply, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    lines = Lines(board(supply))
    chip, phone = chip_of(lines), lines.box.telephones["101"]
    phone.lift()
    lines.up()
    assert ("101", HookChanged(True)) in lines.reported + lines.beat(40)
    assert "101 (si3210 on SPI 0.0 of board virtual): not calibrated, since its" in caplog.text
    lines.beat(2000)
    assert "calibrated now" not in caplog.text
    phone.hang_up()
    lines.until(HookChanged(False), "101", 3)
    assert lines.beat(1200) == []
    assert "101 (si3210 on SPI 0.0 of board virtual): calibrated now" in caplog.text
    assert slic_read(chip, 103) == 0x97
    assert chip.linefeed == 1
    phone.lift()
    lines.until(HookChanged(True), "101", 3)
    assert lines.box.violations() == []


def test_ringing_asked_for_during_a_late_calibration_begins_after_it() -> None:
    lines = Lines(board(USUAL_SUPPLY))
    chip, phone = chip_of(lines), lines.box.telephones["101"]
    phone.lift()
    lines.up()
    lines.beat(40)
    phone.hang_up()
    for _ in range(1000):
        lines.beat()
        if slic_read(chip, 96) & 0x40:
            break
    lines.station().feed(Feed.RINGING)
    assert not phone.ringing
    lines.beat(150)
    assert phone.ringing
    assert slic_read(chip, 103) == 0x97
