"""Who may do what in the data partition: services run as users of their own and share a group.

On a machine without that group (a laptop, a test) everything stays the caller's own.
"""

import os
import shutil
from pathlib import Path

from app.config.paths import Paths

GROUP = "switchhook"
"""Group of all services; whoever is in it may read and write the store."""
UMASK = 0o007
SHARED = 0o2770
"""New files in a shared folder belong to the group."""


def share(paths: Paths) -> None:
    """Make the folders of a device, and let the services into those that are theirs."""
    for folder in (paths.etc, paths.logs, paths.var / "prompts"):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)  # mkdir's own mode would lose what the umask forbids
    for folder in (paths.database.parent, paths.spoken, paths.greetings, paths.keys):
        folder.mkdir(mode=0o770, parents=True, exist_ok=True)
        _share_tree(folder)
    for path, mode in (
        (paths.settings_file, 0o640),
        (paths.etc / "machine.toml", 0o644),
        (paths.keys / "server.key", 0o640),
        (paths.keys / "ca.key", 0o600),
    ):
        if path.exists():
            set_group(path, mode)


def _share_tree(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            set_group(path, SHARED)
        elif path.is_file():
            set_group(path, 0o660)


def set_group(path: Path, mode: int) -> None:
    """Give a file to the group with these permission bits, if this machine has the group."""
    try:
        shutil.chown(path, group=GROUP)
    except LookupError:
        return
    path.chmod(mode)


def may_share() -> None:
    """From now on this process makes files that the group may write."""
    os.umask(UMASK)
