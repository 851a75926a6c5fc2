"""Who may do what in the data partition: one table, and how it is made true without a link's help.

Services run as users of their own and share a group. Whoever may write in a folder can lay a link
in it to a file that is not theirs; so owners and modes are only changed on what was opened without
following links, and never on a file that has another name elsewhere. On a machine without the
group (a laptop, a test) everything stays the caller's own.
"""

import logging
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from app.config.paths import Paths
from app.core import files
from app.core.privileges import GROUP, is_root, service_ids

__all__ = ["GROUP", "PLAN", "UMASK", "Place", "may_share", "share", "share_trees"]

log = logging.getLogger(__name__)

UMASK = 0o007
FOLDER, FILE = 0o2770, 0o660
"""In a shared tree: new files in its folders belong to the group."""


@dataclass(frozen=True)
class Place:
    """A folder or file of the data partition; its owner is root."""

    name: str
    """Relative to the data partition; parents come first in the table."""
    mode: int
    shared: bool = False
    """Whether its group is that of the services; else it is root's."""
    folder: bool = True

    @property
    def services_write(self) -> bool:
        """Whether a service may write there."""
        return self.shared and bool(self.mode & 0o020)


PLAN: tuple[Place, ...] = (
    Place("etc", 0o755),
    Place("etc/plans", 0o755),
    Place("prompts", 0o755),
    Place("packs", 0o755),
    Place("keys", 0o750, shared=True),
    Place("store", FOLDER, shared=True),
    Place("spoken", FOLDER, shared=True),
    Place("greetings", FOLDER, shared=True),
    Place("spool", FOLDER, shared=True),
    Place("uploads", FOLDER, shared=True),
    Place("downloads", 0o750, shared=True),
    Place("settings.toml", 0o640, shared=True, folder=False),
    Place("etc/machine.toml", 0o644, folder=False),
    Place("etc/device.env", 0o600, folder=False),
    Place("etc/shadow", 0o600, folder=False),
    Place("etc/backup-keys", 0o600, folder=False),
    Place("keys/ca.key", 0o600, folder=False),
    Place("keys/ca.crt", 0o644, folder=False),
    Place("keys/server.key", 0o640, shared=True, folder=False),
    Place("keys/server.crt", 0o644, folder=False),
    Place("keys/server.names", 0o644, folder=False),
    Place("keys/server.given", 0o644, folder=False),
    Place("keys/acme.key", 0o600, folder=False),
    Place("keys/acme.problem", 0o644, folder=False),
    Place("keys/srs.key", 0o640, shared=True, folder=False),
    Place("keys/accounts.key", 0o640, shared=True, folder=False),
    Place("keys/dkim.key", 0o640, shared=True, folder=False),
)
"""Everything that root and services both have to do with. log/ is the user log's own, from the boot
script S35folders on; what is not named here is root's alone."""

TREES = tuple(place.name for place in PLAN if place.services_write)


def share(paths: Paths) -> None:
    """Make the folders of the table, and give everything in it its owner, group and mode."""
    group = _group()
    for place in PLAN:
        path = paths.var / place.name
        if place.folder:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir(mode=place.mode & 0o777, exist_ok=True)
        with files.opened_folder(path.parent) as parent:
            if place.folder or path.name in os.listdir(parent):  # noqa: PTH208 (a descriptor)
                owners = group if place.shared or group is None else 0
                _give(parent, path.name, place.folder, owners, place.mode)


def share_trees(var: Path) -> None:
    """Let the services at all that lies in their folders below `var`: root has put it there."""
    group = _group()
    with files.opened_folder(var) as root:
        for tree in TREES:
            if not (var / tree).is_dir():
                continue
            _give(root, tree, True, group, FOLDER)
            for _, folders, names, within in os.fwalk(tree, dir_fd=root, follow_symlinks=False):
                for name in folders:
                    _give(within, name, True, group, FOLDER)
                for name in names:
                    _give(within, name, False, group, FILE)


def _group() -> int | None:
    ids = service_ids()
    return ids[1] if ids is not None and is_root() else None


def _give(within: int, name: str, folder: bool, group: int | None, mode: int) -> None:
    """Make root the owner of one thing in the folder `within`, and this its group and mode.

    What is a link, or has another name elsewhere, stays as it is, and that is told.
    """
    try:
        fd = _opened(within, name, folder)
    except OSError as problem:
        log.warning("%s keeps its owner and mode: %s", name, problem)
        return
    try:
        if group is None and not folder:
            return
        if group is not None:
            os.fchown(fd, 0, group)
        os.fchmod(fd, mode)
    finally:
        os.close(fd)


def _opened(within: int, name: str, folder: bool) -> int:
    if not folder:
        return files.open_plain(name, within)
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(name, flags, dir_fd=within)


def set_group(path: Path, mode: int) -> None:
    """Give a file in a folder of root's to the group, with these permission bits.

    Nothing is done on a machine without the group. Raises OSError if it is no plain file.
    """
    group = _group()
    if group is None:
        return
    with files.opened_folder(path.parent) as within:
        fd = files.open_plain(path.name, within)
        try:
            os.fchown(fd, 0, group)
            os.fchmod(fd, stat.S_IMODE(mode))
        finally:
            os.close(fd)


def may_share() -> None:
    """From now on this process makes files that the group may write."""
    os.umask(UMASK)
