"""The Si3050 model against the facts' tables: access, link, line, ringing, sound."""

import numpy as np
import pytest

from drivers.models.box import VirtualBox
from drivers.models.faults import Fault
from drivers.models.si3050 import Si3050Model
from drivers.models.si3050_ring import RdtKind
from tests.kit.models import daa_read, daa_write, new_box, play, run, set_up_trunk, sine


def fresh() -> tuple[VirtualBox, Si3050Model]:
    box = new_box(0, 1)
    chip = box.chips["line1"]
    assert isinstance(chip, Si3050Model)
    return box, chip


def ready() -> tuple[VirtualBox, Si3050Model]:
    box = new_box(0, 1)
    return box, set_up_trunk(box, "line1")


@pytest.mark.parametrize(
    ("register", "value"),
    [(2, 0x03), (5, 0), (6, 0x10), (16, 0), (22, 0x96), (23, 0x2D), (24, 0x19), (31, 0x20)],
)
def test_register_after_reset_has_the_data_sheets_value(register: int, value: int) -> None:
    _, chip = fresh()
    assert daa_read(chip, register) == value


def test_access_is_three_bytes_each_in_its_own_select() -> None:
    _, chip = fresh()
    assert [chip.transfer([octet])[0] for octet in (0x60, 22, 0)] == [0, 0, 0x96]
    chip.transfer([0x20, 22, 0x11])
    assert daa_read(chip, 22) == 0x11


@pytest.mark.parametrize("passes_over", [True, False])
def test_foreign_control_byte_is_noted_and_an_access_of_its_own_or_passed_over(
    passes_over: bool,
) -> None:
    _, chip = fresh()
    chip.passes_over = passes_over
    chip.transfer([0x40])
    assert chip.violation_log.count == 1
    assert (daa_read(chip, 2) == 0x03) == passes_over
    if not passes_over:
        assert chip.transfer([0, 0]) == [0, 0]  # one octet of it was in the last access
    assert daa_read(chip, 2) == 0x03


def test_octets_that_write_in_a_foreign_access_change_nothing() -> None:
    _, chip = fresh()
    chip.transfer([0x00, 22, 0x11])
    assert daa_read(chip, 22) == 0x96


def test_fault_hung_ends_with_a_pulse_of_the_reset_pin_alone() -> None:
    _, chip = fresh()
    chip.inject(Fault.HUNG)
    daa_write(chip, 1, 0x80)
    assert daa_read(chip, 2) == 0xFF
    chip.reset_pin(False)
    chip.reset_pin(True)
    assert daa_read(chip, 2) == 0x03


def test_reserved_registers_are_refused_and_noted() -> None:
    _, chip = fresh()
    daa_write(chip, 8, 1)
    assert daa_read(chip, 60) == 0
    assert chip.violation_log.count == 2


def test_link_locks_only_with_power_and_clock() -> None:
    box, chip = fresh()
    run(box, 20)
    assert daa_read(chip, 11) >> 4 == 0
    daa_write(chip, 6, 0)
    run(box, 5)
    assert daa_read(chip, 12) & 0x40 == 0
    run(box, 15)
    assert daa_read(chip, 11) >> 4 == 3
    assert daa_read(chip, 12) & 0x40
    assert daa_read(chip, 4) & 0x80  # powering up leaves a ring behind
    box.pcm().close()
    run(box, 1)
    assert daa_read(chip, 11) >> 4 == 0


def test_fault_no_link_keeps_the_line_side_silent() -> None:
    box, chip = fresh()
    chip.inject(Fault.NO_LINK)
    daa_write(chip, 6, 0)
    run(box, 200)
    assert daa_read(chip, 11) >> 4 == 0


def test_software_reset_restores_defaults() -> None:
    box, chip = ready()
    daa_write(chip, 1, 0x80)
    assert daa_read(chip, 1) == 0
    assert daa_read(chip, 6) == 0x10
    assert daa_read(chip, 31) == 0x20
    run(box, 20)
    assert daa_read(chip, 11) >> 4 == 0


def test_source_bits_are_cleared_by_zeros() -> None:
    box, chip = fresh()
    daa_write(chip, 6, 0)
    run(box, 15)
    daa_write(chip, 4, 0xFF)
    assert daa_read(chip, 4) == 0x80
    daa_write(chip, 4, 0x7F)
    assert daa_read(chip, 4) == 0


def test_on_hook_line_voltage_and_off_hook_by_ohm() -> None:
    box, chip = ready()
    assert daa_read(chip, 29) == 48
    assert daa_read(chip, 12) & 0x1F == 0
    daa_write(chip, 5, 0x01)
    assert daa_read(chip, 29) == 6
    assert daa_read(chip, 12) & 0x1F == 9  # 29.9 mA in 3.3 mA steps
    assert daa_read(chip, 28) == 27
    box.office_lines["line1"].reverse()
    run(box, 1)
    assert daa_read(chip, 29) == 256 - 6
    assert daa_read(chip, 4) & 0x01


def test_current_limit_of_tbr21() -> None:
    _, chip = ready()
    chip.loop.feed_ohms = 400
    daa_write(chip, 5, 0x01)
    free = chip.loop.ma
    daa_write(chip, 26, 0xC2)
    assert free > 90
    assert 40 < chip.loop.ma < 60


@pytest.mark.parametrize(("foh", "periods"), [(0x00, 52), (0x20, 13), (0x40, 7), (0x60, 1)])
def test_sound_waits_for_the_off_hook_counter(foh: int, periods: int) -> None:
    box, chip = ready()
    daa_write(chip, 17, 0x20)  # no automatic calibration
    daa_write(chip, 31, 0x83 | foh)
    daa_write(chip, 5, 0x01)
    waited = 0
    while not chip.audio:
        run(box, 1)
        waited += 1
    assert waited == periods


def test_calibration_adds_a_quarter_of_a_second() -> None:
    box, chip = ready()
    daa_write(chip, 5, 0x01)
    run(box, 38)
    assert not chip.audio
    run(box, 2)
    assert chip.audio


def test_ringing_shows_in_halves_of_the_wave() -> None:
    box, chip = ready()
    box.office_lines["line1"].ring("5551234")
    seen = ""
    for _ in range(20):
        run(box, 1)
        bits = daa_read(chip, 5) & 0x60
        seen += {0x20: "+", 0x40: "-", 0: "0", 0x60: "?"}[bits]
    assert "?" not in seen
    # 20 Hz against 10 ms: each 50 ms wave is seen five times
    assert seen.count("+") == pytest.approx(seen.count("-"), abs=2)
    assert "++" in seen and "--" in seen
    assert daa_read(chip, 5) & 0x04
    assert daa_read(chip, 4) & 0x80


def test_ring_interrupt_at_the_end_too_when_asked_for() -> None:
    box, chip = ready()
    daa_write(chip, 2, 0x87)  # INTE, RDI
    daa_write(chip, 3, 0x80)
    box.office_lines["line1"].ring()
    run(box, 2)
    assert not chip.interrupt_level
    daa_write(chip, 4, 0)
    assert chip.interrupt_level
    run(box, 190)
    assert chip.interrupt_level
    run(box, 20)
    assert not chip.interrupt_level


def test_validation_confirms_for_its_time() -> None:
    box, chip = ready()
    daa_write(chip, 22, 0x16)  # no delay
    daa_write(chip, 24, 0x99)  # RNGV, RAS 25
    box.office_lines["line1"].ring()
    run(box, 50)
    assert not daa_read(chip, 5) & 0x04
    run(box, 4)  # RCC: 512 ms
    assert daa_read(chip, 5) & 0x04
    run(box, 200 - 54 + 70)  # RTO: 640 ms after the burst
    assert not daa_read(chip, 5) & 0x04


def test_line_side_revision_reads_its_fixed_bit_before_the_link_is_up() -> None:
    _, chip = fresh()
    assert daa_read(chip, 13) == 0x40  # else the vendor's driver takes it for a chip that is off
    _, chip = ready()
    assert daa_read(chip, 13) == 0x4C


def test_rdt_is_a_one_shot_or_follows_the_burst_as_the_bench_says() -> None:
    box, chip = ready()
    daa_write(chip, 24, 0x99)  # RNGV
    daa_write(chip, 23, 0x08)  # RTO: 128 ms
    for kind, holds in ((RdtKind.VALIDATED, 13), (RdtKind.ONE_SHOT, 500)):
        chip.ring_detector.kind = kind
        chip.loop.ring(75.0, box.now)
        run(box, 100)
        chip.loop.ring(0.0, box.now)
        run(box, holds - 1)
        assert daa_read(chip, 5) & 0x04
        run(box, 3)
        assert not daa_read(chip, 5) & 0x04


def test_rdt_drops_at_once_when_the_line_is_seized() -> None:
    box, chip = ready()
    chip.ring_detector.kind = RdtKind.ONE_SHOT
    chip.loop.ring(75.0, box.now)
    run(box, 20)
    assert daa_read(chip, 5) & 0x04
    daa_write(chip, 5, 0x01)
    assert not daa_read(chip, 5) & 0x04


@pytest.mark.parametrize(("volts", "half"), [(-48.0, 0x40), (0.0, 0x40)])
def test_step_of_the_lines_voltage_trips_one_half(volts: float, half: int) -> None:
    box, chip = ready()
    chip.ring_detector.kind = RdtKind.ONE_SHOT
    chip.loop.feed(volts)
    run(box, 2)
    assert daa_read(chip, 5) & 0x64 == half | 0x04
    run(box, 10)
    assert daa_read(chip, 5) & 0x64 == 0x04


def test_line_voltage_swings_with_the_ringing() -> None:
    box, chip = ready()
    chip.loop.hertz = 20.0
    chip.loop.ring(75.0, box.now)
    seen = set()
    for _ in range(10):
        run(box, 1)
        octet = daa_read(chip, 29)
        seen.add(octet - 256 if octet & 0x80 else octet)
    assert min(seen) < -40 and max(seen) > 120
    assert daa_read(chip, 4) & 0x01  # its sign changes


def test_cpc_is_seen_as_drop_out_and_no_voltage() -> None:
    box, chip = ready()
    office = box.office_lines["line1"]
    office.ring()
    run(box, 10)
    daa_write(chip, 5, 0x01)
    run(box, 60)
    assert office.answered
    daa_write(chip, 4, 0)
    office.hang_up()
    run(box, 2)
    assert daa_read(chip, 29) == 0
    assert daa_read(chip, 4) & 0x08
    assert daa_read(chip, 19) & 0x02
    run(box, 60)
    assert daa_read(chip, 29) == 6


NOTE = sine([1000], -10, 300)


def call() -> tuple[VirtualBox, Si3050Model]:
    box, chip = ready()
    box.office_lines["line1"].ring()
    run(box, 10)
    daa_write(chip, 5, 0x01)
    run(box, 60)
    return box, chip


def test_sound_passes_both_ways_sample_by_sample() -> None:
    box, _ = call()
    office = box.office_lines["line1"]
    office.say(NOTE)
    heard = office.hear()
    assert np.array_equal(run(box, 30)[0], NOTE)
    heard.close()
    heard = office.hear()
    play(box, 0, NOTE)
    assert np.array_equal(heard.samples, NOTE)


def test_mute_silences_one_way_and_gain_scales_the_other() -> None:
    box, chip = call()
    office = box.office_lines["line1"]
    daa_write(chip, 39, 0x16)  # receive −6 dB
    daa_write(chip, 15, 0x80)  # transmit mute
    office.say(NOTE)
    heard = office.hear()
    sent = play(box, 0, NOTE)[0]
    assert np.abs(sent).max() == pytest.approx(np.abs(NOTE).max() * 10 ** (-6 / 20), rel=0.01)
    assert not heard.samples.any()


def test_without_monitor_nothing_is_heard_on_hook() -> None:
    for monitor in (0x08, 0x00):
        box, chip = ready()
        daa_write(chip, 5, monitor)
        box.office_lines["line1"].ring("5551234", "ANNA")
        run(box, 240)
        assert run(box, 200)[0].any() == bool(monitor)
