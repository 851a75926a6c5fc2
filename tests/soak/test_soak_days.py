"""A short piece of the week: the hours in which most happens, twice."""

from pathlib import Path

import pytest

from tests.soak.days import CALLS, Bounds, check, run

BUSY = (1, 2, 5, 9)
"""The clock is set; people come and go; the disk fills up; all is started anew."""


@pytest.mark.soak
def test_a_large_box_does_not_grow_from_one_busy_day_to_the_next(tmp_path: Path) -> None:
    week = run(tmp_path, BUSY * 2, seed=1)
    check(week, len(BUSY), Bounds())
    assert week.refused == 2 and week.calls == (CALLS * len(BUSY) + 3) * 2
    assert not week.world.box.violations()
