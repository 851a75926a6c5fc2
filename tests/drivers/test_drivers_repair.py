"""Chips that fail at power-up or later are set up again for ever; their neighbours lose nothing.

Over register models; a beat is 10 ms of line time.
"""

from itertools import pairwise

import pytest

from drivers.board import LineBoard, virtual_board
from drivers.chip import REPAIRS_AT_ONCE, RETRY_PERIODS
from drivers.countries import country
from drivers.models.faults import Fault
from drivers.ports import HookChanged, PortEvent, PortFault, PortRecovered, RingBurst
from drivers.reset_line import RESET_PERIODS
from tests.drivers.test_drivers_line_board import Files, power_up
from tests.kit.lines import Lines
from tests.kit.spi_bench import si3050_file, si3210_file

SECOND = 100
LONGEST_WAIT = RETRY_PERIODS[-1]
BUS_FRAMES_PER_BEAT = 400
"""A frame takes 10 us: 4 ms of the 10 that a beat has."""

EVERY_FAULT = [
    ("101", Fault.STUCK_BUS),
    ("101", Fault.WRONG_REVISION),
    ("101", Fault.NO_SUPPLY),
    ("101", Fault.LEAK),
    ("101", Fault.LATE_CALIBRATION),
    ("101", Fault.BAD_INDIRECT),
    ("line1", Fault.STUCK_BUS),
    ("line1", Fault.WRONG_REVISION),
    ("line1", Fault.NO_LINK),
]


def of_kind(events: list[tuple[str, PortEvent]], kind: type[PortEvent]) -> list[str]:
    return [jack for jack, event in events if isinstance(event, kind)]


def works(lines: Lines, jack: str) -> None:
    """A handset that is lifted, or an office that rings, is noticed there."""
    if jack.startswith("line"):
        lines.box.office_lines[jack].ring("5551234")
        assert (jack, RingBurst(True)) in lines.beat(3 * SECOND), f"{jack} does not see ringing"
        lines.box.office_lines[jack].hang_up()
        lines.beat(10 * SECOND)
    else:
        lines.box.telephones[jack].lift()
        assert (jack, HookChanged(True)) in lines.beat(50), f"{jack} does not see its handset"
        lines.box.telephones[jack].hang_up()
        lines.beat(50)


@pytest.mark.parametrize(("jack", "fault"), EVERY_FAULT)
def test_chip_that_fails_at_power_up_works_once_its_fault_is_gone_after_minutes(
    jack: str, fault: Fault
) -> None:
    lines = Lines()
    lines.box.chips[jack].inject(fault)
    lines.up()
    assert of_kind(lines.reported, PortFault) == [jack]
    events = lines.beat(180 * SECOND)
    assert of_kind(events, PortRecovered) == []
    lines.box.chips[jack].mend(fault)
    events = lines.beat(LONGEST_WAIT + 5 * SECOND)
    assert of_kind(events, PortRecovered) == [jack]
    works(lines, jack)


@pytest.mark.parametrize("failures", [1, 2, 3, 7])
def test_chip_that_fails_to_answer_several_times_is_up_at_the_next_attempt(failures: int) -> None:
    spec = virtual_board(2, 0)
    files = Files(spec)
    file = files.by_name["101"]
    answers = [0xFF] * failures
    file.on_read[0] = lambda: answers.pop() if answers else 0x05
    board = LineBoard(spec, files, country("us"))
    events = power_up(board)
    waits = sum(RETRY_PERIODS[:failures])
    events += [event for _ in range(waits + 3 * SECOND) for event in board.poll()]
    assert of_kind(events, PortFault) == ["101"]  # the same fault is reported once
    assert sorted(of_kind(events, PortRecovered)) == ["101", "102"]


@pytest.mark.parametrize(("jack", "fault"), EVERY_FAULT)
def test_chip_that_does_not_come_up_does_not_delay_the_others(jack: str, fault: Fault) -> None:
    well = Lines().up()
    lines = Lines()
    lines.box.chips[jack].inject(fault)
    lines.box.pcm().start()
    lines.board.power_up()
    events = lines.beat(well.periods_to_power_up)
    others = {"101", "102", "line1", "line2"} - {jack}
    assert set(of_kind(events, PortRecovered)) == others
    works(lines, "102")


def frames_per_beat(board: LineBoard, files: Files, beats: int) -> list[int]:
    """What each of the next beats sends over the bus."""
    counted = []
    for _ in range(beats):
        before = sum(file.frames for file in files.by_name.values())
        board.poll()
        counted.append(sum(file.frames for file in files.by_name.values()) - before)
    return counted


@pytest.mark.parametrize("dead", [["101"], ["line3"], ["101", "102", "line1", "line2"]])
def test_dead_chips_on_a_full_board_take_little_of_the_bus(dead: list[str]) -> None:
    spec = virtual_board(2, 24)
    files = Files(spec)
    for name in dead:
        files.by_name[name].dead = True
    board = LineBoard(spec, files, country("us"))
    power_up(board)
    assert max(frames_per_beat(board, files, 120 * SECOND)) <= BUS_FRAMES_PER_BEAT


def test_brown_out_of_a_full_board_is_repaired_few_chips_at_a_time() -> None:
    spec = virtual_board(8, 16)
    files = Files(spec)
    board = LineBoard(spec, files, country("us"))
    power_up(board)
    board.poll()
    for line in spec.lines:
        fresh = si3210_file() if line.kind == "station" else si3050_file()
        files.by_name[line.name].registers.clear()
        files.by_name[line.name].registers.update(fresh.registers)
    assert REPAIRS_AT_ONCE * 200 <= BUS_FRAMES_PER_BEAT  # 200: the longest step of a set-up
    assert max(frames_per_beat(board, files, 30 * SECOND)) <= BUS_FRAMES_PER_BEAT
    registers = {line.name: files.by_name[line.name].registers for line in spec.lines}
    asleep = [name for name, r in registers.items() if (r[5] if "line" in name else r[64]) == 0]
    assert asleep == []


def test_chip_that_fails_again_and_again_is_left_alone_for_longer_each_time() -> None:
    spec = virtual_board(1, 0)
    files = Files(spec)
    board = LineBoard(spec, files, country("us"))
    power_up(board)
    file = files.by_name["101"]
    file.dead = True
    file.reads.clear()
    attempts = []
    for beat in range(150 * SECOND):
        before = file.transfers
        board.poll()
        if file.transfers > before:
            attempts.append(beat)
    waits = [after - before for before, after in pairwise(attempts)]
    pulse = 2 * RESET_PERIODS  # no chip answers, so each attempt begins with its reset pin
    assert waits[:7] == [wait + pulse for wait in RETRY_PERIODS]
    assert set(waits[7:]) == {LONGEST_WAIT + pulse}


def test_chip_that_worked_for_a_minute_is_repaired_at_once_again() -> None:
    lines = Lines().up()
    for _ in range(3):
        lines.beat(61 * SECOND)
        lines.box.chips["101"].reset_pin(False)
        lines.box.chips["101"].reset_pin(True)
        assert of_kind(lines.beat(2 * SECOND), PortRecovered) == ["101"]


def test_burst_of_late_beats_is_one_look_at_a_chip_that_is_waited_for() -> None:
    """A stall while starting: the chip gets its time, however many beats have queued up."""
    lines = Lines()
    lines.box.pcm().start()
    lines.board.power_up()
    lines.reported += lines.beat(20)
    for _ in range(10):  # each time 0.7 s of beats pass, and the chip has had 10 ms
        lines.heard = lines.box.period(lines.silence())
        lines.reported += lines.board.poll(70)
    while lines.board.starting:
        lines.reported += lines.beat()
    assert of_kind(lines.reported, PortFault) == []


def test_checks_that_came_due_in_a_burst_are_made_once() -> None:
    spec = virtual_board(2, 2)
    files = Files(spec)
    board = LineBoard(spec, files, country("us"))
    power_up(board)
    for _ in range(40):
        board.poll()
    before = files.transfers()
    board.poll(70)
    assert files.transfers() - before == 4
