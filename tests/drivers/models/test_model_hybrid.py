"""The echo of a modelled line: how much comes back, for how long, and when nothing does."""

import numpy as np
import pytest

from drivers.buses import PERIOD, Samples
from drivers.models.box import VirtualBox
from drivers.models.hybrid import TAPS, Hybrid
from drivers.models.si3050 import Si3050Model
from tests.kit.models import (
    daa_write,
    level_dbm0,
    new_box,
    play,
    run,
    set_up_station,
    set_up_trunk,
    sine,
)

NOISE: Samples = np.random.default_rng(3).normal(0, 3000, 16_000).astype(np.int16)
"""-13 dBm0."""


def box_with(loss_db: float | None) -> VirtualBox:
    """A lifted handset in slot 0 and an answered outside line in slot 1, all silent."""
    box = new_box(1, 1, echo_db=loss_db)
    set_up_station(box, "101")
    chip = set_up_trunk(box, "line1")
    box.office_lines["line1"].ring(caller_id=False)
    daa_write(chip, 5, 0x01)
    box.telephones["101"].lift()
    run(box, 40)
    return box


def returned(hybrid: Hybrid, sent: Samples) -> Samples:
    rows = [hybrid.returned(None, row) for row in sent.reshape(-1, PERIOD)]
    return np.concatenate([np.zeros(PERIOD, np.int16) if row is None else row for row in rows])


@pytest.mark.parametrize("loss_db", [6.0, 12.0, 20.0, 30.0])
@pytest.mark.parametrize("slot", [0, 1])
def test_what_is_played_to_a_line_comes_back_softer_by_the_return_loss(
    loss_db: float, slot: int
) -> None:
    heard = play(box_with(loss_db), slot, NOISE)[slot]
    assert level_dbm0(heard) == pytest.approx(level_dbm0(NOISE) - loss_db, abs=0.5)


@pytest.mark.parametrize("slot", [0, 1])
def test_line_without_hybrid_sends_nothing_back(slot: int) -> None:
    assert not play(box_with(None), slot, NOISE)[slot].any()


def test_echo_comes_in_the_same_period_and_lasts_some_milliseconds() -> None:
    click = np.zeros(4 * PERIOD, np.int16)
    click[10] = 20_000
    echo = np.flatnonzero(returned(Hybrid("a", 10.0), click))
    assert 10 <= echo[0] < 10 + 16
    assert 10 + 16 < echo[-1] < 10 + TAPS, "2 to 7 ms"
    assert len(echo) > 10, "more than one tap"


def test_echo_is_added_to_what_is_spoken() -> None:
    one, other = Hybrid("a", 12.0), Hybrid("a", 12.0)
    spoken = sine([700], -20, 10)
    echo = returned(one, NOISE[:PERIOD]).astype(int)
    both = other.returned(spoken, NOISE[:PERIOD])
    assert both is not None
    assert np.abs(both - echo - spoken).max() <= 1


def test_hybrids_differ_and_one_that_changes_has_another_response() -> None:
    one, other = Hybrid("line1/1", 10.0), Hybrid("line2/1", 10.0)
    first = returned(one, NOISE)
    assert level_dbm0((first - returned(other, NOISE)).astype(np.int16)) > -26
    one.change("line1/another")
    assert level_dbm0((first - returned(one, NOISE)).astype(np.int16)) > -26


@pytest.mark.parametrize("loss_db", [5.9, 30.1, -12.0])
def test_loss_that_no_line_has_is_refused(loss_db: float) -> None:
    with pytest.raises(ValueError, match="is not 6 to 30"):
        Hybrid("a", loss_db)


@pytest.mark.parametrize("slot", [0, 1])
def test_line_on_its_hook_sends_nothing_back(slot: int) -> None:
    box = box_with(6.0)
    box.telephones["101"].hang_up()
    chip = box.chips["line1"]
    assert isinstance(chip, Si3050Model)
    daa_write(chip, 5, 0x08)
    run(box, 10)
    assert not play(box, slot, NOISE[:800])[slot].any()
