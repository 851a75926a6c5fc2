"""Before anything starts: is this machine able to build the image?"""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from scripts.image.work import BuildError, Folders

BUILD_OCTETS = 6_000_000_000
"""A kernel tree with its objects, the root, the card twice, the bundle."""
CACHE_OCTETS = 1_000_000_000
"""Downloads and the finished kernel."""
PYTHON = (3, 11)
"""The target's: the byte-code for it is made by this machine's."""


def problems(
    folders: Folders,
    free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    user: int = os.geteuid(),
    python: tuple[int, int] = sys.version_info[:2],
) -> list[str]:
    """Everything that is in the way, in words; nothing is changed."""
    found = []
    if python != PYTHON:
        found.append(
            f"the device's byte-code must be made by Python {PYTHON[0]}.{PYTHON[1]}, this is"
            f" {python[0]}.{python[1]}; build on Debian 12"
        )
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
    if found := problems(folders):
        raise BuildError("; ".join(found))
