"""The handset port's driver against the models of its chip, in all members of the family."""

import numpy as np
import pytest

from drivers.board import virtual_board
from drivers.models.si3210 import Si3210Model
from drivers.models.si3210_registers import SI3210, SI3215, Part
from tests.kit.lines import Lines

PARTS = [SI3210, SI3215]


def station(lines: Lines, jack: str = "101") -> Si3210Model:
    chip = lines.box.chips[jack]
    assert isinstance(chip, Si3210Model)
    return chip


def up(part: Part = SI3210, code: str = "us", stations: int = 1) -> Lines:
    return Lines(virtual_board(stations, 0), code, part).up()


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_power_up_leaves_no_register_as_reset_has_left_it(part: Part) -> None:
    lines = Lines(virtual_board(1, 0), part=part)
    assert len(station(lines).forgotten) > 40
    lines.up()
    assert station(lines).forgotten == []
    assert lines.box.violations() == []


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_recording_of_a_silent_handset_is_silent(part: Part) -> None:
    lines = up(part)
    lines.box.telephones["101"].lift()
    lines.beat(30)
    heard = [lines.heard[0].copy() for _ in range(50) if not lines.beat()]
    assert len(heard) == 50
    assert not np.any(heard)
