"""Every fault of the handset chip's model: one report with place and remedy; neighbours work."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from drivers.board import LineBoard, virtual_board
from drivers.countries import country
from drivers.models.faults import Fault
from drivers.models.loops import TrunkLoop
from drivers.models.si3050 import Si3050Model
from drivers.ports import Feed, HookChanged, PortFault, PortRecovered
from tests.kit.lines import Lines

SECOND = 100
PLACE = "101 (si3210 on SPI 0.0 of board virtual): "
NOBODY = "no Si3210 or Si3215 answers"
NO_SUPPLY = "reset itself, or its converter makes no battery of 75 V; check the 12 V supply"


@dataclass(frozen=True)
class Told:
    """What is reported when the fault is there at the start, and when it comes later."""

    at_start: str
    """Empty: the reset of a start ends it."""
    later: str
    """Empty: it shows at the start only."""


TOLD = {
    Fault.STUCK_BUS: Told(f"{NOBODY} (registers 0, 11 read 0xff 0xff); check", NOBODY),
    Fault.STUCK_LOW: Told(f"{NOBODY} (registers 0, 11 read 0x00 0x00); check", NOBODY),
    Fault.HUNG: Told("", NOBODY),
    Fault.WRONG_REVISION: Told(NOBODY, NOBODY),
    Fault.NO_CLOCK: Told(
        "not served within 60 polls; check that the PCM bit clock runs",
        "not served within 60 polls; check that the PCM bit clock runs",
    ),
    Fault.NO_SUPPLY: Told(NO_SUPPLY, NO_SUPPLY),
    Fault.BROWN_OUT: Told(NO_SUPPLY, NO_SUPPLY),
    Fault.FOREIGN_VOLTAGE: Told("50 V on the line before it is fed", ""),
    Fault.POWER_ALARM: Told(
        "line opened by power alarms 10 times, battery", "line opened by power alarms 10 times"
    ),
    Fault.LEAK: Told("something drains the battery", ""),
    Fault.SHORT: Told(
        "check handset and wiring for a short", "check handset and wiring for a short"
    ),
    Fault.LATE_CALIBRATION: Told("calibration finished not within 2000 ms", ""),
    Fault.BAD_INDIRECT: Told("check the wiring of the SPI bus", ""),
}


def faults(events: Sequence[tuple[str, object]]) -> list[tuple[str, str]]:
    return [(jack, event.what) for jack, event in events if isinstance(event, PortFault)]


def one_report(events: Sequence[tuple[str, object]], text: str) -> None:
    """Exactly one fault, of 101, saying this, where it is and what to do."""
    told = faults(events)
    assert [jack for jack, _ in told] == ["101"], told
    assert text in told[0][1]
    assert told[0][1].startswith(PLACE)
    assert any(remedy in told[0][1] for remedy in ("check ", "unplug ", "fit ", "change "))


def test_every_fault_of_the_model_is_in_the_table() -> None:
    assert set(TOLD) == {fault for fault in Fault if not fault.value.startswith("Si3050")}


@pytest.mark.parametrize("fault", TOLD)
def test_fault_at_the_start_is_one_report_and_the_neighbour_works(fault: Fault) -> None:
    lines = Lines(virtual_board(2, 0))
    lines.box.chips["101"].inject(fault)
    lines.up()
    events = [*lines.reported, *lines.beat(20 * SECOND)]
    if TOLD[fault].at_start:
        one_report(events, TOLD[fault].at_start)
    else:
        assert faults(events) == []
    lines.box.telephones["102"].lift()
    lines.until(HookChanged(True), "102", 3)


@pytest.mark.parametrize("fault", TOLD)
def test_fault_in_a_call_is_one_report_and_the_neighbour_keeps_its_beat(fault: Fault) -> None:
    lines = Lines(virtual_board(2, 0)).up()
    lines.box.telephones["101"].lift()
    lines.beat(SECOND)
    lines.box.chips["101"].inject(fault)
    events = lines.beat(10 * SECOND)
    if TOLD[fault].later:
        one_report(events, TOLD[fault].later)
    else:
        assert events == []
    for _ in range(5):
        for lifted, at_most in ((True, 3), (False, 3)):
            phone = lines.box.telephones["102"]
            phone.lift() if lifted else phone.hang_up()
            seen = [event for _ in range(at_most) for event in lines.beat()]
            assert ("102", HookChanged(lifted)) in seen
    lines.box.chips["101"].mend(fault)
    told = lines.beat(40 * SECOND)
    assert faults(told) == []
    if TOLD[fault].later:
        assert ("101", PortRecovered()) in told
    lines.station("101").feed(Feed.ACTIVE)
    assert lines.beat(SECOND) == []
    assert lines.station("101").off_hook


@pytest.mark.parametrize("feed", [Feed.ACTIVE, Feed.RINGING])
@pytest.mark.parametrize("fault", [Fault.STUCK_BUS, Fault.STUCK_LOW])
def test_stuck_bus_lifts_no_handset_while_a_neighbour_asks(feed: Feed, fault: Fault) -> None:
    lines = Lines(virtual_board(2, 0)).up()
    lines.beat(SECOND)
    lines.station("101").feed(feed)
    lines.beat(20)
    lines.box.chips["101"].inject(fault)
    lines.box.telephones["102"].lift()
    events = lines.beat(SECOND)
    assert [event for jack, event in events if jack == "102"] == [HookChanged(True)]
    one_report(events, NOBODY)
    assert ("101", HookChanged(True)) not in events


def test_another_chip_in_its_place_is_one_report() -> None:
    spec = virtual_board(2, 0)
    lines = Lines(spec)
    other = Si3050Model("101", spec.slots, TrunkLoop())
    other.clock(spec.pclk_hz)
    lines.box._selects[0, 0] = other
    lines.board = LineBoard(spec, lines.box, country("us"))
    lines.up()
    one_report([*lines.reported, *lines.beat(20 * SECOND)], NOBODY)


@pytest.mark.parametrize("octet", [0x40, 0x4A, 0x80 | 64, 0x00, 0x08])
def test_chip_one_octet_out_of_step_is_put_in_step_again(octet: int) -> None:
    lines = Lines(virtual_board(1, 0)).up()
    lines.beat(SECOND)
    lines.box.chips["101"].transfer([octet])  # an access that broke off
    told = lines.beat(3 * SECOND)
    one_report(told, "out of step by one octet")
    assert told[-1] == ("101", PortRecovered())
    lines.box.telephones["101"].lift()
    lines.until(HookChanged(True), "101", 3)
    assert lines.box.violations() == []


@pytest.mark.parametrize("octet", [0x41, 0x80 | 64])
def test_chip_out_of_step_at_the_start_is_put_in_step(octet: int) -> None:
    lines = Lines(virtual_board(1, 0))
    lines.box.pcm().start()
    lines.board.power_up()
    lines.beat(3)
    lines.box.chips["101"].transfer([octet])
    told = lines.beat(3 * SECOND)
    assert told == [("101", PortRecovered())]


def test_feed_given_to_a_chip_out_of_step_is_on_the_line_after_its_repair() -> None:
    lines = Lines(virtual_board(1, 0)).up()
    lines.beat(SECOND)
    lines.box.chips["101"].transfer([0x88])
    lines.station("101").feed(Feed.RINGING)
    lines.beat(3 * SECOND)
    assert lines.box.telephones["101"].ringing
