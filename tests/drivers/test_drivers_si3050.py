"""The outside line's port against a register file: set-up, ringing, hook, CPC, polarity."""

import pytest

from drivers.board_spec import LineSpec
from drivers.chip import Beats
from drivers.countries import country
from drivers.errors import ChipFault, ChipMissing
from drivers.ports import (
    BatteryChanged,
    PolarityReversed,
    PortEvent,
    PortFault,
    PortRecovered,
    RingBurst,
)
from drivers.si3050 import SEIZED_CHECK_PERIODS, Si3050
from tests.kit.spi_bench import Pin, RegisterFile, run, si3050_file

LINE = LineSpec("line1", "trunk", "si3050", 1, 0, 6, 16, slot=17)
RDTI, DODI, POLI = 0x80, 0x08, 0x01


class Bench:
    """One port with its register file, interrupt pin and clock."""

    def __init__(self, file: RegisterFile | None = None, code: str = "us") -> None:
        self.file = file or si3050_file()
        self.pin = Pin()
        self.beats = Beats()
        self.port = Si3050(LINE, self.file, self.pin, country(code).trunk, self.beats)

    def up(self) -> "Bench":
        assert self.until_up() == [PortRecovered()]
        self.beat(30)
        self.file.log.clear()
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
            status, mask = (self.file.registers.get(address, 0) for address in (4, 3))
            self.pin.level = status & mask == 0
        return events

    def latch(self, status: int) -> None:
        self.file.registers[4] |= status
        self.pin.level = False

    def ring(self, on: bool) -> None:
        """Ringing voltage on the line, as register 5 shows it."""
        turn = iter(range(10**6))
        self.file.on_read.pop(5, None)
        if on:
            self.file.on_read[5] = lambda: self.file.registers[5] | (0x20, 0x40)[next(turn) & 1]
        self.latch(RDTI)


def test_power_up_leaves_the_chip_on_hook_and_listening() -> None:
    file = si3050_file()
    bench = Bench(file, code="de")
    assert run(bench.port.power_up()) < 30
    expected = {
        2: 0x87,  # interrupt pin, ring start and end, hybrid, receiver
        3: RDTI | DODI | POLI,
        5: 0x08,  # on hook, line monitored
        6: 0x00,
        16: 0x00,
        18: 0x02,
        22: 0x16,
        23: 0x08,
        24: 0x99,
        26: 0xC2,
        30: 0x03,
        31: 0xAB,
        33: 0x38,
        34: 0x11,  # 1 + 16 x slot 17 = 273
        35: 0x01,
        36: 0x11,
        37: 0x01,
    }
    assert {address: file.registers[address] for address in expected} == expected
    assert file.log[0] == (1, 0x80)  # software reset first
    assert file.log.index((33, 0x38)) < file.log.index((6, 0x00)) < file.log.index((5, 0x08))


def test_australia_quenches_sparks() -> None:
    australia, america = Bench(code="au"), Bench(code="us")
    run(australia.port.power_up())
    run(america.port.power_up())
    assert australia.file.registers[59] == 0x50
    assert america.file.registers[59] == 0


def test_power_up_where_no_chip_answers_raises_chip_missing() -> None:
    file = si3050_file()
    file.dead = True
    with pytest.raises(ChipMissing, match=r"line1 \(si3050 on SPI 1.0\): no Si3050 .* 0xff"):
        run(Bench(file).port.power_up())


@pytest.mark.parametrize(
    ("revision", "status"),
    [(0x05, 0), (0x35, 0), (0x05, 0x40)],
    ids=["silent", "without frame lock", "of no kind"],
)
def test_power_up_without_a_whole_link_to_the_line_side_raises_chip_fault(
    revision: int, status: int
) -> None:
    file = si3050_file()
    file.on_write[6] = lambda _: file.registers.update({11: revision, 12: status})
    with pytest.raises(ChipFault, match=r"isolation link .* not within 2000 ms; check the Si3019"):
        run(Bench(file).port.power_up())


def test_interrupts_are_cleared_by_writing_0_to_the_seen_bits_alone() -> None:
    bench = Bench().up()
    bench.latch(RDTI | 0x40)  # overload too, which nobody asked for
    bench.beat()
    assert bench.file.log == [(4, 0x7F)]
    assert bench.file.registers[4] == 0x40


def test_a_ring_burst_begins_and_ends_once() -> None:
    bench = Bench().up()
    bench.ring(True)
    assert bench.beat(6) == []
    assert bench.beat(1) == [RingBurst(True)]
    assert bench.beat(190) == []
    bench.ring(False)
    assert bench.beat(9) == []
    assert bench.beat(30) == [RingBurst(False)]


def test_a_splash_shorter_than_64_ms_is_no_ring() -> None:
    bench = Bench().up()
    bench.ring(True)
    bench.beat(5)
    bench.ring(False)
    assert bench.beat(100) == []


def test_the_line_is_watched_each_beat_only_while_it_rings() -> None:
    bench = Bench().up()
    before = bench.file.transfers
    assert bench.beat(250) == []
    assert bench.file.transfers - before == 10
    bench.ring(True)
    bench.beat(50)
    busy = bench.file.transfers - before - 10
    assert busy >= 50


def test_ringing_on_a_dead_line_does_not_count() -> None:
    bench = Bench().up()
    bench.file.registers[29] = 0
    assert bench.beat(130) == [BatteryChanged(False)]
    bench.ring(True)
    assert bench.beat(100) == []


def test_seize_and_release_write_the_hook_bits() -> None:
    bench = Bench().up()
    bench.port.seize()
    assert bench.file.log == [(5, 0x01)]
    assert bench.port.seized
    bench.port.release()
    assert bench.file.log == [(5, 0x01), (5, 0x08)]
    assert not bench.port.seized


def test_cpc_while_seized_is_reported_as_battery_lost() -> None:
    bench = Bench().up()
    bench.port.seize()
    bench.file.registers[29] = 6
    assert bench.beat(60) == []
    assert bench.port.line_voltage() == 6
    bench.file.registers[29] = 0
    assert bench.beat(7) == []
    assert bench.beat(8) == [BatteryChanged(False)]
    bench.file.registers[29] = 6
    assert bench.beat(15) == [BatteryChanged(True)]


def test_a_gap_shorter_than_64_ms_is_no_cpc() -> None:
    bench = Bench().up()
    bench.port.seize()
    bench.file.registers[29] = 6
    bench.beat(61)
    bench.file.registers[29] = 0
    bench.beat(6)
    bench.file.registers[29] = 6
    assert bench.beat(50) == []


@pytest.mark.parametrize("phase", [0, 8, 16, 24])
def test_the_exchange_changing_over_its_feed_is_no_cpc(phase: int) -> None:
    bench = Bench().up()
    bench.beat(phase)
    bench.port.seize()
    bench.file.registers[29] = 0
    assert bench.beat(25) == []
    bench.file.registers[29] = 6
    assert bench.beat(100) == []


def test_line_unplugged_is_reported_after_a_second() -> None:
    bench = Bench().up()
    bench.file.registers[29] = 0
    assert bench.beat(100) == []
    assert bench.beat(30) == [BatteryChanged(False)]
    bench.file.registers[29] = 0x100 - 48
    assert bench.beat(40) == [BatteryChanged(True), PolarityReversed()]
    assert bench.port.line_voltage() == -48


def test_polarity_counts_when_it_holds_for_64_ms() -> None:
    bench = Bench().up()
    bench.file.registers[29] = 0x100 - 47
    bench.latch(POLI)
    assert bench.beat(7) == []
    assert bench.beat(1) == [PolarityReversed()]
    bench.file.registers[29] = 47
    bench.latch(POLI)
    bench.beat(3)
    bench.file.registers[29] = 0x100 - 47
    assert bench.beat(60) == []


def test_the_first_polarity_seen_is_no_event() -> None:
    file = si3050_file()
    file.registers[29] = 0x100 - 48
    bench = Bench(file)
    assert bench.until_up() == [PortRecovered()]
    assert bench.beat(100) == []


@pytest.mark.parametrize("misread", [0x00, 0x0A, 0x09])
def test_chip_that_lost_its_hook_bits_gets_them_again(misread: int) -> None:
    bench = Bench().up()
    bench.file.registers[5] = misread
    assert bench.beat(26) == []
    assert bench.file.registers[5] == 0x08


def test_seized_chip_that_went_on_hook_is_seized_again() -> None:
    bench = Bench().up()
    bench.port.seize()
    bench.file.registers[29] = 6
    bench.beat(30)
    bench.file.registers[5] = 0x08
    bench.beat(SEIZED_CHECK_PERIODS)
    assert bench.file.registers[5] == 0x01


@pytest.mark.parametrize("phase", range(SEIZED_CHECK_PERIODS))
def test_shortest_cpc_is_seen_without_an_interrupt_whenever_it_begins(phase: int) -> None:
    bench = Bench().up()
    bench.port.seize()
    bench.file.registers.update({29: 6, 28: 20})
    before = bench.file.transfers
    assert bench.beat(160 + phase) == []
    assert bench.file.transfers - before < 60, "a quiet seized line is not read each beat"
    bench.file.registers.update({29: 0, 28: 0})
    told = bench.beat(25)
    bench.file.registers.update({29: 6, 28: 20})
    assert told + bench.beat(25) == [BatteryChanged(False), BatteryChanged(True)]


@pytest.mark.parametrize("nobody", [0xFF, 0x00])
@pytest.mark.parametrize("after", range(0, 130, 3))
def test_chip_that_goes_in_a_call_is_a_fault_and_no_far_end_that_hung_up(
    after: int, nobody: int
) -> None:
    bench = Bench().up()
    bench.port.seize()
    bench.file.registers.update({29: 6, 28: 20})
    assert bench.beat(200 + after) == []
    bench.file.dead, bench.file.nobody = True, nobody
    told = bench.beat(100)
    assert told and all(isinstance(event, PortFault) for event in told)


def test_quiet_seized_chip_that_has_gone_is_reported() -> None:
    bench = Bench().up()
    bench.port.seize()
    bench.file.registers.update({29: 6, 28: 20})
    assert bench.beat(200) == []
    bench.file.registers[2] = 0x03
    (fault,) = (event for event in bench.beat(34) if isinstance(event, PortFault))
    assert "reset itself" in fault.what


def test_chip_that_reset_itself_is_reported_and_set_up_again() -> None:
    bench = Bench().up()
    bench.port.seize()
    bench.file.registers[29] = 6
    bench.beat(30)
    bench.file.registers.update({2: 0x03, 3: 0, 5: 0, 6: 0x10})
    events = bench.beat(60)
    assert [type(event) for event in events] == [PortFault, PortRecovered]
    assert "register 2 reads 0x03 instead of 0x87" in str(events[0])
    assert bench.file.registers[5] == 0x01  # still answered


def test_lost_isolation_link_is_reported() -> None:
    bench = Bench().up()
    bench.file.on_write.pop(6)
    bench.file.on_write.pop(1)
    bench.file.registers[12] = 0
    events = bench.beat(800)
    assert [type(event) for event in events] == [PortFault, PortFault]
    assert "no frame lock; check the Si3019" in str(events[0])


def test_dial_pulse_opens_the_loop_and_what_is_known_of_the_line_stays() -> None:
    bench = Bench().up()
    bench.port.seize()
    bench.beat(40)
    bench.file.log.clear()
    bench.port.pulse(True)
    assert bench.file.registers[5] & 0x01 == 0
    assert bench.beat(6) == []  # nor is the open hook mended, as one that the chip had lost
    assert bench.file.registers[5] & 0x01 == 0 and bench.port.seized
    bench.port.pulse(False)
    assert bench.beat(40) == []
    assert bench.file.registers[5] & 0x01 == 1


def test_dial_pulse_of_a_line_that_was_released_meanwhile_does_nothing() -> None:
    bench = Bench().up()
    bench.port.seize()
    bench.port.release()
    bench.port.pulse(True)
    bench.port.pulse(False)
    assert bench.file.registers[5] & 0x01 == 0
