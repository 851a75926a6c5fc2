"""What is kept of the last update: which version was put where, and how its trial went.

The slot state on the boot partition is the loader's, and root's alone to read. This file is for
people, of whom the web pages run as another user; nothing is decided by it.
"""

import json
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from app.config.paths import Paths
from app.core import files
from app.core.records import BadRecord, from_json, parse_json, to_json
from app.core.told import Told
from app.device.update.slots_content import Release

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Stage(Enum):
    """How far the last update has come."""

    WAITS = "waits for the next start"
    ON_TRIAL = "on trial"
    KEPT = "kept"
    GONE_BACK = "gone back"


@dataclass(frozen=True)
class UpdateRecord:
    """The last update."""

    slot: str
    """Where the new version lies."""
    release: Release | None
    """The new version; None: one without a name."""
    boot: str
    """The start of the machine in which it was written."""
    kept: bool = False
    """Whether it has proved itself."""
    said: tuple[Told, ...] = ()
    """What its last trial told, a line for each check."""

    def stage(self, running: str, boot: str) -> Stage:
        """How far it is, in this start of the machine, with this slot running."""
        if running == self.slot:
            return Stage.KEPT if self.kept else Stage.ON_TRIAL
        return Stage.WAITS if boot == self.boot else Stage.GONE_BACK


def this_boot(file: Path = BOOT_ID) -> str:
    """What names this start of the machine."""
    return file.read_text().strip()


def _file(paths: Paths) -> Path:
    return paths.etc / "update.json"


def read(paths: Paths) -> UpdateRecord | None:
    """The last update; None if there was none, or another version of this program wrote it."""
    try:
        return from_json(UpdateRecord, parse_json(_file(paths).read_bytes()), "update")
    except (OSError, BadRecord):
        return None


def begin(paths: Paths, slot: str, release: Release | None) -> None:
    """This version was put on trial. Raises OSError."""
    _write(paths, UpdateRecord(slot, release, this_boot()))


def note_trial(paths: Paths, running: str, kept: bool, said: tuple[Told, ...]) -> None:
    """How the trial of the running slot went, if there is a record of it. Raises OSError."""
    record = read(paths)
    if record is not None and record.slot == running:
        _write(paths, replace(record, kept=kept, said=said))


def _write(paths: Paths, record: UpdateRecord) -> None:
    files.write(_file(paths), json.dumps(to_json(record)), 0o644)
