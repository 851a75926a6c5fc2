"""The MCP23017's driver against the model."""

import pytest

from drivers.errors import ChipMissing
from drivers.mcp23017 import Mcp23017
from drivers.models.mcp23017 import Mcp23017Model

BUTTONS = 0x7F00


@pytest.fixture
def model() -> Mcp23017Model:
    return Mcp23017Model("expander")


@pytest.fixture
def chip(model: Mcp23017Model) -> Mcp23017:
    chip = Mcp23017(model, BUTTONS)
    chip.set_up()
    return chip


def test_leds_are_driven_and_buttons_are_read(chip: Mcp23017, model: Mcp23017Model) -> None:
    chip.drive(0x0005)
    model.press(9, True)
    assert model.outputs() == 0x0005
    assert model.interrupt_levels() == (False, False)
    assert chip.levels() & BUTTONS == BUTTONS & ~0x0200
    assert model.interrupt_levels() == (True, True)
    assert model.violation_log.count == 0


def test_set_up_finds_a_chip_with_turned_round_addresses(model: Mcp23017Model) -> None:
    model.write_register(0x0A, 0x80)  # BANK, as a disturbance may have left it
    chip = Mcp23017(model, BUTTONS)
    chip.set_up()
    chip.drive(0x0081)
    assert model.outputs() == 0x0081


@pytest.mark.parametrize("name", ["IODIR", "GPINTEN", "GPPU", "OLAT", "IPOL", "INTCON", "IOCON"])
@pytest.mark.parametrize("bit", range(1, 8))
def test_any_broken_bit_is_put_right(
    chip: Mcp23017, model: Mcp23017Model, name: str, bit: int
) -> None:
    chip.drive(0x0055)
    model.break_bit(0, name, bit)
    chip.check()
    assert chip.repaired > 0
    before = chip.repaired
    chip.check()
    assert (chip.repaired, model.outputs()) == (before, 0x0055)
    model.press(8, True)
    assert not chip.levels() & 0x0100


def test_a_chip_without_power_is_missing_and_can_be_set_up_anew(
    chip: Mcp23017, model: Mcp23017Model
) -> None:
    chip.drive(0x0003)
    model.present = False
    with pytest.raises(ChipMissing):
        chip.levels()
    model.present = True
    model.power_cycle()
    assert model.outputs() == 0
    chip.set_up()
    assert model.outputs() == 0x0003
