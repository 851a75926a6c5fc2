"""Whether there is a store, and whether one that is not there has been: none is made in silence.

Only the first start of a box makes a store. Services and commands that find none say so: one made
by them would be empty, and would take mail under the name of the box whose folder somebody moved.
A file beside the store's folder tells the next start that there has been one.
"""

import logging
from pathlib import Path

from app.core import files
from app.store.errors import StoreFailed

log = logging.getLogger(__name__)

TEXT = """\
A store of messages was made in {store}. While this file is here, no empty store takes its place
if it is gone. Remove this file to begin with an empty one.
"""


class StoreMissing(StoreFailed):
    """There is no store, or it has gone; the text says what to do."""


def marker_of(store: Path) -> Path:
    """The file that says that there has been a store at `store`."""
    return store.parent.with_name("store-made")


def must_exist(store: Path) -> None:
    """Raise StoreMissing if there is no store at this path."""
    if not is_there(store):
        raise StoreMissing(
            f"there is no store of messages at {store}. If its folder was moved, put it back or let"
            " SWITCHHOOK_VAR name its new place, or restore a backup; a new box gets its store at"
            " its first start"
        )


def must_not_have_been(store: Path, *markers: Path) -> None:
    """Raise StoreMissing if there is no store at this path, but a marker says there has been."""
    found = [str(marker) for marker in markers if marker.exists()]
    if found and not is_there(store):
        raise StoreMissing(
            f"the store of messages {store} is gone. If its folder was moved, put it back or let"
            " SWITCHHOOK_VAR name its new place, or restore a backup; to begin with an empty"
            f" store, remove {' and '.join(found)}"
        )


def note(store: Path, marker: Path) -> None:
    """Say in `marker` that there is a store; where that cannot be written, nothing is said."""
    if marker.exists():
        return
    try:
        files.write(marker, TEXT.format(store=store))
    except OSError as problem:
        log.info("nothing will tell that the store was here: %s", problem)


def identity(store: Path) -> tuple[int, int] | None:
    """Which file a store is, whatever its name; None if it cannot be looked at."""
    try:
        found = store.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def is_there(store: Path) -> bool:
    """SQLite takes a file without an octet for a new database."""
    try:
        return store.stat().st_size > 0
    except OSError:
        return False
