"""The world of the journeys, and what people say in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.buses import Samples
from tests.kit.hearing import at_8_khz, spoken
from tests.kit.sink import Sink
from tests.kit.world import World

WORDS = "Hello Anna, this is Carl. The blue boat has come back, please call me on Friday."


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A box with Anna and Ben, at free pace."""
    with World(tmp_path) as world:
        yield world


@pytest.fixture
def sink() -> Iterator[Sink]:
    """The world outside: a mail server that takes what it is not told to refuse."""
    with Sink() as sink:
        yield sink


@pytest.fixture
def wide_world(tmp_path: Path, sink: Sink) -> Iterator[World]:
    """The box, with the sink as the way out."""
    with World(tmp_path, smarthost=sink.port) as world:
        yield world


@pytest.fixture(scope="session")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A caller's words, said by espeak-ng at 22.05 kHz."""
    return spoken(WORDS, tmp_path_factory.mktemp("words") / "words.wav")


@pytest.fixture(scope="session")
def words_at_8_khz(words: Path) -> Samples:
    """The same words as sox brings them to the telephone's rate: what must be heard."""
    return at_8_khz(words)
