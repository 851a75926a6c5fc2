"""Before anything starts: is this machine able to build the image?"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from scripts.image.python_parts import PYTHON, compiler
from scripts.image.work import BuildError, Folders

BUILD_OCTETS = 6_000_000_000
"""A kernel tree with its objects, the root, the card twice, the bundle."""
CACHE_OCTETS = 1_000_000_000
"""Downloads and the finished kernel."""


def problems(
    folders: Folders, free: Callable[[Path], int], user: int, python: Path | None
) -> list[str]:
    """Everything that is in the way, in words; nothing is changed.

    `free` gives a folder's free octets, `user` builds, `python` makes the byte-code.
    """
    found = []
    if python is None:
        found.append(f"the device's byte-code must be made by Python {PYTHON}; build on Debian 12")
    if user != 0:
        found.append("only root can lay out a root file system; say `sudo make image`")
    places = ((folders.build, BUILD_OCTETS), (folders.cache, CACHE_OCTETS))
    for place, wanted in places:
        left = free(_existing(place))
        if left < wanted:
            found.append(
                f"{place} needs {wanted / 1e9:.0f} GB and its disk has {left / 1e9:.1f} GB free"
            )
    return found


def _existing(folder: Path) -> Path:
    """The folder, or what is there of its path."""
    return next(place for place in (folder, *folder.parents) if place.exists())


def check(folders: Folders) -> None:
    """Raise BuildError naming everything that is in the way."""
    found = problems(
        folders, lambda folder: shutil.disk_usage(folder).free, os.geteuid(), compiler()
    )
    if found:
        raise BuildError("; ".join(found))
