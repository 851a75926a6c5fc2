"""The drivers against chip models that were written from the data sheets by somebody else."""

import numpy as np
import pytest

from drivers.board import virtual_board
from drivers.buses import PERIOD, Samples
from drivers.models.faults import Fault
from drivers.models.si3050 import Si3050Model
from drivers.models.si3210 import Si3210Model
from drivers.ports import (
    BatteryChanged,
    Feed,
    HookChanged,
    PolarityReversed,
    PortFault,
    PortRecovered,
    RingBurst,
)
from tests.kit.lines import Lines


@pytest.fixture
def lines() -> Lines:
    """Two handsets and two outside lines, powered up and settled."""
    ready = Lines().up()
    assert ready.beat(40) == []
    return ready


def slic(lines: Lines, jack: str = "101") -> Si3210Model:
    chip = lines.box.chips[jack]
    assert isinstance(chip, Si3210Model)
    return chip


def daa(lines: Lines, jack: str = "line1") -> Si3050Model:
    chip = lines.box.chips[jack]
    assert isinstance(chip, Si3050Model)
    return chip


def faults(lines: Lines) -> dict[str, str]:
    """What was reported as broken while they came up."""
    return {jack: event.what for jack, event in lines.reported if isinstance(event, PortFault)}


# --- power-up ------------------------------------------------------------------------------------


def test_power_up_breaks_no_rule_of_the_chips(lines: Lines) -> None:
    assert lines.periods_to_power_up <= 200
    assert lines.box.violations() == []
    assert slic(lines).linefeed == 1
    assert daa(lines).linked
    assert daa(lines).audio  # caller ID can be heard on hook
    assert not daa(lines).off_hook
    assert lines.trunk().line_voltage() == 48


@pytest.mark.parametrize("code", ["us", "gb", "de", "au", "jp", "za"])
def test_power_up_in_other_countries_breaks_no_rule_and_rings(code: str) -> None:
    lines = Lines(code=code).up()
    assert lines.beat(40) == []
    assert lines.box.violations() == []
    lines.station().feed(Feed.RINGING)
    lines.beat(20)
    assert lines.box.telephones["101"].ringing


def test_power_up_of_a_full_board_takes_two_seconds_at_most() -> None:
    lines = Lines(virtual_board(2, 24)).up()
    assert lines.periods_to_power_up <= 200
    assert lines.beat(40) == []
    assert lines.box.violations() == []


def test_power_up_without_the_bit_clock_names_the_cause() -> None:
    lines = Lines().up(clocked=False)
    told = faults(lines)
    assert list(told) == ["line1", "line2", "101", "102"] or len(told) == 4
    assert "check that the PCM bit clock runs" in told["101"]
    assert "PCM bit clock" in told["line1"]


@pytest.mark.parametrize(
    ("jack", "fault", "text"),
    [
        ("101", Fault.STUCK_BUS, "no Si3210 or Si3215 answers"),
        ("101", Fault.WRONG_REVISION, "no Si3210 or Si3215 answers"),
        ("101", Fault.NO_SUPPLY, "makes no battery of 75 V; check the 12 V supply"),
        ("101", Fault.LEAK, "something drains the battery"),
        ("101", Fault.LATE_CALIBRATION, "calibration finished not within 2000 ms"),
        ("101", Fault.BAD_INDIRECT, "check the wiring of the SPI bus"),
        ("line1", Fault.STUCK_BUS, "no Si3050 answers"),
        ("line1", Fault.WRONG_REVISION, "no Si3050 answers"),
        ("line1", Fault.NO_LINK, "isolation link to the line side up not within 2000 ms"),
    ],
)
def test_chip_that_fails_at_power_up_is_reported_and_its_neighbours_work(
    jack: str, fault: Fault, text: str
) -> None:
    lines = Lines()
    lines.box.chips[jack].inject(fault)
    lines.up()
    told = faults(lines)
    assert list(told) == [jack]
    assert text in told[jack]
    lines.box.telephones["102"].lift()
    assert lines.beat(20) == [("102", HookChanged(True))]


def test_power_up_with_a_handset_off_its_hook() -> None:
    lines = Lines()
    lines.box.telephones["101"].lift()
    lines.up()
    events = lines.reported + lines.beat(40)
    assert [event for event in events if event[0] == "101"] == [
        ("101", PortRecovered()),
        ("101", HookChanged(True)),
    ]


# --- the handset ---------------------------------------------------------------------------------


def test_lifting_is_seen_within_30_ms(lines: Lines) -> None:
    lines.box.telephones["101"].lift()
    assert lines.until(HookChanged(True), "101", 3) <= 3
    lines.box.telephones["101"].hang_up()
    assert lines.until(HookChanged(False), "101", 3) <= 3


def test_a_flash_keeps_its_length(lines: Lines) -> None:
    lines.box.telephones["101"].lift()
    lines.until(HookChanged(True), "101", 3)
    lines.box.telephones["101"].flash(500)
    lines.until(HookChanged(False), "101", 5)
    assert lines.until(HookChanged(True), "101", 60) == 50


def test_dial_pulses_are_reported_one_by_one(lines: Lines) -> None:
    lines.box.telephones["101"].lift()
    lines.beat(20)
    lines.box.telephones["101"].dial_pulses("5")
    events = lines.beat(100)
    assert events == [("101", HookChanged(False)), ("101", HookChanged(True))] * 5


def test_ringing_until_the_handset_is_lifted(lines: Lines) -> None:
    phone, port = lines.box.telephones["101"], lines.station()
    for feed, sounds in ((Feed.RINGING, True), (Feed.ON_HOOK_AUDIO, False), (Feed.RINGING, True)):
        port.feed(feed)
        assert lines.beat(100) == []
        assert phone.ringing is sounds
    phone.lift()
    lines.until(HookChanged(True), "101", 6)
    assert slic(lines).linefeed == 1
    assert lines.beat(100) == []
    phone.hang_up()
    lines.until(HookChanged(False), "101", 3)
    assert lines.beat(50) == []
    assert not phone.ringing


def test_lifting_between_two_bursts(lines: Lines) -> None:
    lines.station().feed(Feed.RINGING)
    lines.beat(100)
    lines.station().feed(Feed.ON_HOOK_AUDIO)
    lines.box.telephones["101"].lift()
    lines.until(HookChanged(True), "101", 15)
    assert slic(lines).linefeed == 1


@pytest.mark.parametrize("feed", [Feed.OPEN, Feed.REVERSED])
def test_what_we_do_to_the_line_is_not_taken_for_the_hook(lines: Lines, feed: Feed) -> None:
    lines.box.telephones["101"].lift()
    lines.until(HookChanged(True), "101", 3)
    lines.station().feed(feed)
    assert lines.beat(50) == []
    lines.station().feed(Feed.ACTIVE)
    assert lines.beat(50) == []
    assert lines.station().off_hook


def test_hung_up_while_the_line_was_open(lines: Lines) -> None:
    lines.box.telephones["101"].lift()
    lines.until(HookChanged(True), "101", 3)
    lines.station().feed(Feed.OPEN)
    lines.beat(10)
    lines.box.telephones["101"].hang_up()
    assert lines.beat(40) == []
    lines.station().feed(Feed.ACTIVE)
    assert lines.beat(40) == [("101", HookChanged(False))]


def test_the_far_end_gone_takes_the_feed_away(lines: Lines) -> None:
    lines.station().feed(Feed.OPEN)
    lines.beat(2)
    assert not lines.box.telephones["101"].powered
    lines.station().feed(Feed.ACTIVE)
    lines.beat(2)
    assert lines.box.telephones["101"].powered


def test_sound_passes_in_its_own_slot(lines: Lines) -> None:
    wave = (8000 * np.sin(np.arange(PERIOD) * 2 * np.pi / 8)).astype(np.int16)
    for jack in ("101", "102"):
        lines.box.telephones[jack].lift()
    lines.beat(20)
    lines.box.telephones["102"].say(wave)
    lines.beat()
    loud = [slot for slot in range(lines.spec.slots) if lines.heard[slot].any()]
    assert loud == [lines.station("102").slot]
    assert (lines.heard[lines.station("102").slot] == wave).all()

    def play(_: int) -> Samples:
        period = lines.silence()
        period[lines.station("101").slot] = wave
        return period

    lines.beat(1, play)
    assert (lines.box.telephones["101"].memory[-1] == wave).all()
    assert not lines.box.telephones["102"].memory[-1].any()


# --- faults of a handset's chip in service -------------------------------------------------------


def test_a_brown_out_is_repaired_within_a_second(lines: Lines) -> None:
    slic(lines).brown_out()
    events = lines.beat(100)
    assert [type(event) for _, event in events] == [PortFault, PortRecovered]
    assert "chip reset itself" in str(events[0][1])
    assert slic(lines).linefeed == 1
    lines.box.telephones["101"].lift()
    assert lines.beat(20) == [("101", HookChanged(True))]


def test_a_single_power_alarm_is_got_over(lines: Lines) -> None:
    slic(lines).power_alarm(6)
    assert slic(lines).linefeed == 0
    assert lines.beat(40) == []
    assert slic(lines).linefeed == 1


def test_an_alarm_during_a_call_is_not_taken_for_hanging_up(lines: Lines) -> None:
    lines.box.telephones["101"].lift()
    lines.until(HookChanged(True), "101", 3)
    lines.beat(20)
    slic(lines).power_alarm(6)
    assert lines.beat(60) == []
    assert slic(lines).linefeed == 1


def test_short_circuit_is_reported_and_its_end_too(lines: Lines) -> None:
    slic(lines).inject(Fault.SHORT)
    events = [event for _, event in lines.beat(900)]
    told = [event for event in events if isinstance(event, PortFault)]
    assert len(told) == 1
    assert "check handset and wiring for a short" in told[0].what
    slic(lines).mend(Fault.SHORT)
    assert PortRecovered() in [event for _, event in lines.beat(1100)]
    assert slic(lines).linefeed == 1


def test_a_chip_that_vanishes_and_returns(lines: Lines) -> None:
    slic(lines).inject(Fault.STUCK_BUS)
    assert [type(event) for _, event in lines.beat(100)] == [PortFault]
    slic(lines).mend(Fault.STUCK_BUS)
    assert lines.beat(1100) == [("101", PortRecovered())]


# --- the outside line ----------------------------------------------------------------------------


def test_a_call_comes_in_is_answered_and_the_caller_hangs_up(lines: Lines) -> None:
    office, port = lines.box.office_lines["line1"], lines.trunk()
    office.ring("5551234", "CALLER NAME")
    assert lines.until(RingBurst(True), "line1", 12) >= 6
    assert lines.until(RingBurst(False), "line1", 220) in range(195, 210)
    assert lines.until(RingBurst(True), "line1", 420) in range(385, 405)
    port.seize()
    assert lines.beat(50) == []
    assert office.answered
    assert 4 <= port.line_voltage() <= 8
    office.hang_up()
    assert lines.until(BatteryChanged(False), "line1", 15) <= 15
    assert lines.until(BatteryChanged(True), "line1", 70) <= 70
    port.release()
    assert lines.beat(200) == []
    assert not daa(lines).off_hook
    assert lines.box.violations() == []


@pytest.mark.parametrize("hertz", [16.67, 20.0, 25.0, 50.0])
@pytest.mark.parametrize("vrms", [45.0, 90.0])
def test_ringing_of_any_frequency_is_one_burst(lines: Lines, hertz: float, vrms: float) -> None:
    loop = daa(lines).loop
    loop.hertz = hertz
    loop.ring(vrms, lines.box.now)
    lines.until(RingBurst(True), "line1", 30)
    assert lines.beat(150) == []
    loop.ring(0.0, lines.box.now)
    lines.until(RingBurst(False), "line1", 20)


def test_the_caller_gives_up_while_it_rings(lines: Lines) -> None:
    office = lines.box.office_lines["line2"]
    office.ring()
    lines.until(RingBurst(True), "line2", 12)
    office.hang_up()
    lines.until(RingBurst(False), "line2", 16)
    assert lines.beat(600) == []


def test_all_lines_ringing_at_once_report_one_burst_each() -> None:
    lines = Lines(virtual_board(2, 24)).up()
    lines.beat(40)
    for office in lines.box.office_lines.values():
        office.ring("5551234")
    events = lines.beat(150)
    assert sorted(events, key=str) == sorted(
        ((jack, RingBurst(True)) for jack in lines.board.trunks), key=str
    )


def test_caller_id_is_heard_while_on_hook(lines: Lines) -> None:
    lines.box.office_lines["line1"].ring("5551234", "CALLER NAME")
    slot = lines.trunk().slot
    loud = 0
    for _ in range(500):
        lines.beat()
        loud += bool(lines.heard[slot].any())
    assert loud > 50


def test_we_call_out_and_the_line_is_ours(lines: Lines) -> None:
    lines.trunk().seize()
    assert lines.beat(60) == []
    assert lines.heard[lines.trunk().slot].any()  # the office's dial tone
    lines.trunk().release()
    lines.beat(60)
    assert not lines.heard[lines.trunk().slot].any()


@pytest.mark.parametrize("seized", [False, True])
def test_polarity_reversed_on_hook_or_seized_is_one_event(lines: Lines, seized: bool) -> None:
    if seized:
        lines.trunk().seize()
        lines.beat(60)
    lines.box.office_lines["line1"].reverse()
    assert lines.until(PolarityReversed(), "line1", 14) in range(7, 15)
    assert lines.trunk().line_voltage() < 0


def test_line_unplugged_is_reported_after_a_second_and_back_at_once(lines: Lines) -> None:
    daa(lines).loop.feed(0.0)
    assert lines.until(BatteryChanged(False), "line1", 135) >= 100
    daa(lines).loop.feed(48.0)
    lines.until(BatteryChanged(True), "line1", 40)


def test_an_outside_lines_chip_that_vanishes_and_returns(lines: Lines) -> None:
    daa(lines).inject(Fault.STUCK_BUS)
    assert [type(event) for _, event in lines.beat(100)] == [PortFault, PortFault]
    daa(lines).mend(Fault.STUCK_BUS)
    assert lines.beat(1100) == [("line1", PortRecovered())]
    lines.box.office_lines["line1"].ring()
    lines.until(RingBurst(True), "line1", 12)


def test_a_link_that_breaks_and_returns(lines: Lines) -> None:
    daa(lines).inject(Fault.NO_LINK)
    first, second = lines.beat(400)
    assert "no frame lock" in str(first[1])
    assert "isolation link" in str(second[1])
    daa(lines).mend(Fault.NO_LINK)
    assert PortRecovered() in [event for _, event in lines.beat(1200)]
