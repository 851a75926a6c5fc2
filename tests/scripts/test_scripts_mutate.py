"""What `make mutate` tries is there, and the tests it counts on, too."""

from pathlib import Path

import pytest

from scripts.mutate_packages import PACKAGES

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("package", PACKAGES)
def test_mutated_package_and_its_tests_exist(package: str) -> None:
    tried = PACKAGES[package]
    assert (ROOT / package).is_dir()
    for test in (*tried.own, *tried.users):
        assert (ROOT / test).exists(), test
    assert not set(tried.own) & set(tried.users)
