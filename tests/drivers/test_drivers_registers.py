"""Registers are declared once; what does not fit never reaches the bus."""

from collections.abc import Sequence

import pytest

from drivers.errors import FieldRange
from drivers.registers import (
    SI321X_FRAMING,
    SI3050_FRAMING,
    AccessMode,
    BitField,
    Register,
    RegisterBus,
)
from tests.kit.spi_bench import RegisterFile

TERMINATION = Register(26, "TERMINATION", "line voltage and current", 0xF3)
VOLTAGE = TERMINATION.field("DCV", 7, 6, "3.1 to 3.5 V")
LIMIT = TERMINATION.field("ILIM", 1)
SENSE = Register(29, "SENSE", "volts", mode=AccessMode.READ_ONLY)
EVENTS_1 = Register(19, "EVENTS", "latched", mode=AccessMode.WRITE_1_CLEARS)
EVENTS_0 = Register(4, "EVENTS", "latched", mode=AccessMode.WRITE_0_CLEARS)


class Wire:
    """SpiDevice that keeps the frames."""

    def __init__(self) -> None:
        self.sent: list[list[int]] = []

    def transfer(self, frames: Sequence[int]) -> list[int]:
        self.sent.append(list(frames))
        return list(range(100, 100 + len(frames)))


def test_a_write_is_composed_of_its_fields() -> None:
    access = TERMINATION.compose((VOLTAGE, 3), (LIMIT, 1))
    assert access.value == 0b1100_0010


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        (VOLTAGE, 4, "TERMINATION.DCV: 4 does not fit; allowed: 0 to 3"),
        (VOLTAGE, -1, "TERMINATION.DCV: -1 does not fit; allowed: 0 to 3"),
        (LIMIT, 2, "TERMINATION.ILIM: 2 does not fit; allowed: 0 to 1"),
    ],
)
def test_a_value_that_spills_into_its_neighbours_is_refused(
    field: BitField, value: int, text: str
) -> None:
    with pytest.raises(FieldRange, match=text):
        TERMINATION.compose((field, value))


def test_nothing_is_sent_when_one_of_several_values_does_not_fit() -> None:
    wire = Wire()
    bus = RegisterBus(wire, SI321X_FRAMING)
    with pytest.raises(FieldRange, match="26 TERMINATION: 0x4 does not fit"):
        bus.run(TERMINATION.write(0x01), TERMINATION.write(0x04))
    assert wire.sent == []


def test_a_read_only_register_is_not_written() -> None:
    with pytest.raises(FieldRange, match="register 29 SENSE is read only"):
        SENSE.write(0)


def test_a_field_of_another_register_is_refused() -> None:
    other = Register(27, "OTHER", "")
    with pytest.raises(FieldRange, match="DCV is no field of OTHER"):
        other.compose((VOLTAGE, 1))


def test_status_is_cleared_in_each_registers_own_manner() -> None:
    assert EVENTS_1.clear(0x81).value == 0x81
    assert EVENTS_0.clear(0x81).value == 0x7E
    assert EVENTS_0.clear(0x01).value == 0xFE, "the other seven stay"
    with pytest.raises(FieldRange, match="holds no status"):
        TERMINATION.clear(1)


def test_a_field_is_read_out_of_an_octet() -> None:
    assert VOLTAGE.of(0b1011_1111) == 2
    assert LIMIT.of(0b1011_1111) == 1


def test_si321x_access_is_two_frames() -> None:
    wire = Wire()
    bus = RegisterBus(wire, SI321X_FRAMING)
    assert bus.run(SENSE.read(), TERMINATION.write(0xC0), EVENTS_1.read()) == (101, 105)
    assert wire.sent == [[0x80 | 29, 0x80, 26, 0xC0, 0x80 | 19, 0x80]]


def test_filler_of_a_read_is_no_write_to_a_chip_that_is_out_of_step() -> None:
    wire = Wire()
    bus = RegisterBus(wire, SI321X_FRAMING)
    bus.run(*[SENSE.read()] * 3)
    bus.step()
    assert all(frame & 0x80 for frame in [*wire.sent[0], *wire.sent[1]])
    assert len(wire.sent[1]) == 1


def test_si3050_access_is_three_frames() -> None:
    wire = Wire()
    bus = RegisterBus(wire, SI3050_FRAMING)
    assert bus.run(TERMINATION.write(0xC0), SENSE.read()) == (105,)
    assert wire.sent == [[0x20, 26, 0xC0, 0x60, 29, 0]]


def test_the_bench_stores_and_clears() -> None:
    file = RegisterFile(2, {19: 0x83, 26: 0}, write_1_clears=[19])
    bus = RegisterBus(file, SI321X_FRAMING)
    bus.run(EVENTS_1.clear(0x80), TERMINATION.write(0x10))
    assert bus.read(EVENTS_1) == 0x03
    assert bus.read(TERMINATION) == 0x10
