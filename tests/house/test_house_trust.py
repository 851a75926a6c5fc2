"""docs/trust.md: every promise names tests that are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "trust.md").read_text()
PATHS = sorted(set(re.findall(r"`(tests/[\w./-]*)`", PAGE)))
ROWS = [line for line in PAGE.partition("## Bounds")[0].splitlines() if line.startswith("| ")]


@pytest.mark.parametrize("path", PATHS)
def test_trust_page_names_tests_that_are_there(path: str) -> None:
    assert (ROOT / path).is_file()


@pytest.mark.parametrize("row", [row for row in ROWS if row != "| promise | test |"])
def test_promise_is_held_by_a_test(row: str) -> None:
    assert "`tests/" in row, "a promise without a test"
