"""The handset port against a register file: sequences, refusals, hook, alarms."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from drivers.board_spec import LineSpec
from drivers.chip import Beats
from drivers.countries import country
from drivers.errors import ChipFault, ChipMissing, ChipTimeout
from drivers.ports import Feed, HookChanged, PortEvent, PortFault, PortRecovered
from drivers.si321x import Si321x
from tests.kit.spi_bench import Pin, RegisterFile, run, si3210_file

LINE = LineSpec("101", "station", "si3210", 0, 0, 5, 6, slot=2)
LOOP_CLOSED, RING_TRIP = 0x01, 0x02
LCIP, RTIP = 0x02, 0x01


class Bench:
    """One port with its register file, interrupt pin and clock."""

    def __init__(self, file: RegisterFile | None = None, code: str = "us") -> None:
        self.file = file or si3210_file()
        self.pin = Pin()
        self.beats = Beats()
        self.port = Si321x(LINE, self.file, self.pin, country(code).station, self.beats)

    def up(self) -> "Bench":
        assert self.until_up() == [PortRecovered()]
        self.beat(12)  # until the feed has settled
        return self

    def until_up(self) -> list[PortEvent]:
        """Poll until the first set-up is over; what was reported."""
        events: list[PortEvent] = []
        while self.port.starting:
            events += self.beat()
        return events

    def beat(self, count: int = 1) -> list[PortEvent]:
        events: list[PortEvent] = []
        for _ in range(count):
            self.beats.now += 1
            events += self.port.poll()
        return events

    def interrupt(self, status: int) -> list[PortEvent]:
        """The pin goes low with this in register 19, until it is cleared."""
        self.file.registers[19] = status
        self.pin.level = False
        events = self.beat()
        self.pin.level = self.file.registers[19] == 0
        return events


def test_power_up_takes_under_two_seconds_in_small_steps() -> None:
    bench = Bench()
    sent = [0]
    periods = run(bench.port.power_up(), each=lambda: sent.append(bench.file.frames))
    assert 50 < periods < 200
    held = [after - before for before, after in pairwise(sent)]
    assert max(held) <= 200  # frames of 10 us: 2 ms


def test_power_up_leaves_the_chip_as_the_data_sheet_wants() -> None:
    bench = Bench(code="de").up()
    settings = country("de").station
    expected = {
        8: 0,  # no loopback
        108: 0xEB,
        67: 0x07,  # AORD AOLD AOPN
        66: 0x01,
        71: 0,  # 20 mA
        73: 0x04,
        1: 0x3C,  # 16-bit linear
        2: 33,  # 1 + 16 x slot 2
        3: 0,
        4: 33,
        5: 0,
        10: 0x0D,  # enabled, 220+(820||120 nF)
        74: settings.battery,
        70: 0x0B,
        22: 0xFF,
        64: 1,
    }
    registers = bench.file.registers
    assert {address: registers[address] for address in expected} == expected
    assert bench.file.indirect[20] == settings.ring_frequency
    assert bench.file.indirect[21] == settings.ring_amplitude
    assert bench.file.indirect[36] == 0x0320  # filters no longer held empty
    assert bench.file.indirect[35] == 0x8000
    assert len(bench.file.indirect) == 44 + 29


def test_power_up_writes_in_the_order_of_the_open_drivers() -> None:
    bench = Bench().up()
    log = bench.file.log
    places = {
        "enhance": log.index((108, 0xEB)),
        "battery": log.index((14, 0x00)),
        "leak test": log.index((14, 0x10)),
        "calibrate": log.index((96, 0x5F)),
        "converter": log.index((93, 0x99)),
        "audio": log.index((1, 0x3C)),
        "interrupts": log.index((22, 0xFF)),
        "feed": log.index((64, 0x01)),
    }
    assert list(places.values()) == sorted(places.values())


def test_an_si3215_is_found_and_numbered_its_own_way() -> None:
    file = si3210_file()
    file.registers.update({0: 0x03, 1: 0x88})
    bench = Bench(file).up()
    assert file.indirect[7] == country("us").station.ring_frequency
    assert file.indirect[64] == 0x0C00
    assert 43 not in file.indirect
    assert len(file.indirect) == 44 - 13 - 3 - 1 + 29  # no DTMF, no pulse metering, no 42
    assert bench.port.off_hook is False


@pytest.mark.parametrize(
    ("registers", "text"),
    [
        ({0: 0x00}, r"101 \(si3210 on SPI 0.0\): no Si3210 or Si3215 answers .* 0x00 0x33"),
        ({0: 0x0F}, "no Si3210 or Si3215 answers"),
        ({0: 0x01}, r"revision 1 \(A\) of the chip is too old; fit one of revision B"),
        ({11: 0x00}, "no Si3210 or Si3215 answers"),
        ({8: 0x00}, "chip did not reset .* 0x00 0x00 instead of 0x02 0x00"),
    ],
)
def test_power_up_with_another_chip_raises_chip_missing(
    registers: dict[int, int], text: str
) -> None:
    file = si3210_file()
    file.registers.update(registers)
    with pytest.raises(ChipMissing, match=text):
        run(Bench(file).port.power_up())
    assert (14, 0x00) not in file.log  # the converter was never started


def test_power_up_where_no_chip_answers_raises_chip_missing() -> None:
    file = si3210_file()
    file.dead = True
    with pytest.raises(ChipMissing, match="registers 0, 11 read 0xff 0xff"):
        run(Bench(file).port.power_up())


@pytest.mark.parametrize(
    ("address", "reading", "error", "text"),
    [
        (31, lambda: 1, ChipTimeout, "indirect register not served within 60 polls; check that"),
        (82, lambda: 0x20, ChipFault, "no battery of 75 V; check the 12 V supply"),
        (96, lambda: 0x40, ChipTimeout, "calibration finished not within 2000 ms"),
        (93, lambda: 0x94 & ~0x20, ChipTimeout, "converter calibrated not within 500 ms"),
    ],
)
def test_power_up_step_that_never_ends_raises_its_error(
    address: int, reading: Callable[[], int], error: type[Exception], text: str
) -> None:
    file = si3210_file()
    file.on_read[address] = reading
    with pytest.raises(error, match=text):
        run(Bench(file).port.power_up())


def test_power_up_with_a_leaking_battery_raises_chip_fault() -> None:
    file = si3210_file()
    file.on_read[82] = lambda: 0x03 if file.registers[14] & 0x10 else 0xC8
    with pytest.raises(
        ChipFault, match="something drains the battery while the converter is off; check jack"
    ):
        run(Bench(file).port.power_up())


def test_power_up_with_an_indirect_register_that_does_not_hold_raises_chip_fault() -> None:
    file = si3210_file()
    serve = file.on_write[30]

    def forgetful(address: int) -> None:
        serve(address)
        if address == 29:
            file.indirect[29] = 0x1234

    file.on_write[30] = forgetful
    with pytest.raises(ChipFault, match="RPTP reads 0x1234 instead of 0x3600"):
        run(Bench(file).port.power_up())


def test_calibration_is_repeated_when_a_hook_moved_meanwhile() -> None:
    file = si3210_file()
    spoiled = [0x04, 0x00]
    file.on_read[20] = lambda: spoiled.pop(0)
    Bench(file).up()
    assert [value for address, value in file.log if address == 96] == [0x5F, 0x5F]


def test_a_converter_result_out_of_range_is_replaced() -> None:
    file = si3210_file()
    file.registers[107] = 0x0F
    Bench(file).up()
    assert file.registers[107] == 8


def test_lifting_and_hanging_up_by_interrupt() -> None:
    bench = Bench().up()
    bench.file.registers[68] = LOOP_CLOSED
    assert bench.interrupt(LCIP) == [HookChanged(True)]
    assert bench.port.off_hook
    bench.file.registers[68] = 0
    assert bench.interrupt(LCIP) == [HookChanged(False)]
    assert bench.file.registers[19] == 0


def test_loop_detector_is_not_believed_before_the_first_feed_has_settled() -> None:
    bench = Bench()
    bench.until_up()
    bench.file.registers[68] = LOOP_CLOSED
    assert bench.interrupt(LCIP) == []
    assert bench.beat(50) == [HookChanged(True)]


def test_a_quiet_port_is_left_alone() -> None:
    bench = Bench().up()
    before = bench.file.transfers
    assert bench.beat(250) == []
    assert bench.file.transfers - before == 10  # one check each 250 ms


def test_a_neighbour_on_the_same_pin_costs_one_read() -> None:
    bench = Bench().up()
    before = list(bench.file.reads)
    bench.pin.level = False
    assert bench.beat() == []
    assert bench.file.reads[len(before) :] == [19]


def test_a_neighbour_that_asks_for_ever_does_not_put_off_our_check() -> None:
    bench = Bench().up()
    bench.pin.level = False
    bench.file.registers[68] = LOOP_CLOSED
    assert bench.beat(26) == [HookChanged(True)]


def test_a_missed_edge_is_found_by_the_periodic_check() -> None:
    bench = Bench().up()
    bench.file.registers[68] = LOOP_CLOSED
    assert bench.beat(25) == [HookChanged(True)]


@pytest.mark.parametrize(
    ("feed", "code"),
    [
        (Feed.OPEN, 0),
        (Feed.ACTIVE, 1),
        (Feed.ON_HOOK_AUDIO, 2),
        (Feed.RINGING, 4),
        (Feed.REVERSED, 5),
        (Feed.REVERSED_ON_HOOK_AUDIO, 6),
        (Feed.TIP_OPEN, 3),
        (Feed.RING_OPEN, 7),
        (Feed.NEON, 4),
    ],
)
def test_feed_writes_its_linefeed_state(feed: Feed, code: int) -> None:
    bench = Bench().up()
    bench.port.feed(feed)
    assert bench.file.last(64) == code


@pytest.mark.parametrize("before", [Feed.RINGING, Feed.OPEN])
def test_polarity_is_not_turned_while_ringing_or_open(before: Feed) -> None:
    bench = Bench().up()
    bench.port.feed(before)
    bench.port.feed(Feed.REVERSED)
    assert [value for address, value in bench.file.log if address == 64][-2:] == [1, 5]


def test_ring_trip_answers_and_ends_the_ringing() -> None:
    bench = Bench().up()
    bench.port.feed(Feed.RINGING)
    bench.file.registers[68] = RING_TRIP
    assert bench.interrupt(RTIP) == [HookChanged(True)]
    assert bench.file.last(64) == 1
    bench.file.registers[68] = 0  # the loop detector has not seen the loop yet
    assert bench.beat(5) == []
    bench.file.registers[68] = LOOP_CLOSED
    assert bench.beat(20) == []
    assert bench.port.off_hook


def test_a_false_ring_trip_is_taken_back() -> None:
    bench = Bench().up()
    bench.port.feed(Feed.RINGING)
    assert bench.interrupt(RTIP) == [HookChanged(True)]
    bench.file.registers[68] = 0
    assert bench.beat(12) == [HookChanged(False)]


def test_the_loop_detector_is_not_believed_while_ringing() -> None:
    bench = Bench().up()
    bench.port.feed(Feed.RINGING)
    bench.file.registers[68] = LOOP_CLOSED
    assert bench.beat(60) == []


def test_an_open_line_says_nothing_of_the_hook() -> None:
    bench = Bench().up()
    bench.file.registers[68] = LOOP_CLOSED
    bench.interrupt(LCIP)
    bench.port.feed(Feed.OPEN)
    bench.file.registers[68] = 0
    assert bench.interrupt(LCIP) == []
    assert bench.beat(50) == []
    bench.port.feed(Feed.ACTIVE)
    assert bench.beat(5) == []
    bench.file.registers[68] = LOOP_CLOSED
    assert bench.beat(30) == []
    assert bench.port.off_hook


def test_hung_up_while_the_line_was_open() -> None:
    bench = Bench().up()
    bench.file.registers[68] = LOOP_CLOSED
    bench.interrupt(LCIP)
    bench.port.feed(Feed.OPEN)
    bench.file.registers[68] = 0
    bench.beat(50)
    bench.port.feed(Feed.ACTIVE)
    assert bench.beat(30) == [HookChanged(False)]


def test_brown_out_is_reported_and_repaired_without_calibration() -> None:
    bench = Bench().up()
    bench.file.registers[98] = 0x1D
    fresh = si3210_file()
    bench.file.registers.clear()
    bench.file.registers.update(fresh.registers)
    bench.file.log.clear()
    events = bench.beat(200)
    assert [type(event) for event in events] == [PortFault, PortRecovered]
    assert "chip reset itself, or its converter makes no battery of 75 V; check the 12 V" in str(
        events[0]
    )
    assert 96 not in [address for address, _ in bench.file.log]
    assert bench.file.registers[98] == 0x11  # the result saved at power-up
    assert bench.file.registers[64] == 1
    assert bench.file.registers[22] == 0xFF


def test_the_feed_wanted_during_a_repair_is_put_on_afterwards() -> None:
    bench = Bench().up()
    bench.file.registers.update(si3210_file().registers)
    bench.beat(30)
    bench.port.feed(Feed.REVERSED)
    bench.beat(100)
    assert bench.file.last(64) == 5


def test_chip_that_is_gone_is_reported_once_and_tried_again() -> None:
    bench = Bench().up()
    bench.file.dead = True
    events = bench.beat(5000)
    assert len(events) == 1
    assert "no Si3210 or Si3215 answers (registers 0, 11 read 0xff 0xff)" in str(events[0])
    bench.file.dead = False
    bench.file.registers.update(si3210_file().registers)
    assert bench.beat(1200) == [PortRecovered()]


def test_power_alarms_are_retried_ten_times_then_reported() -> None:
    bench = Bench().up()
    works = bench.file.on_read[64]
    bench.file.on_read[64] = lambda: 0x01  # LFS stays open whatever is wanted
    bench.file.log.clear()
    events = bench.beat(25 * 20)
    assert bench.file.log.count((64, 1)) == 10
    assert len(events) == 1
    assert "line opened by power alarms 10 times" in str(events[0])
    bench.file.on_read[64] = works
    assert bench.beat(1000) == [PortRecovered()]


def test_power_alarms_after_a_long_quiet_time_are_reported_after_ten_retries_too() -> None:
    bench = Bench().up()
    bench.beat(1500)  # a retry is earned every 1000 periods, and never more than ten
    bench.file.on_read[64] = lambda: 0x01  # LFS stays open whatever is wanted
    bench.file.log.clear()
    events = bench.beat(25 * 20)
    assert bench.file.log.count((64, 1)) in (10, 11)  # one may be earned meanwhile
    assert len(events) == 1
