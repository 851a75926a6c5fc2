"""How figures of two trees are compared."""

import pytest

from scripts.bench import PARTS, Row
from scripts.bench_against import ratio


@pytest.mark.parametrize(
    ("unit", "base", "here", "expected"),
    [
        ("ms", [10.0], [5.0], 2.0),
        ("/s", [10.0], [5.0], 0.5),
        ("MB/s", [100.0, 300.0, 200.0], [200.0, 800.0, 400.0], 2.0),
        ("MB", [128.0], [160.0], 0.8),
        ("", [0.0], [0.0], 1.0),
    ],
)
def test_bench_ratio_above_one_is_better_whichever_way_the_figure_goes(
    unit: str, base: list[float], here: list[float], expected: float
) -> None:
    assert ratio(Row("key", "what", unit), base, here) == pytest.approx(expected)


def test_bench_more_is_better_agrees_with_every_goal() -> None:
    for row in (row for part in PARTS.values() for row in part.rows):
        assert row.least is None or row.more_is_better, row.key
        assert row.most is None or not row.more_is_better, row.key
