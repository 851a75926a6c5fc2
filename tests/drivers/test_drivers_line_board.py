"""The whole board over register files: power-up side by side, shared pins, quiet beats."""

import pytest

from drivers.board import BoardSpec, LineBoard, virtual_board
from drivers.buses import I2cDevice, PcmPort
from drivers.countries import country
from drivers.errors import BusClosed
from drivers.ports import Feed, HookChanged, PortEvent, PortFault, PortRecovered, RingBurst
from tests.kit.spi_bench import Pin, RegisterFile, si3050_file, si3210_file


class Files:
    """Hardware of register files."""

    def __init__(self, spec: BoardSpec) -> None:
        self.pins: dict[int, Pin] = {}
        self.of = {
            (line.bus, line.chip_select): si3210_file() if line.kind == "station" else si3050_file()
            for line in spec.lines
        }
        self.by_name = {line.name: self.of[line.bus, line.chip_select] for line in spec.lines}

    def spi(self, bus: int, chip_select: int) -> RegisterFile:
        return self.of[bus, chip_select]

    def output_pin(self, pin: int) -> Pin:
        return self.pins.setdefault(pin, Pin())

    def input_pin(self, pin: int) -> Pin:
        return self.pins.setdefault(pin, Pin())

    def i2c(self, bus: int, address: int) -> I2cDevice:
        raise AssertionError("no line of this board is on I2C")

    def pcm(self) -> PcmPort:
        raise AssertionError("the board leaves PCM to its caller")

    def transfers(self) -> int:
        return sum(file.transfers for file in self.by_name.values())


def power_up(board: LineBoard, periods: int = 1000) -> list[tuple[str, PortEvent]]:
    """Poll until every chip is up or has failed; what was reported."""
    board.power_up()
    events: list[tuple[str, PortEvent]] = []
    for _ in range(periods):
        events += board.poll()
        if not board.starting:
            return events
    raise AssertionError(f"not up within {periods} periods")


def powered(stations: int = 2, trunks: int = 2) -> tuple[LineBoard, Files]:
    spec = virtual_board(stations, trunks)
    files = Files(spec)
    board = LineBoard(spec, files, country("us"))
    power_up(board)
    for _ in range(40):
        board.poll()
    return board, files


def test_all_chips_are_set_up_side_by_side() -> None:
    spec = virtual_board(3, 5)
    files = Files(spec)
    board = LineBoard(spec, files, country("us"))
    events = power_up(board, periods=200)
    assert sorted(events) == sorted((line.name, PortRecovered()) for line in spec.lines)
    assert list(board.stations) == ["101", "102", "103"]
    assert list(board.trunks) == ["line1", "line2", "line3", "line4", "line5"]
    assert board.poll() == []
    assert all(file.registers[5] == 0x08 for name, file in files.by_name.items() if "line" in name)


def test_chips_are_reset_before_they_are_touched() -> None:
    spec = virtual_board(1, 1)
    files = Files(spec)
    board = LineBoard(spec, files, country("us"))
    board.power_up()
    levels = []
    while files.transfers() == 0:
        board.poll()
        levels.append((files.pins[5].level, files.pins[6].level))
    assert levels[:-1] == [(False, False)] * 2 + [(True, True)] * 3


def test_chip_that_fails_is_reported_and_the_others_go_on() -> None:
    spec = virtual_board(2, 2)
    files = Files(spec)
    files.by_name["102"].dead = True
    files.by_name["line1"].dead = True
    board = LineBoard(spec, files, country("us"))
    events = power_up(board)
    assert [name for name, event in events if isinstance(event, PortFault)] == ["102", "line1"]
    assert "102 (si3210 on SPI 0.1 of board virtual): no Si3210 or Si3215 answers" in str(
        events[0][1]
    )
    working = [name for name, event in events if isinstance(event, PortRecovered)]
    assert sorted(working) == ["101", "line2"]
    assert (list(board.stations), list(board.trunks)) == (["101", "102"], ["line1", "line2"])


def test_of_chips_that_share_a_pin_the_one_that_asks_is_heard() -> None:
    board, files = powered()
    files.by_name["102"].registers.update({19: 0x02, 68: 0x01})
    files.pins[8].level = False
    assert board.poll() == [("102", HookChanged(True))]
    assert files.by_name["102"].registers[19] == 0
    assert board.stations["102"].off_hook
    assert not board.stations["101"].off_hook


def test_ringing_is_followed_beat_by_beat_and_others_are_left_alone() -> None:
    board, files = powered()
    files.by_name["line2"].registers[5] |= 0x20
    files.by_name["line2"].registers[4] = 0x80
    files.pins[16].level = False
    told = board.poll()
    files.pins[16].level = True
    before = files.by_name["line1"].transfers
    for _ in range(20):
        told += board.poll()
    assert told == [("line2", RingBurst(True))]
    assert files.by_name["line1"].transfers - before <= 1


def test_a_pin_that_stays_low_does_not_stop_the_checks() -> None:
    board, files = powered()
    files.pins[8].level = False
    files.by_name["101"].registers[68] = 0x01
    told = [event for _ in range(26) for event in board.poll()]
    assert told == [("101", HookChanged(True))]


def test_a_feed_given_from_outside_settles_without_an_interrupt() -> None:
    board, files = powered()
    files.by_name["101"].registers[68] = 0x01
    board.stations["101"].feed(Feed.OPEN)
    for _ in range(60):
        assert board.poll() == []
    board.stations["101"].feed(Feed.ACTIVE)
    told = [event for _ in range(40) for event in board.poll()]
    assert told == [("101", HookChanged(True))]


def test_a_quiet_beat_reads_each_pin_once_and_about_one_chip() -> None:
    board, files = powered(2, 24)
    pins = [pin for pin in files.pins.values() if pin.reads]
    reads, transfers = sum(pin.reads for pin in pins), files.transfers()
    for _ in range(250):
        assert board.poll() == []
    assert len(pins) == 4
    assert sum(pin.reads for pin in pins) - reads == 4 * 250
    assert files.transfers() - transfers == 26 * 10


def test_bus_that_is_gone_raises_bus_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    board, files = powered()

    def gone(frames: object) -> list[int]:
        raise BusClosed("the box has ended")

    monkeypatch.setattr(files.by_name["101"], "transfer", gone)
    with pytest.raises(BusClosed, match="the box has ended"):
        for _ in range(40):
            board.poll()
