"""An outside line in use: current that is lost, a telephone beside us, pulses, flash, registers."""

from collections.abc import Callable

import pytest

from drivers.board import virtual_board
from drivers.countries import codes, country
from drivers.countries.base import TrunkSettings
from drivers.models.faults import Fault
from drivers.models.si3050 import Si3050Model
from drivers.ports import (
    BatteryChanged,
    PolarityReversed,
    PortFault,
    PortRecovered,
    RingBurst,
)
from tests.kit.lines import Lines


@pytest.fixture
def lines() -> Lines:
    """Two outside lines, powered up and settled."""
    ready = Lines(virtual_board(0, 2)).up()
    assert ready.beat(40) == []
    return ready


def daa(lines: Lines, jack: str = "line1") -> Si3050Model:
    chip = lines.box.chips[jack]
    assert isinstance(chip, Si3050Model)
    return chip


def register(chip: Si3050Model, number: int) -> int:
    return chip.transfer([0x60, number, 0])[2]


def in_a_call(lines: Lines) -> Si3050Model:
    lines.box.office_lines["line1"].ring()
    lines.beat(30)
    lines.trunk().seize()
    lines.beat(100)
    assert lines.box.office_lines["line1"].answered
    return daa(lines)


# --- loop current --------------------------------------------------------------------------------


def test_current_that_is_lost_counts_as_battery_lost_though_there_is_voltage(lines: Lines) -> None:
    chip = in_a_call(lines)
    chip.loop.feed_ohms, chip.loop.touched = 1e6, True
    lines.beat(1)
    assert register(chip, 29) >= 4 and register(chip, 28) == 0
    assert register(chip, 19) & 0x02  # DOD
    assert lines.until(BatteryChanged(False), "line1", 14) >= 7
    chip.loop.feed_ohms, chip.loop.touched = 1400.0, True
    lines.until(BatteryChanged(True), "line1", 14)


def test_current_that_is_away_for_less_than_80_ms_is_none_lost(lines: Lines) -> None:
    chip = in_a_call(lines)
    for _ in range(5):
        chip.loop.feed_ohms, chip.loop.touched = 1e6, True
        assert lines.beat(7) == []
        chip.loop.feed_ohms, chip.loop.touched = 1400.0, True
        assert lines.beat(20) == []


def test_what_a_line_in_a_call_was_once_and_is_again_is_told_each_time(lines: Lines) -> None:
    chip, office = in_a_call(lines), lines.box.office_lines["line1"]
    for _ in range(2):
        office.reverse()
        assert lines.until(PolarityReversed(), "line1", 14) >= 7
        assert lines.beat(60) == []
        chip.loop.feed_ohms, chip.loop.touched = 1e6, True
        assert lines.until(BatteryChanged(False), "line1", 14) >= 7
        chip.loop.feed_ohms, chip.loop.touched = 1400.0, True
        lines.until(BatteryChanged(True), "line1", 14)
        assert lines.beat(60) == []
        chip.transfer([0x20, 5, 0x08])  # it forgets that it is off hook
        assert lines.beat(60) == [] and register(chip, 5) & 0x01


def test_line_that_gives_no_current_from_the_start_is_not_hung_up(lines: Lines) -> None:
    """A chip whose register 28 reads 0 whatever flows, as one with another line side may do."""
    daa(lines).loop.feed_ohms = 1e6
    lines.trunk().seize()
    assert lines.beat(300) == []


# --- a telephone beside us -----------------------------------------------------------------------


def test_line_that_a_telephone_beside_us_uses_is_taken_until_it_hangs_up(lines: Lines) -> None:
    port, loop = lines.trunk(), daa(lines).loop
    assert not port.taken
    loop.parallel(300.0)
    assert lines.beat(40) == []
    assert port.taken and 4 <= port.line_voltage() < 20
    assert not lines.trunk("line2").taken
    loop.parallel(None)
    assert lines.beat(40) == []
    assert not port.taken


def test_call_goes_on_when_a_telephone_beside_us_is_lifted(lines: Lines) -> None:
    chip = in_a_call(lines)
    before = register(chip, 28)
    chip.loop.parallel(300.0)
    assert lines.beat(300) == []
    assert 3 <= register(chip, 28) < before
    assert lines.box.office_lines["line1"].answered


@pytest.mark.parametrize("volts", [24.0, 48.0, -56.0])
def test_battery_of_any_exchange_is_no_telephone_beside_us(lines: Lines, volts: float) -> None:
    daa(lines).loop.feed(volts)
    lines.beat(60)
    assert not lines.trunk().taken


# --- pulses and flash ----------------------------------------------------------------------------


def test_pulses_are_dialled_with_a_quick_pickup_and_a_release_ends_that(lines: Lines) -> None:
    chip, port = daa(lines), lines.trunk()
    port.seize()
    assert lines.beat(100) == []
    assert register(chip, 31) & 0x60 == 0x20 and not register(chip, 17) & 0x20
    for _ in range(3):
        port.pulse(True)
        assert lines.beat(6) == []
        port.pulse(False)
        assert lines.beat(4) == []
        assert chip.audio  # 8 ms after the pulse, not after a calibration
    assert register(chip, 31) & 0x60 == 0x60 and register(chip, 17) & 0x20
    lines.beat(80)
    assert lines.box.office_lines["line1"].dialled == "3"
    port.release()
    lines.beat(100)
    assert register(chip, 31) & 0x60 == 0x20 and not register(chip, 17) & 0x20
    assert lines.box.violations() == []


@pytest.mark.parametrize("periods", [10, 25])
def test_flash_opens_the_loop_for_its_time_and_the_call_goes_on(lines: Lines, periods: int) -> None:
    chip = in_a_call(lines)
    lines.trunk().flash(periods)
    opened = 0
    while not chip.off_hook:
        assert lines.beat() == []
        opened += 1
    assert opened == periods
    assert lines.beat(100) == []
    assert lines.box.office_lines["line1"].answered and lines.trunk().seized


def test_flash_of_a_line_that_lies_on_its_hook_does_nothing(lines: Lines) -> None:
    lines.trunk().flash(10)
    assert lines.beat(100) == []
    assert not daa(lines).off_hook


# --- what is written -----------------------------------------------------------------------------

FACTS: list[tuple[int, Callable[[TrunkSettings], int], str]] = [
    (2, lambda want: 0x87, "Si3050 DS: INTE, RDI, HBE, RXE"),
    (3, lambda want: 0x89, "DAHDI xpp, and RDTM, DODM"),
    (5, lambda want: 0x08, "Si3050 DS: ONHM"),
    (6, lambda want: 0x00, "Si3050 DS: PDL, PDN cleared"),
    (7, lambda want: 0x00, "8 kHz [unverified]"),
    (15, lambda want: 0x00, "no mute [unverified]"),
    (16, lambda want: want.ohs << 6 | want.rz << 1 | want.rt, "DAHDI fxo_modes"),
    (17, lambda want: 0x00, "Si3050 DS: calibration at off-hook"),
    (18, lambda want: 0x02, "Si3050 DS: RFWE"),
    (22, lambda want: 0x16, "Si3050 DS p76: RMX"),
    (23, lambda want: 0x08, "Si3050 DS: RTO 128 ms, RCC 100 ms"),
    (24, lambda want: 0x99, "Si3050 DS: RNGV, RAS"),
    (26, lambda want: want.dcv << 6 | want.mini << 4 | want.ilim << 1, "DAHDI fxo_modes"),
    (30, lambda want: want.acim, "DAHDI fxo_modes"),
    (31, lambda want: 0xA3 | want.ohs2 << 3, "DAHDI wctdm"),
    *((number, lambda want: 0x00, "0 dB") for number in (38, 39, 40, 41)),
    *((number, lambda want: 0x00, "no hybrid [unverified]") for number in range(45, 53)),
    (59, lambda want: (want.spark_quench & 2) << 5 | (want.spark_quench & 1) << 4, "DAHDI"),
]
"""Register, its value for a country's settings, and where that comes from."""


@pytest.mark.parametrize("code", codes())
def test_every_register_of_an_outside_line_is_what_its_country_asks_for(code: str) -> None:
    lines = Lines(virtual_board(0, 1), code=code).up()
    chip, want = daa(lines), country(code).trunk
    got = {number: register(chip, number) for number, _, _ in FACTS}
    assert got == {number: value(want) for number, value, _ in FACTS}
    assert lines.box.violations() == []


def test_registers_that_nothing_is_known_of_hold_rubbish_until_the_driver_writes_them() -> None:
    lines = Lines(virtual_board(0, 8))
    for number in (7, 15, 45, 52, 59):
        seen = {register(daa(lines, f"line{n + 1}"), number) for n in range(8)}
        assert len(seen) > 1, number


# --- what goes wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (Fault.STUCK_BUS, "register 2 reads 0xff instead of 0x87); check the supply"),
        (Fault.NO_LINK, "no frame lock; check the Si3019"),
        (Fault.WRONG_REVISION, "register 2 reads 0x00 instead of 0x87); check the supply"),
    ],
)
def test_chip_that_fails_in_a_call_is_named_once_and_its_neighbour_rings(
    lines: Lines, fault: Fault, text: str
) -> None:
    chip = in_a_call(lines)
    chip.inject(fault)
    told = [event for _, event in lines.beat(250)]
    first = next(event for event in told if isinstance(event, PortFault))
    assert first.what.startswith("line1 (si3050 on SPI ") and text in first.what
    lines.box.office_lines["line2"].ring()
    assert [event for jack, event in lines.beat(30) if jack == "line2"] == [RingBurst(True)]
    chip.mend(fault)
    assert PortRecovered() in [event for jack, event in lines.beat(1500) if jack == "line1"]


def test_another_chip_on_the_select_is_told_by_its_missing_bit() -> None:
    lines = Lines(virtual_board(0, 1))
    chip = daa(lines)
    honest = chip.transfer

    def foreign(frames: list[int]) -> list[int]:
        """Register 2 reads as ours does, register 13 does not."""
        answers = honest(frames)
        for at in range(2, len(frames)):
            if frames[at - 2] == 0x60 and frames[at - 1] == 13:
                answers[at] = 0x0C
        return answers

    chip.transfer = foreign  # type: ignore[method-assign,assignment]
    lines.up()
    (fault,) = [event for _, event in lines.reported]
    assert "what answers is no Si3050 (register 13 reads 0x0c" in str(fault)
