"""The Ag1171's driver against its model: ringing, ring trip, hook, pulses, polarity, faults."""

from dataclasses import replace

import pytest

from app.phone.lines.hook import Break, classify
from drivers.codec_spec import SlicSpec
from drivers.errors import HardwareError
from drivers.ports import Feed, HookChanged, PortFault, PortRecovered
from tests.kit.codecs import SLIC, SPEC_8731, SlicBench


def recovered_only(bench: SlicBench) -> int:
    """Beats until it is up."""
    for number in range(1, 200):
        events = bench.beat()
        if events:
            assert events == [PortRecovered()]
            return number
    raise AssertionError("not up")


def test_it_comes_up_fed_within_a_second() -> None:
    bench = SlicBench()
    assert recovered_only(bench) <= 100
    bench.beat()
    assert bench.loop.volts == 48
    assert bench.chip.clocks
    assert not bench.violations()


def test_it_comes_up_with_the_smaller_codec_too() -> None:
    bench = SlicBench(codec=SPEC_8731)
    assert recovered_only(bench) <= 60
    assert bench.chip.clocks


def test_a_burst_rings_at_25_hz_and_ends_in_order() -> None:
    bench = SlicBench().up()
    bench.ring(200)
    assert bench.loop.hertz == 25
    assert bench.telephone.ringing
    bench.port.feed(Feed.ACTIVE)
    beats = 0
    while bench.slic.ring_mode:
        assert bench.beat() == []
        beats += 1
    assert 3 <= beats <= 6
    assert bench.loop.volts > 0
    assert bench.beat(100) == []
    assert bench.slic.violation_log.count == 0


@pytest.mark.parametrize("periods", range(1, 12))
def test_a_burst_of_any_length_ends_in_order(periods: int) -> None:
    bench = SlicBench().up()
    bench.ring(periods)
    bench.port.feed(Feed.ACTIVE)
    assert bench.beat(10) == []
    assert not bench.slic.ring_mode
    assert bench.slic.violation_log.count == 0


def test_bursts_and_reversals_in_any_order_break_no_rule() -> None:
    bench = SlicBench().up()
    feeds = [Feed.RINGING, Feed.REVERSED, Feed.OPEN, Feed.NEON, Feed.ON_HOOK_AUDIO, Feed.ACTIVE]
    for number in range(300):
        bench.port.feed(feeds[number * 7 % 6 if number % 2 else number * 5 % 3])
        bench.beat(1 + number * 3 % 11)
    assert bench.violations() == []


@pytest.mark.parametrize("lifted_at", range(31, 43))
def test_ring_trip_ends_ringing_within_200_ms(lifted_at: int) -> None:
    bench = SlicBench().up()
    bench.ring(lifted_at)
    bench.telephone.lift()
    told, silent = 0, 0
    for beat in range(1, 30):
        if HookChanged(True) in bench.beat():
            told = beat
        if not bench.slic.ring_mode and not silent:
            silent = beat
    assert 0 < told <= 10
    assert 0 < silent <= 20
    assert bench.port.off_hook
    assert bench.loop.ma == 30
    assert bench.violations() == []


def test_the_bell_s_current_at_the_crests_is_no_ring_trip() -> None:
    bench = SlicBench().up()
    bench.ring(20)
    for _ in range(50):
        bench.slic.bounces.extend((True, True, False, True))
        assert bench.beat(4) == []
    assert not bench.port.off_hook


def test_how_long_the_trip_takes_is_the_board_s() -> None:
    bench = SlicBench(replace(SLIC, ring_trip_ms=150)).up()
    bench.ring(30)
    bench.telephone.lift()
    assert bench.beat(14) == []
    assert bench.beat(3) == [HookChanged(True)]


def test_a_lift_and_a_hang_up_are_told_once_each() -> None:
    bench = SlicBench().up()
    bench.telephone.lift()
    assert bench.beat(2) == []
    assert bench.beat(2) == [HookChanged(True)]
    assert bench.beat(300) == []
    bench.telephone.hang_up()
    assert bench.beat(3) == [HookChanged(False)]
    assert bench.beat(300) == []


def test_a_lift_that_bounces_for_20_ms_is_told_once() -> None:
    bench = SlicBench().up()
    bench.telephone.lift()
    bench.slic.bounces.extend((True, False))
    assert bench.beat(20) == [HookChanged(True)]


def test_a_knock_of_20_ms_is_no_lift() -> None:
    bench = SlicBench().up()
    bench.beat(100)
    bench.slic.bounces.extend((True, True))
    assert bench.beat(20) == []


@pytest.mark.parametrize("digits", ["1", "5", "0", "9"])
def test_pulses_of_a_rotary_dial_are_counted(digits: str) -> None:
    bench = SlicBench().up()
    bench.telephone.lift()
    bench.beat(150)
    bench.telephone.dial_pulses(digits)
    breaks, opened = [], 0
    for beat in range(300):
        for event in bench.beat():
            if event == HookChanged(False):
                opened = beat
            else:
                breaks.append(classify(beat - opened, False))
    assert breaks == [Break.PULSE] * (int(digits) or 10)


def test_a_flash_keeps_its_length() -> None:
    bench = SlicBench().up()
    bench.telephone.lift()
    bench.beat(150)
    bench.telephone.flash(500)
    times = [beat for beat in range(100) if bench.beat()]
    assert times[1] - times[0] == 50


def test_the_line_is_reversed_and_opened() -> None:
    bench = SlicBench().up()
    bench.port.feed(Feed.REVERSED)
    bench.beat(2)
    assert bench.loop.volts == -48
    bench.telephone.lift()
    assert bench.beat(20) == [HookChanged(True)]
    bench.port.feed(Feed.OPEN)
    assert bench.beat(50) == [], "an open loop says nothing of the handset"
    assert bench.loop.volts == 0
    bench.port.feed(Feed.ACTIVE)
    assert bench.beat(50) == []
    assert bench.loop.ma == 30


def test_without_a_power_down_pin_the_loop_stays_fed() -> None:
    bench = SlicBench(replace(SLIC, power_down=None)).up()
    bench.port.feed(Feed.OPEN)
    assert bench.beat(50) == []
    assert bench.loop.volts == 48


def test_the_sense_of_power_down_is_the_board_s() -> None:
    bench = SlicBench(replace(SLIC, power_down_level=False)).up()
    assert bench.loop.volts == 48
    wrong = SlicBench(replace(SLIC, power_down_level=False))
    wrong.slic._down_level = True
    wrong.beat(200)
    assert wrong.loop.volts == 0


def test_a_neon_lamp_has_no_voltage_and_no_bell() -> None:
    bench = SlicBench().up()
    bench.port.feed(Feed.NEON)
    assert bench.beat(100) == []
    assert not bench.slic.ring_mode


def test_the_bell_is_not_heard() -> None:
    bench = SlicBench().up()
    bench.port.feed(Feed.RINGING)
    for _ in range(100):
        bench.beat()
        assert bench.heard is None
    bench.telephone.lift()
    bench.beat(40)
    assert bench.heard is not None
    assert bench.heard.max() == 10_000


@pytest.mark.parametrize("fitted", [False, True])
def test_sound_passes_on_hook_only_with_the_resistor(fitted: bool) -> None:
    bench = SlicBench(replace(SLIC, on_hook_audio=fitted)).up()
    bench.port.feed(Feed.ON_HOOK_AUDIO)
    bench.beat(5)
    assert bench.slic.audio is fitted


def test_shk_that_hangs_is_told_once_with_its_remedy() -> None:
    bench = SlicBench()
    bench.slic.hook_stuck = True
    events = bench.beat(3000)
    assert len(events) == 1
    assert isinstance(events[0], PortFault)
    assert events[0].what == (
        "101 (ag1171 on pins 17, 12, 27, 22): SHK on pin 27 says off hook while the module is"
        " powered down; check its wire, and power_down_level and test_hook in board.toml"
    )
    bench.slic.hook_stuck = None
    assert bench.beat(3200) == [PortRecovered()]


def test_the_test_of_shk_can_be_left_out() -> None:
    bench = SlicBench(replace(SLIC, test_hook=False))
    bench.slic.hook_stuck = True
    assert PortRecovered() in bench.beat(200)


def test_a_lifted_handset_does_not_hinder_the_start() -> None:
    bench = SlicBench()
    bench.telephone.lift()
    assert bench.beat(200) == [PortRecovered(), HookChanged(True)]


def test_a_silent_codec_is_told_once_and_comes_back() -> None:
    bench = SlicBench()
    bench.chip.present = False
    events = bench.beat(2000)
    assert len(events) == 1
    assert isinstance(events[0], PortFault)
    assert "board test: codec wm8960 at I2C 1 address 0x1a: no acknowledge" in events[0].what
    bench.chip.present = True
    assert bench.beat(3200) == [PortRecovered()]
    bench.telephone.lift()
    bench.beat(10)
    assert bench.heard is not None


def test_a_codec_that_goes_while_it_rings_ends_the_burst_in_order() -> None:
    bench = SlicBench().up()
    bench.ring(55)
    bench.chip.present = False
    events = bench.beat(60)
    assert [type(event) for event in events] == [PortFault]
    assert not bench.slic.ring_mode
    assert bench.slic.violation_log.count == 0


def test_a_dip_of_the_codec_s_supply_in_a_call_is_mended() -> None:
    bench = SlicBench().up()
    bench.telephone.lift()
    bench.beat(100)
    bench.chip.brown_out()
    events = bench.beat(200)
    assert [type(event) for event in events] == [PortFault, PortRecovered]
    assert bench.heard is not None
    assert bench.port.off_hook


def test_the_end_of_the_service_leaves_no_voltage() -> None:
    bench = SlicBench().up()
    bench.ring(21)
    bench.port.power_off()
    bench.slic.step()
    assert bench.loop.volts == 0
    assert not bench.slic.ring_mode
    assert bench.chip.output_gain(0) is None


def test_a_pin_that_cannot_be_had_is_a_fault_of_this_line() -> None:
    bench = SlicBench().up()

    def gone() -> bool:
        raise HardwareError("GPIO: pin 27: busy; another program holds it")

    bench.port._pins.hook._get = gone  # type: ignore[attr-defined]
    events = bench.beat(3)
    assert events == [PortFault("GPIO: pin 27: busy; another program holds it")]


def test_a_late_beat_moves_one_edge_and_breaks_no_rule() -> None:
    bench = SlicBench(SlicSpec("101", 0, 17, 12, 27, 22)).up()
    bench.port.feed(Feed.RINGING)
    for number in range(200):
        if number % 5 == 0:
            bench.beats.now += 3
            for _ in range(3):
                bench.slic.step()
        bench.beat()
    bench.port.feed(Feed.ACTIVE)
    bench.beat(10)
    assert bench.slic.violation_log.count == 0
