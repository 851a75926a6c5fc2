"""The SLIC's model alone, pin by pin."""

import numpy as np
import pytest

from drivers.buses import PERIOD
from drivers.models.ag1171 import Ag1171Model
from drivers.models.loops import OFF_HOOK_OHMS, StationLoop


def module(down_level: bool = True) -> Ag1171Model:
    return Ag1171Model("101", StationLoop(), down_level)


def ring(model: Ag1171Model, half: int, edges: int) -> None:
    """So many edges of F/R, that many periods apart."""
    level = True
    model.set_ring_mode(True)
    for _ in range(edges):
        for _ in range(half):
            model.step()
        level = not level
        model.set_forward(level)
    model.step()


def test_the_line_is_fed_turned_and_switched_off() -> None:
    model = module()
    model.step()
    assert model.loop.volts == 48
    model.set_forward(False)
    assert model.loop.volts == -48
    model.set_power_down(True)
    assert model.loop.volts == 0
    assert not model.read_hook()


def test_a_lifted_handset_draws_30_ma_and_shows_at_shk() -> None:
    model = module()
    model.loop.load(OFF_HOOK_OHMS)
    model.step()
    assert model.loop.ma == 30
    assert model.loop.volts == 9
    assert model.read_hook()
    model.set_power_down(True)
    assert not model.read_hook()


@pytest.mark.parametrize(("half", "hertz"), [(1, 50), (2, 25), (3, 16.7), (4, 0)])
def test_two_waves_between_15_and_68_hz_are_ringing(half: int, hertz: float) -> None:
    model = module()
    ring(model, half, 8)
    assert model.loop.hertz == pytest.approx(hertz, abs=0.05)
    assert (model.loop.ring_vrms == 60) == bool(hertz)


def test_three_edges_are_none() -> None:
    model = module()
    ring(model, 2, 3)
    assert model.loop.ring_vrms == 0
    assert model.loop.volts == -72


def test_edges_without_rm_are_polarity() -> None:
    model = module()
    for level in (False, True) * 4:
        model.set_forward(level)
        model.step()
    assert model.loop.ring_vrms == 0
    assert model.violation_log.count == 0


def test_rm_may_not_fall_in_reverse_or_within_10_ms_of_an_edge() -> None:
    model = module()
    ring(model, 2, 5)
    model.set_ring_mode(False)
    assert model.violation_log.texts[-1] == "101: RM fell with F/R low"
    model = module()
    ring(model, 2, 6)
    model.set_ring_mode(False)
    assert model.violation_log.texts[-1] == "101: RM fell 10 ms after an edge of F/R"
    model = module()
    ring(model, 2, 6)
    model.step()
    model.set_ring_mode(False)
    assert model.violation_log.count == 0


def test_the_bell_is_loud_in_vout_and_nothing_passes() -> None:
    model, row = module(), np.full(PERIOD, 100, np.int16)
    model.loop.load(OFF_HOOK_OHMS)
    assert model.to_codec(row) is row
    assert model.to_handset(row) is row
    model.set_ring_mode(True)
    heard = model.to_codec(row)
    assert heard is not None
    assert np.abs(heard).max() == 8000
    assert model.to_handset(row) is None


def test_the_sense_of_power_down_can_be_either() -> None:
    model = module(down_level=False)
    model.set_power_down(True)
    model.step()
    assert model.loop.volts == 48
