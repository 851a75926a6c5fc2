"""What every test may count on: the project's root on the path, and no way out of this machine."""

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.kit import order, quick

quick.install()
# Who runs tests without `make test`, after another tree was checked out, has old C otherwise.
subprocess.run([Path(__file__).resolve().parents[1] / "scripts" / "native"], check=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first."""
    items.sort(key=lambda item: order.place(item.nodeid.partition("::")[0]))


def pytest_collection_finish() -> None:
    """Keep what was collected out of every later search for garbage, which takes 0.5 s with it.

    Commands that run in this process end with such a search (tests/kit/commands.py).
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="module")
def close_houses() -> Iterator[None]:
    """Hundreds of stores and sockets would be open at the end, and select() knows 1024."""
    yield
    kit = sys.modules.get("tests.kit.voicemail")
    while kit is not None and kit.HOUSES:
        kit.HOUSES.pop().close()


@pytest.fixture(autouse=True)
def own_umask() -> Iterator[None]:
    """Commands that a test before has run in this process may have set another one."""
    before = os.umask(0o022)
    yield
    os.umask(before)
