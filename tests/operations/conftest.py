"""A box of its own for each test."""

from pathlib import Path

import pytest

from app.appliance import Inbox, open_inbox
from app.config.paths import Paths


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    paths = Paths(tmp_path / "var")
    paths.make()
    return paths


@pytest.fixture
def box(paths: Paths) -> Inbox:
    return open_inbox(paths, paths.settings())
