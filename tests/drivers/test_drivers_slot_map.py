"""Where a line's voice lies in the frame, from the board's values to the chips' registers."""

from collections.abc import Callable

import numpy as np
import pytest

from drivers.board_spec import LineSpec
from drivers.chip import Beats, ChipPort
from drivers.countries import country
from drivers.models.si3210 import Si3210Model
from drivers.si321x import Si321x
from drivers.si3050 import Si3050
from drivers.slot_map import Coding, SlotMap
from tests.kit.lines import Lines
from tests.kit.spi_bench import Pin, RegisterFile, si3050_file, si3210_file

DSP_A, WIDE, DSP_B = SlotMap(), SlotMap(slot_bits=32), SlotMap(first_bit=0)
MU, A = SlotMap(Coding.MU_LAW, slot_bits=8), SlotMap(Coding.A_LAW, slot_bits=8)


def station(file: RegisterFile, frame: SlotMap, slot: int) -> ChipPort:
    line = LineSpec("101", "station", "si3210", 0, 0, 5, 6, slot, frame)
    return Si321x(line, file, Pin(), country("us").station, Beats())


def trunk(file: RegisterFile, frame: SlotMap, slot: int) -> ChipPort:
    line = LineSpec("line1", "trunk", "si3050", 0, 1, 5, 6, slot, frame)
    return Si3050(line, file, Pin(), country("us").trunk, Beats())


@pytest.mark.parametrize(
    ("frame", "slot", "start"),
    [
        (DSP_A, 0, 1),
        (DSP_A, 1, 17),
        (WIDE, 1, 33),
        (DSP_B, 0, 0),
        (DSP_B, 1, 16),
        (MU, 7, 57),
        (DSP_A, 63, 1009),
    ],
)
def test_start_counts_are_those_of_the_three_framings(
    frame: SlotMap, slot: int, start: int
) -> None:
    assert frame.start(slot) == start


@pytest.mark.parametrize(
    ("make", "a_file", "mode_register", "starts"),
    [(station, si3210_file, 1, (2, 3, 4, 5)), (trunk, si3050_file, 33, (34, 35, 36, 37))],
)
@pytest.mark.parametrize(
    ("frame", "slot", "mode"),
    [(DSP_A, 1, 0x38), (DSP_B, 1, 0x38), (WIDE, 17, 0x38), (MU, 7, 0x28), (A, 3, 0x20)],
)
def test_both_chips_take_start_and_coding_from_the_board(
    make: Callable[[RegisterFile, SlotMap, int], ChipPort],
    a_file: Callable[[], RegisterFile],
    mode_register: int,
    starts: tuple[int, ...],
    frame: SlotMap,
    slot: int,
    mode: int,
) -> None:
    file = a_file()
    port = make(file, frame, slot)
    for _ in port.power_up():
        pass
    sixteen_bits = 0x04 if mode_register == 1 and mode == 0x38 else 0
    assert file.registers[mode_register] & 0x7F == mode | sixteen_bits
    count = frame.start(slot)
    assert [file.registers[number] for number in starts] == [count & 0xFF, count >> 8] * 2


@pytest.mark.parametrize("name", ["101", "line1"])
def test_looped_back_slot_gives_what_is_played_and_nothing_afterwards(name: str) -> None:
    lines = Lines().up()
    lines.beat(12)
    port = {**lines.board.stations, **lines.board.trunks}[name]
    assert isinstance(port, ChipPort)
    marker = np.tile(np.arange(4, 84, dtype=np.int16), (lines.spec.slots, 1))
    port.loop_back(True)
    assert lines.beat(40, lambda _: marker) == [], "a chip in loopback is taken for one that reset"
    loud = [slot for slot in range(lines.spec.slots) if lines.heard[slot].any()]
    assert loud == [port.slot]
    assert (lines.heard[port.slot] == marker[0]).all()
    port.loop_back(False)
    lines.beat(40, lambda _: marker)
    assert not lines.heard.any()
    assert lines.box.violations() == []


def test_chip_that_resets_itself_while_looped_back_is_still_set_up_again() -> None:
    lines = Lines().up()
    lines.beat(12)
    port = lines.board.stations["101"]
    assert isinstance(port, Si321x)
    port.loop_back(True)
    chip = lines.box.chips["101"]
    assert isinstance(chip, Si3210Model)
    chip.brown_out()
    port.loop_back(False)
    lines.beat(300)
    assert chip.transmit is not None
    assert not port.starting and not port.eager
