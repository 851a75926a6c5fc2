"""The model of the MCP23017 does what its data sheet says [DS20001952]."""

import pytest

from drivers.errors import ChipMissing
from drivers.models.mcp23017 import Mcp23017Model

IODIR_A, GPINTEN_A, DEFVAL_A, INTCON_A, IOCON, GPPU_A = 0x00, 0x04, 0x06, 0x08, 0x0A, 0x0C
INTF_A, INTCAP_A, GPIO_A, GPIO_B, OLAT_A, OLAT_B = 0x0E, 0x10, 0x12, 0x13, 0x14, 0x15


@pytest.fixture
def chip() -> Mcp23017Model:
    chip = Mcp23017Model("expander")
    chip.write_register(GPPU_A, 0x7F)
    chip.write_register(GPINTEN_A, 0x7F)
    chip.read_register(GPIO_A)
    return chip


def test_after_power_up_all_pins_are_inputs() -> None:
    chip = Mcp23017Model("expander")
    assert [chip.read_register(register) for register in range(0x16)] == [0xFF, 0xFF] + [0] * 20
    assert chip.interrupt_levels() == (True, True)


def test_a_change_is_caught_once_until_it_is_read(chip: Mcp23017Model) -> None:
    chip.press(2, True)
    chip.press(2, False)
    chip.press(4, True)  # a second change while the first waits is not caught [3.6.4]
    assert chip.interrupt_levels() == (False, True)
    assert chip.read_register(INTF_A) == 0x04
    assert chip.read_register(INTCAP_A) == 0x7B
    assert chip.interrupt_levels() == (True, True)
    assert chip.read_register(INTF_A) == 0
    assert chip.read_register(GPIO_A) == 0x6F


def test_reading_the_pins_ends_the_interrupt_too(chip: Mcp23017Model) -> None:
    chip.press(0, True)
    assert chip.read_register(GPIO_A) == 0x7E
    assert chip.interrupt_levels() == (True, True)
    chip.press(0, False)
    assert chip.interrupt_levels() == (False, True)


def test_compared_with_a_default_it_asks_for_as_long_as_it_differs(chip: Mcp23017Model) -> None:
    chip.write_register(DEFVAL_A, 0x7F)
    chip.write_register(INTCON_A, 0x7F)
    chip.press(1, True)
    chip.read_register(INTCAP_A)
    assert chip.interrupt_levels() == (False, True)
    chip.press(1, False)
    chip.read_register(INTCAP_A)
    assert chip.interrupt_levels() == (True, True)


def test_mirrored_interrupts_and_their_polarity(chip: Mcp23017Model) -> None:
    chip.write_register(IOCON, 0x42)
    assert chip.interrupt_levels() == (False, False)
    chip.press(0, True)
    assert chip.interrupt_levels() == (True, True)
    chip.write_register(IOCON, 0x46)  # open drain has the last word [register 3-6]
    assert chip.interrupt_levels() == (False, False)


def test_outputs_are_latched_and_read_back_at_the_pins(chip: Mcp23017Model) -> None:
    chip.write_register(0x01, 0x00)
    chip.write_register(GPIO_B, 0xA5)
    assert chip.outputs() == 0xA500
    assert (chip.read_register(GPIO_B), chip.read_register(OLAT_B)) == (0xA5, 0xA5)
    chip.write_register(OLAT_A, 0xFF)
    assert chip.outputs() == 0xA500, "port A's are inputs"


def test_with_bank_1_each_port_has_its_own_block(chip: Mcp23017Model) -> None:
    chip.write_register(IOCON, 0x80)
    assert chip.read_register(0x06) == 0x7F  # GPPUA
    assert chip.read_register(0x10) == 0xFF  # IODIRB
    chip.write_register(0x05, 0x00)  # IOCON
    assert chip.read_register(GPPU_A) == 0x7F


def test_what_the_chip_has_not_is_noted(chip: Mcp23017Model) -> None:
    chip.write_register(INTF_A, 1)
    chip.write_register(0x16, 1)
    chip.write_register(IODIR_A, 0xFF)
    assert chip.violation_log.count == 3
    chip.present = False
    with pytest.raises(ChipMissing, match="acknowledge"):
        chip.read_register(GPIO_A)
