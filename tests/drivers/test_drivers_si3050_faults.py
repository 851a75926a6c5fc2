"""Every fault of the outside line's model: one report with place and remedy; neighbours work."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from drivers.board import LineBoard, virtual_board
from drivers.countries import country
from drivers.models.faults import Fault
from drivers.models.loops import StationLoop
from drivers.models.si3050 import Si3050Model
from drivers.models.si3210 import Si3210Model
from drivers.ports import PortEvent, PortFault, PortRecovered, RingBurst
from tests.kit.lines import Lines
from tests.kit.models import daa_read

SECOND = 100
PLACE = "line1 (si3050 on SPI 1.0 of board virtual): "
NOBODY = "no Si3050 answers (register 2 reads {0} instead of 0x03); check the line hat"
GONE = "chip reset itself or is gone (register 2 reads {0} instead of 0x87); check the supply"
NO_LOCK = (
    "isolation link to the line side has no frame lock; check the Si3019, its parts and the PCM"
    " bit clock"
)
NO_LINK = (
    "isolation link to the line side up not within 2000 ms; check the Si3019 and the PCM bit clock"
)


@dataclass(frozen=True)
class Told:
    """What is reported of a fault at the start; of one that comes later; and by its repair."""

    at_start: str
    """Empty: the reset of a start ends it."""
    later: str
    then: str


TOLD = {
    Fault.STUCK_BUS: Told(NOBODY.format("0xff"), GONE.format("0xff"), NOBODY.format("0xff")),
    Fault.STUCK_LOW: Told(NOBODY.format("0x00"), GONE.format("0x00"), NOBODY.format("0x00")),
    Fault.HUNG: Told("", GONE.format("0xff"), NOBODY.format("0xff")),
    Fault.WRONG_REVISION: Told(NOBODY.format("0x00"), GONE.format("0x00"), NOBODY.format("0x00")),
    Fault.NO_CLOCK: Told(NO_LINK, NO_LOCK, NO_LINK),
    Fault.NO_LINK: Told(NO_LINK, NO_LOCK, NO_LINK),
}


def faults(events: Sequence[tuple[str, PortEvent]]) -> list[tuple[str, str]]:
    return [(jack, event.what) for jack, event in events if isinstance(event, PortFault)]


def reports(events: Sequence[tuple[str, PortEvent]], *texts: str) -> None:
    """Exactly these faults, of line1, each with its place and what to do."""
    told = faults(events)
    assert [jack for jack, _ in told] == ["line1"] * len(texts), told
    for (_, what), text in zip(told, texts, strict=True):
        assert what.startswith(PLACE) and text in what and "; check " in what, what


def neighbour_rings(lines: Lines) -> None:
    """Each burst of the line beside it is seen, and no fault of it."""
    lines.box.office_lines["line2"].ring()
    events = lines.beat(7 * SECOND)
    bursts = [event for jack, event in events if jack == "line2"]
    assert bursts == [RingBurst(True), RingBurst(False), RingBurst(True)]
    lines.box.office_lines["line2"].hang_up()
    lines.beat(SECOND)


def test_every_fault_of_the_model_is_in_the_table() -> None:
    assert set(TOLD) == {fault for fault in Fault if fault.chip in ("", "Si3050")}


@pytest.mark.parametrize("fault", TOLD)
def test_fault_at_the_start_is_one_report_and_the_neighbour_works(fault: Fault) -> None:
    lines = Lines(virtual_board(0, 2))
    lines.box.chips["line1"].inject(fault)
    lines.up()
    expected = [text for text in [TOLD[fault].at_start] if text]
    reports([*lines.reported, *lines.beat(5 * SECOND)], *expected)
    neighbour_rings(lines)


@pytest.mark.parametrize("fault", TOLD)
def test_fault_in_a_call_is_reported_and_the_neighbour_keeps_its_beat(fault: Fault) -> None:
    lines = Lines(virtual_board(0, 2)).up()
    lines.trunk().seize()
    lines.beat(SECOND)
    lines.box.chips["line1"].inject(fault)
    lines.box.office_lines["line2"].ring()
    events = lines.beat(7 * SECOND)
    reports(events, TOLD[fault].later, TOLD[fault].then)
    assert [event for jack, event in events if jack == "line2"] == [
        RingBurst(True), RingBurst(False), RingBurst(True)
    ]  # fmt: skip
    lines.box.chips["line1"].mend(fault)
    told = lines.beat(20 * SECOND)
    assert faults(told) == [] and ("line1", PortRecovered()) in told
    chip = lines.box.chips["line1"]
    assert isinstance(chip, Si3050Model) and chip.off_hook, "what was there before is there again"


def test_another_chip_in_its_place_is_one_report() -> None:
    spec = virtual_board(0, 2)
    lines = Lines(spec)
    other = Si3210Model("line1", spec.slots, StationLoop())
    other.clock(spec.pclk_hz)
    lines.box._selects[1, 0] = other
    lines.board = LineBoard(spec, lines.box, country("us"))
    lines.up()
    reports([*lines.reported, *lines.beat(5 * SECOND)], "no Si3050 answers")
    neighbour_rings(lines)


# --------------------------------------------------------------------- out of step


OUT_OF_STEP = (
    "the chip was out of step, its registers may be wrong; check the wiring of the SPI bus"
)


@pytest.mark.parametrize("passes_over", [False, True])
@pytest.mark.parametrize("seized", [False, True])
@pytest.mark.parametrize("broken_off", [[0x60], [0x60, 2], [0x20], [0x20, 2], [0x20, 5], [0x07]])
def test_chip_out_of_step_is_put_in_step_again_and_the_neighbour_keeps_its_beat(
    broken_off: list[int], seized: bool, passes_over: bool
) -> None:
    lines = Lines(virtual_board(0, 2)).up()
    chip = lines.box.chips["line1"]
    assert isinstance(chip, Si3050Model)
    chip.passes_over = passes_over
    if seized:
        lines.trunk().seize()
    lines.beat(2 * SECOND)
    chip.transfer(broken_off)
    lines.box.office_lines["line2"].ring()
    events = lines.beat(4 * SECOND)
    told = [event for jack, event in events if jack == "line1"]
    if told or not passes_over:  # such a chip may have found its step before it was looked at
        assert [type(event) for event in told] == [PortFault, PortRecovered]
    assert [event for jack, event in events if jack == "line2"][:2] == [
        RingBurst(True), RingBurst(False)
    ]  # fmt: skip
    assert daa_read(chip, 2) == 0x87 and daa_read(chip, 5) & 0x09 == (0x01 if seized else 0x08)


@pytest.mark.parametrize("broken_off", [[0x60], [0x20, 33]])
def test_chip_out_of_step_is_named_so_with_its_remedy(broken_off: list[int]) -> None:
    lines = Lines(virtual_board(0, 2)).up()
    lines.beat(SECOND)
    lines.box.chips["line1"].transfer(broken_off)
    reports(lines.beat(SECOND), OUT_OF_STEP)


@pytest.mark.parametrize("broken_off", [[0x60], [0x20, 33]])
def test_chip_out_of_step_at_the_start_is_put_in_step(broken_off: list[int]) -> None:
    lines = Lines(virtual_board(0, 1))
    lines.box.pcm().start()
    lines.board.power_up()
    lines.beat(4)
    lines.box.chips["line1"].transfer(broken_off)
    assert lines.beat(SECOND) == [("line1", PortRecovered())]


# --------------------------------------------------------------------- reset pin


@pytest.mark.parametrize("seized", [False, True])
def test_chip_that_hangs_is_reset_by_its_pin_and_works_again(seized: bool) -> None:
    lines = Lines(virtual_board(2, 1)).up()
    lines.beat(SECOND)
    if seized:
        lines.trunk().seize()
    chip = lines.box.chips["line1"]
    chip.inject(Fault.HUNG)
    events = lines.beat(4 * SECOND)
    reports(events, GONE.format("0xff"), NOBODY.format("0xff"))
    assert events[-1] == ("line1", PortRecovered())
    assert isinstance(chip, Si3050Model) and chip.off_hook == seized
    assert chip.violation_log.count == 0


def test_handsets_chip_that_hangs_is_reset_by_its_pin_and_works_again() -> None:
    lines = Lines(virtual_board(1, 1)).up()
    lines.beat(SECOND)
    lines.box.chips["101"].inject(Fault.HUNG)
    events = lines.beat(4 * SECOND)
    assert [type(event) for _, event in events] == [PortFault, PortRecovered]
    assert lines.box.violations() == []


def test_chips_behind_one_pin_are_reset_only_when_none_of_them_works() -> None:
    lines = Lines(virtual_board(0, 2)).up()
    lines.beat(SECOND)
    lines.box.chips["line1"].inject(Fault.HUNG)
    events = lines.beat(70 * SECOND)
    assert PortRecovered() not in [event for _, event in events]
    neighbour_rings(lines)
    lines.box.chips["line2"].inject(Fault.HUNG)
    told = lines.beat(40 * SECOND)
    assert {jack for jack, event in told if event == PortRecovered()} == {"line1", "line2"}
    neighbour_rings(lines)
