"""The Si3210 model against the data sheet's tables: wire, indirect memory, line, sound, faults."""

from itertools import pairwise

import numpy as np
import pytest

from drivers.models.box import VirtualBox
from drivers.models.faults import Fault
from drivers.models.loops import StationLoop
from drivers.models.si3210 import Si3210Model
from drivers.models.si3210_feed import ringing_of
from drivers.models.si3210_registers import SI3215
from tests.kit.models import (
    level_dbm0,
    new_box,
    play,
    run,
    set_up_station,
    sine,
    slic_read,
    slic_read_indirect,
    slic_write,
    slic_write_indirect,
)


def fresh(**options: object) -> tuple[VirtualBox, Si3210Model]:
    box = new_box(1, 0)
    chip = box.chips["101"]
    assert isinstance(chip, Si3210Model)
    return box, chip


RESET_VALUES = {
    0: 0x05, 1: 0x08, 2: 0, 5: 0, 8: 0x02, 9: 0, 10: 0x08, 11: 0x33, 14: 0x10, 18: 0, 19: 0, 20: 0,
    63: 0x54, 64: 0, 65: 0x61, 66: 0x03, 67: 0x1F, 69: 0x0A, 70: 0x0A, 71: 0, 72: 0x20, 73: 0x02,
    74: 0x32, 75: 0x10, 92: 0xFF, 93: 0x14, 96: 0x1F, 97: 0x1F, 98: 0x10, 99: 0x10, 100: 0x11,
    101: 0x11, 102: 0x08, 103: 0x88, 107: 0x08, 108: 0,
}  # fmt: skip


@pytest.mark.parametrize(("register", "value"), RESET_VALUES.items())
def test_register_after_reset_has_the_data_sheets_value(register: int, value: int) -> None:
    _, chip = fresh()
    assert slic_read(chip, register) == value


def test_si3215_shows_its_family() -> None:
    chip = Si3210Model("x", 4, StationLoop(), part=SI3215)
    assert slic_read(chip, 1) & 0x80
    assert slic_read(chip, 0) & 0x0F == 3


def test_command_and_data_alternate_by_chip_select() -> None:
    _, chip = fresh()
    assert chip.transfer([0x80 | 8]) == [0]
    assert chip.transfer([0]) == [0x02]


def test_two_bytes_in_one_select_are_noted_and_the_second_is_lost() -> None:
    _, chip = fresh()
    chip.select(bytes([72, 0x1F]))
    assert chip.violation_log.count == 1
    chip.select(bytes([0x11]))  # taken as the data of the first command
    assert slic_read(chip, 72) == 0x11


def test_chip_that_is_not_strict_takes_a_whole_access_in_one_select() -> None:
    _, chip = fresh()
    chip.strict = False
    chip.select(bytes([72, 0x1F]))
    assert chip.select(bytes([0x80 | 72, 0])) == bytes([0, 0x1F])
    assert chip.violation_log.count == 0


def test_reserved_registers_are_refused_and_noted() -> None:
    _, chip = fresh()
    slic_write(chip, 12, 0x55)
    assert slic_read(chip, 12) == 0
    assert list(chip.violation_log.texts) == [
        "101: reserved register 12 written",
        "101: reserved register 12 read",
    ]


def test_read_only_registers_keep_their_value() -> None:
    _, chip = fresh()
    slic_write(chip, 68, 0xFF)
    assert slic_read(chip, 68) == 0x04  # raw comparator high: nothing exceeded
    assert chip.violation_log.count == 1


def test_reserved_bits_cannot_be_set() -> None:
    _, chip = fresh()
    slic_write(chip, 71, 0xFF)
    assert slic_read(chip, 71) == 0x07


def test_reset_pin_restores_everything_and_the_phase() -> None:
    _, chip = fresh()
    slic_write(chip, 72, 0x11)
    chip.transfer([72])  # half an access
    chip.reset_pin(False)
    assert chip.transfer([0x88, 0]) == [0xFF, 0xFF]
    chip.reset_pin(True)
    assert slic_read(chip, 72) == 0x20
    assert chip.violation_log.count == 1


# -------------------------------------------------------------------------- indirect registers


def test_indirect_access_is_served_after_a_tick() -> None:
    _, chip = fresh()
    for register, value in ((28, 0x34), (29, 0x12), (30, 40)):
        slic_write(chip, register, value)
    assert slic_read(chip, 31) == 1
    for _ in range(3):  # 20 µs each
        slic_read(chip, 31)
    assert slic_read(chip, 31) == 0
    assert slic_read_indirect(chip, 40) == 0x1234


def test_iaa_alone_reads_and_ida_before_it_writes() -> None:
    _, chip = fresh()
    slic_write_indirect(chip, 19, 0xABCD)
    slic_write_indirect(chip, 20, 0x0001)
    assert slic_read_indirect(chip, 19) == 0xABCD
    assert slic_read_indirect(chip, 20) == 0x0001


def test_indirect_contents_after_reset_are_anything() -> None:
    _, chip = fresh()
    words = [slic_read_indirect(chip, address) for address in range(10)]
    assert len(set(words)) > 5
    chip.reset_pin(False)
    chip.reset_pin(True)
    assert [slic_read_indirect(chip, address) for address in range(10)] != words


def test_registers_that_nobody_wrote_are_told_until_they_are_written() -> None:
    _, chip = fresh()
    assert chip.forgotten == [*range(44), *range(88, 98), *range(193, 212)]
    slic_write_indirect(chip, 97, 0)
    slic_read_indirect(chip, 95)
    assert 97 not in chip.forgotten
    assert 95 in chip.forgotten
    chip.brown_out()
    assert 97 in chip.forgotten


def test_scratch_register_97_that_is_not_cleared_is_heard_as_noise() -> None:
    box = new_box(1, 0)
    chip = set_up_station(box, "101")
    box.telephones["101"].lift()
    run(box, 3)
    assert not run(box, 20).any()
    slic_write_indirect(chip, 97, 0x0001)
    assert level_dbm0(run(box, 20)[0]) > -50
    box.telephones["101"].say(NOTE)
    assert level_dbm0(run(box, 20)[0]) == pytest.approx(-10, abs=0.5)


def test_access_while_one_is_pending_is_refused() -> None:
    _, chip = fresh()
    slic_write_indirect(chip, 21, 7)
    slic_write(chip, 30, 21)
    slic_write(chip, 28, 99)
    assert chip.violation_log.count == 1
    for _ in range(5):
        slic_read(chip, 31)
    assert slic_read_indirect(chip, 21) == 7


def test_unknown_indirect_address_is_noted() -> None:
    _, chip = fresh()
    slic_write(chip, 30, 60)
    assert slic_read(chip, 31) == 0
    assert chip.violation_log.count == 1


def test_without_a_clock_indirect_access_never_ends() -> None:
    box, chip = fresh()
    box.pcm().close()
    slic_write(chip, 30, 1)
    run(box, 10)
    assert slic_read(chip, 31) == 1
    box.pcm().start()
    assert slic_read(chip, 31) == 0


def test_served_interrupt_is_gated_and_cleared_by_ones() -> None:
    _, chip = fresh()
    slic_read_indirect(chip, 1)
    assert slic_read(chip, 20) == 0
    assert chip.interrupt_level
    slic_write(chip, 23, 0x02)
    slic_read_indirect(chip, 1)
    assert slic_read(chip, 20) == 0x02
    assert not chip.interrupt_level
    slic_write(chip, 20, 0x00)
    assert not chip.interrupt_level
    slic_write(chip, 20, 0x02)
    assert chip.interrupt_level


# -------------------------------------------------------------------------- battery, calibration


def test_battery_ramps_up_in_less_than_half_a_second() -> None:
    box, chip = fresh()
    assert slic_read(chip, 82) == 0
    slic_write(chip, 14, 0)
    run(box, 5)
    assert 0 < slic_read(chip, 82) < 0xC0
    run(box, 30)
    assert slic_read(chip, 82) >= 0xC0


def test_leak_is_seen_when_the_converter_is_switched_off() -> None:
    for leaks in (False, True):
        box, chip = fresh()
        if leaks:
            chip.inject(Fault.LEAK)
        slic_write(chip, 14, 0)
        run(box, 40)
        slic_write(chip, 14, 0x10)
        run(box, 50)
        assert (slic_read(chip, 82) < 6) == leaks


def test_no_supply_and_no_clock_make_no_battery() -> None:
    box, chip = fresh()
    chip.inject(Fault.NO_SUPPLY)
    slic_write(chip, 14, 0)
    run(box, 100)
    assert slic_read(chip, 82) < 0xC0
    box, chip = fresh()
    box.pcm().close()
    slic_write(chip, 14, 0)
    run(box, 100)
    assert slic_read(chip, 82) == 0


def test_calibration_takes_its_time_and_leaves_results() -> None:
    box, chip = fresh()
    slic_write(chip, 97, 0x1F)
    slic_write(chip, 96, 0x5F)
    run(box, 50)
    assert slic_read(chip, 96) == 0x5F
    run(box, 15)
    assert slic_read(chip, 96) == 0
    assert slic_read(chip, 98) != 0x10
    assert slic_read(chip, 103) != 0x88


def test_common_mode_calibration_fails_when_the_handset_is_lifted() -> None:
    box, chip = fresh()
    slic_write(chip, 23, 0x04)
    slic_write(chip, 97, 0x01)
    slic_write(chip, 96, 0x40)
    run(box, 5)
    box.telephones["101"].lift()
    run(box, 2)
    assert slic_read(chip, 96) == 0x00
    assert slic_read(chip, 20) & 0x04


def test_peak_current_calibration_clears_its_bit() -> None:
    box, chip = fresh()
    slic_write(chip, 93, 0x99)
    assert slic_read(chip, 93) & 0x80
    run(box, 3)
    assert slic_read(chip, 93) == 0x19
    assert 2 <= slic_read(chip, 107) <= 0x0D


def test_manual_balance_ends_where_the_transistor_goes_off() -> None:
    _, chip = fresh()
    slic_write(chip, 98, 0x1F)
    assert slic_read(chip, 88) > 0
    slic_write(chip, 98, 0x01)
    assert slic_read(chip, 88) == 0


# -------------------------------------------------------------------------- the line


def test_idle_line_carries_the_open_circuit_voltage() -> None:
    box = new_box(1, 0)
    chip = set_up_station(box, "101")
    assert slic_read(chip, 78) == 0x20  # 48 V in 1.5 V steps
    assert slic_read(chip, 79) == 0
    assert slic_read(chip, 80) == 8  # −3 V
    assert slic_read(chip, 81) == 136  # −51 V
    slic_write(chip, 64, 5)
    run(box, 1)
    assert slic_read(chip, 78) == 0x60
    assert slic_read(chip, 80) == 136


def test_lifting_closes_the_loop_after_the_debounce() -> None:
    box = new_box(1, 0)
    chip = set_up_station(box, "101")
    slic_write(chip, 69, 0x28)  # 50 ms
    box.telephones["101"].lift()
    run(box, 1)
    assert slic_read(chip, 68) == 0x00  # seen, not yet debounced
    assert chip.interrupt_level
    run(box, 4)
    assert slic_read(chip, 68) & 1
    assert slic_read(chip, 19) == 0x02
    assert not chip.interrupt_level
    assert slic_read(chip, 79) == 16  # 20 mA in 1.25 mA steps
    slic_write(chip, 19, 0x02)
    box.telephones["101"].hang_up()
    run(box, 6)
    assert not slic_read(chip, 68) & 1
    assert slic_read(chip, 19) == 0x02  # every transition


def test_a_short_bounce_is_no_transition() -> None:
    box = new_box(1, 0)
    chip = set_up_station(box, "101")
    box.telephones["101"].lift()
    run(box, 1)  # 10 ms of the 12.5
    box.telephones["101"].hang_up()
    run(box, 3)
    assert slic_read(chip, 19) == 0


@pytest.mark.parametrize(
    ("rco", "rngx", "hertz", "peak"),
    [(0x7EFD, 0x0177, 20, 70), (0x7E6C, 0x01D6, 25, 70), (0x7F4C, 0x0139, 16.67, 70),
     (0x79BC, 0x03B2, 50, 70), (0x7EF0, 0x0160, 20.5, 64), (0x7E6C, 0x023A, 25, 85)],
)  # fmt: skip
def test_ringing_words_make_the_tables_frequency_and_peak(
    rco: int, rngx: int, hertz: float, peak: float
) -> None:
    made = ringing_of(rco, rngx, 0, False)
    assert made.hertz == pytest.approx(hertz, rel=0.02)
    assert made.peak == pytest.approx(peak, rel=0.02)


def test_ringing_rings_the_bell_and_lifting_trips_it() -> None:
    box = new_box(1, 0)
    chip = set_up_station(box, "101")
    phone = box.telephones["101"]
    slic_write(chip, 64, 4)
    run(box, 50)
    assert phone.ringing
    assert slic_read(chip, 64) == 0x44
    assert slic_read(chip, 68) == 0x04
    phone.lift()
    run(box, 2)
    assert not phone.ringing
    assert slic_read(chip, 19) & 0x01
    assert slic_read(chip, 64) == 0x14  # AORD: the chip went to active by itself
    run(box, 3)
    assert slic_read(chip, 68) & 1


def test_five_ringers_do_not_trip() -> None:
    box = new_box(1, 0)
    chip = set_up_station(box, "101")
    chip.loop.ren = 5
    slic_write(chip, 64, 4)
    run(box, 100)
    assert slic_read(chip, 64) == 0x44


def test_cadence_by_the_ring_timers() -> None:
    box = new_box(1, 0)
    chip = set_up_station(box, "101")
    for register, value in ((48, 0x20), (49, 0x03), (50, 0x40), (51, 0x06), (34, 0x18)):
        slic_write(chip, register, value)  # 100 ms on, 200 ms off
    slic_write(chip, 21, 0x30)
    slic_write(chip, 64, 4)
    run(box, 60)
    bells = box.telephones["101"].bells
    gaps = [b.at - a.at for a, b in pairwise(bells)]
    assert gaps[:3] == [800, 1600, 800]
    assert slic_read(chip, 18) == 0x30


def test_open_line_is_dead() -> None:
    box = new_box(1, 0)
    chip = set_up_station(box, "101")
    assert box.telephones["101"].powered
    slic_write(chip, 64, 0)
    run(box, 1)
    assert not box.telephones["101"].powered


def test_power_alarm_opens_the_line_where_aopn_is_set() -> None:
    box = new_box(1, 0)
    chip = set_up_station(box, "101")
    slic_write(chip, 22, 0xFF)
    chip.power_alarm(3)
    assert slic_read(chip, 19) == 0x10
    assert slic_read(chip, 64) == 0x00  # LF and LFS


def test_short_heats_the_transistors() -> None:
    box = new_box(1, 0)
    chip = set_up_station(box, "101")
    chip.inject(Fault.SHORT)
    run(box, 10)
    assert slic_read(chip, 64) >> 4 == 0


def test_brown_out_shows_in_the_loopback_register() -> None:
    box = new_box(1, 0)
    chip = set_up_station(box, "101")
    chip.brown_out()
    assert slic_read(chip, 8) == 0x02
    assert slic_read(chip, 64) == 0


@pytest.mark.parametrize(
    ("fault", "register", "value"), [(Fault.STUCK_BUS, 11, 0xFF), (Fault.WRONG_REVISION, 0, 0x0F)]
)
def test_fault_of_identity_shows_in_its_register_until_mended(
    fault: Fault, register: int, value: int
) -> None:
    _, chip = fresh()
    chip.inject(fault)
    assert slic_read(chip, register) == value
    chip.mend(fault)
    assert slic_read(chip, register) != value


def test_bad_indirect_write_is_stored_wrong() -> None:
    _, chip = fresh()
    chip.inject(Fault.BAD_INDIRECT)
    slic_write_indirect(chip, 20, 0x7EFD)
    assert slic_read_indirect(chip, 20) != 0x7EFD


def test_fault_late_calibration_is_not_over_after_two_seconds() -> None:
    box, chip = fresh()
    chip.inject(Fault.LATE_CALIBRATION)
    slic_write(chip, 96, 0x5F)
    run(box, 200)
    assert slic_read(chip, 96)


# -------------------------------------------------------------------------- sound

NOTE = sine([1000], -10, 500)


def test_sound_reaches_a_lifted_handset_sample_by_sample() -> None:
    box = new_box(1, 0)
    set_up_station(box, "101")
    phone = box.telephones["101"]
    phone.lift()
    run(box, 3)
    heard = phone.hear()
    play(box, 0, NOTE)
    assert np.array_equal(heard.samples, NOTE)


def test_speech_reaches_the_highway_sample_by_sample() -> None:
    box = new_box(2, 0)
    set_up_station(box, "102")
    phone = box.telephones["102"]
    phone.lift()
    run(box, 3)
    phone.say(NOTE)
    sent = run(box, 50)
    assert np.array_equal(sent[1], NOTE)
    assert not sent[0].any()


def test_on_hook_no_sound_passes_except_in_transmission() -> None:
    box = new_box(1, 0)
    chip = set_up_station(box, "101")
    assert not chip.audio
    slic_write(chip, 64, 2)
    assert chip.audio


def test_gain_registers_change_the_level_by_their_decibels() -> None:
    box = new_box(1, 0)
    chip = set_up_station(box, "101")
    phone = box.telephones["101"]
    phone.lift()
    run(box, 3)
    for word, gain_register, change in (
        (0x2000, 0x00, -6.0),
        (0x4000, 0x02, 3.5),
        (0x4000, 0x01, -3.5),
        (0x4000, 0x03, -200),
        (0x4000, 0x10, -200),
    ):
        slic_write_indirect(chip, 26, word)
        slic_write(chip, 9, gain_register)
        heard = phone.hear()
        play(box, 0, NOTE)
        heard.close()
        assert level_dbm0(heard.samples) == pytest.approx(max(-10 + change, -144), abs=1.0)


@pytest.mark.parametrize("mode", [0x28, 0x20])
def test_companded_modes_use_the_upper_octet(mode: int) -> None:
    box = new_box(1, 0)
    chip = set_up_station(box, "101")
    slic_write(chip, 1, mode)
    phone = box.telephones["101"]
    phone.lift()
    run(box, 3)
    phone.say(NOTE)
    sent = run(box, 50)[0]
    assert not (sent & 0xFF).any()
    heard = phone.hear()
    play(box, 0, sent)
    error = heard.samples.astype(int) - NOTE
    assert level_dbm0(error.astype(np.int16)) < -42


def test_two_companded_lines_share_a_slot() -> None:
    box = new_box(2, 0)
    sounds = {"101": NOTE, "102": sine([600], -10, 500)}
    for name, count in (("101", 1), ("102", 9)):
        chip = set_up_station(box, name)
        for register, value in ((1, 0x28), (2, count), (4, count)):
            slic_write(chip, register, value)
        box.telephones[name].lift()
    run(box, 3)
    for name, sound in sounds.items():
        box.telephones[name].say(sound)
    sent = run(box, 50)[0]
    heard = {name: phone.hear() for name, phone in box.telephones.items()}
    play(box, 0, sent)
    for name, sound in sounds.items():
        error = heard[name].samples.astype(int) - sound
        assert level_dbm0(error.astype(np.int16)) < -42
    assert box.contention() == []


def test_digital_loopback_sends_back_what_is_received() -> None:
    box = new_box(1, 0)
    chip = set_up_station(box, "101")
    slic_write(chip, 8, 0x02)
    assert np.array_equal(play(box, 0, NOTE)[0], NOTE)


def test_a_misplaced_slot_is_noted_once_it_is_used() -> None:
    box = new_box(1, 0)
    chip = set_up_station(box, "101")
    slic_write(chip, 2, 5)
    assert chip.violation_log.count == 0
    run(box, 5)
    assert chip.violation_log.count == 1
    assert "not the start of a slot" in chip.violation_log.texts[0]


def test_two_chips_on_one_slot_are_reported() -> None:
    box = new_box(2, 0)
    set_up_station(box, "101")
    chip = set_up_station(box, "102")
    assert box.violations() == []
    slic_write(chip, 2, 1)
    assert box.violations() == ["slot 0 is driven by 101 and 102"]
