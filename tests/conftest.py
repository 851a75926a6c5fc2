"""What every test may count on: the project's root on the path, and no way out of this machine."""

import gc
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


def pytest_collection_finish() -> None:
    """Keep what was collected out of every later search for garbage, which takes 0.5 s with it.

    Commands that run in this process end with such a search (tests/kit/commands.py).
    """
    gc.collect()
    gc.freeze()
