"""A box of its own for each test."""

from pathlib import Path

import pytest

from app.appliance import Inbox, open_inbox
from app.config.paths import Paths
from app.config.settings import Settings, Voicemail


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    paths = Paths(tmp_path / "var")
    paths.make()
    return paths


@pytest.fixture
def box(paths: Paths) -> Inbox:
    """With a sound pack for German beside the English that is always there."""
    (paths.var / "sounds" / "de_DE_f_Test").mkdir(parents=True)
    return open_inbox(paths, Settings(voicemail=Voicemail(sounds=paths.var / "sounds")))
