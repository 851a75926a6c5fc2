"""`make mutate`: what it tries is there, and a mutant meets the tests that run its line."""

from pathlib import Path

import pytest

from scripts.mutate_packages import PACKAGES, TESTS
from scripts.mutate_tests import MOST_TESTS, Record, statement

ROOT = Path(__file__).resolve().parents[2]
SOURCE = """\
LIMIT = 3

def add(a, b):
    if a > LIMIT:
        return sum(
            [a, b],
        )
    return b
"""
OWN = ("tests/own",)


def record(lines: dict[int, list[str]], **seconds: float) -> Record:
    return Record(seconds, {"m.py": lines})


@pytest.mark.parametrize("package", PACKAGES)
def test_mutated_package_and_its_tests_exist(package: str) -> None:
    tried = PACKAGES[package]
    for folder in (*tried.folders, *tried.own):
        assert (ROOT / folder).is_dir(), folder
    assert set(tried.own) <= set(TESTS)


@pytest.mark.parametrize(
    ("line", "lines"),
    [(1, (1, 1)), (3, (3, 3)), (4, (4, 4)), (6, (5, 7)), (8, (8, 8)), (2, (2, 2))],
)
def test_statement_of_a_line_is_the_innermost_one(line: int, lines: tuple[int, int]) -> None:
    found = statement(SOURCE, line)
    assert (found[0], found[-1]) == lines


def test_mutant_of_an_executed_line_meets_its_tests_fastest_first() -> None:
    known = record({5: ["slow", "quick"], 8: ["other"]}, slow=2.0, quick=0.1, other=0.01)
    assert known.rounds("m.py", SOURCE, 6, OWN) == [["quick", "slow"]]


def test_mutant_of_a_line_without_tests_meets_those_of_its_module_and_package() -> None:
    seconds = {"slow": 2.0, "tests/own/a": 1.0, "tests/more/b": 1.0}
    known = Record(seconds, {"m.py": {5: ["slow"]}})
    assert known.rounds("m.py", SOURCE, 8, OWN) == [["slow", "tests/own/a"]]


def test_mutant_of_a_line_run_by_the_import_in_one_test_meets_all_of_its_package() -> None:
    known = Record({"late": 0.5, "tests/own/a": 1.0}, {"m.py": {1: ["late"]}})
    assert known.rounds("m.py", SOURCE, 1, OWN) == [["late", "tests/own/a"]]


def test_mutant_of_a_line_with_many_tests_meets_the_slow_ones_in_a_second_round() -> None:
    seconds = {f"t{n:02}": 0.1 for n in range(MOST_TESTS)} | {"long": 12.0, "longer": 15.0}
    first, second = Record(seconds, {"m.py": {8: list(seconds)}}).rounds("m.py", SOURCE, 8, OWN)
    assert len(first) == MOST_TESTS
    assert second == ["long"]
