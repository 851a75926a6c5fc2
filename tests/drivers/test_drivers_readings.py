"""What the chips say of their lines, against what lies on the models' wires."""

import pytest

from drivers.board import virtual_board
from drivers.errors import ChipMissing
from drivers.models.faults import Fault
from drivers.models.loops import StationLoop
from drivers.models.si3210 import Si3210Model
from drivers.models.si3210_registers import SI3215
from drivers.ports import Feed, LineReading
from drivers.registers import SI321X_FRAMING, RegisterBus
from drivers.si321x_measure import line_ma, line_volts, reading
from tests.kit.lines import Lines

BATTERY_STEP, VOLTS_STEP, MA_STEP = 0.376, 1.5, 1.25


def test_reading_of_resting_handset_shows_feed_and_battery() -> None:
    lines = Lines().up()
    lines.beat(50)
    told = lines.station().reading()
    assert (told.chip, told.revision, told.doing) == ("Si3210", "E", "forward active")
    assert not told.off_hook and told.ma == 0.0
    assert told.volts == pytest.approx(48.0, abs=VOLTS_STEP)
    assert told.battery_volts == pytest.approx(75.0, abs=BATTERY_STEP)


def test_reading_of_lifted_handset_shows_its_loop_current() -> None:
    lines = Lines().up()
    lines.box.telephones["101"].lift()
    lines.beat(50)
    told = lines.station().reading()
    assert told.off_hook
    assert told.ma == pytest.approx(20.0, abs=MA_STEP)
    assert told.volts == pytest.approx(0.020 * 300, abs=VOLTS_STEP)


@pytest.mark.parametrize(
    ("feed", "doing"),
    [
        (Feed.OPEN, "open"),
        (Feed.ON_HOOK_AUDIO, "forward on-hook transmission"),
        (Feed.RINGING, "ringing"),
        (Feed.REVERSED, "reverse active"),
    ],
)
def test_reading_names_what_is_on_the_line(feed: Feed, doing: str) -> None:
    lines = Lines().up()
    lines.station().feed(feed)
    lines.beat(5)
    told = lines.station().reading()
    assert told.doing == doing
    assert told.volts is not None and (told.volts < 0) is (feed is Feed.REVERSED)


def test_reading_of_outside_line_shows_volts_and_current() -> None:
    lines = Lines().up()
    lines.beat(50)
    told = lines.trunk().reading()
    assert told == LineReading("Si3050 + Si3019", "D", "on hook", 48.0, 0.0, None, False)
    lines.box.office_lines["line1"].reverse()
    lines.beat(5)
    assert lines.trunk().reading().volts == -48.0
    lines.trunk().seize()
    lines.beat(50)
    told = lines.trunk().reading()
    assert (told.doing, told.off_hook) == ("off hook", True)
    assert told.ma == pytest.approx(29.9, abs=3.3)


def test_reading_of_chip_that_does_not_answer_says_so() -> None:
    lines = Lines().up()
    for jack in ("101", "line1"):
        lines.box.chips[jack].inject(Fault.STUCK_BUS)
    with pytest.raises(ChipMissing, match=r"101 .*no chip answers.*check the line hat"):
        lines.station().reading()
    with pytest.raises(ChipMissing, match=r"line1 .*no chip answers.*check the line hat"):
        lines.trunk().reading()


def test_reading_tells_a_line_side_that_is_not_linked() -> None:
    lines = Lines()
    lines.box.chips["line1"].inject(Fault.NO_LINK)
    lines.up()
    told = lines.trunk().reading()
    assert (told.chip, told.doing) == ("Si3050, no line side", "isolation link down")


def test_reading_names_the_other_chip_of_the_family() -> None:
    spec = virtual_board().lines[0]
    chip = Si3210Model("101", 4, StationLoop(), part=SI3215)
    told = reading(RegisterBus(chip, SI321X_FRAMING), spec.place)
    assert (told.chip, told.revision) == ("Si3215", "C")


@pytest.mark.parametrize(("octet", "volts"), [(0x20, 48.0), (0x60, -48.0), (0x7F, -94.5), (0, 0)])
def test_reading_line_voltage_register_in_volts(octet: int, volts: float) -> None:
    """[Si3215 DS, register 78: 1.5 V a step, bit 6 the sign]"""
    assert line_volts(octet) == volts


@pytest.mark.parametrize(("octet", "ma"), [(16, 20.0), (0x50, 20.0), (0x3F, 78.75)])
def test_reading_line_current_register_in_ma(octet: int, ma: float) -> None:
    """[Si3215 DS, register 79: 1.25 mA a step, bit 6 the sign]"""
    assert line_ma(octet) == ma
