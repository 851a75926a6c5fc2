"""Docstrings give units, errors and sources; `python -m scripts.docstrings` lists what is missing.

The limits only ever rise.
"""

import pytest

from scripts import docstrings

LEAST_PERCENT = {"units": 95.0, "errors": 100.0, "sources": 80.0}


@pytest.fixture(scope="module")
def shares() -> docstrings.Shares:
    return docstrings.measure()


@pytest.mark.parametrize("measure", LEAST_PERCENT)
def test_docstrings_share_of_all_modules_is_kept(measure: str, shares: docstrings.Shares) -> None:
    share: docstrings.Share = getattr(shares, measure)
    assert share.good > 30, "the tree is not where the measure looks for it"
    assert share.percent >= LEAST_PERCENT[measure], "\n".join(share.missing)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("limit_s", True),
        ("octets", True),
        ("line_number", True),
        ("limit", False),
        ("now", False),
        ("quota", False),
    ],
)
def test_docstrings_name_tells_its_unit(name: str, told: bool) -> None:
    assert docstrings.named(name) is told


def test_docstrings_own_errors_are_found_by_their_bases() -> None:
    errors = docstrings.own_errors()
    assert {"HardwareError", "BusClosed", "OperatorError", "WaitFailed"} <= errors
    assert "Operator" not in errors
