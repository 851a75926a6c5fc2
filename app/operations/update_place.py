"""Whether this machine can be updated, what runs on it, and how the last update went."""

from dataclasses import dataclass

from app.config.paths import PROJECT, Paths
from app.core.records import BadRecord, from_json, parse_json
from app.core.sentences import N_, Sentence, sentence
from app.device.update import record
from app.device.update.errors import NoSlots
from app.device.update.record import Stage
from app.device.update.slots_content import Release, named
from app.device.update.slots_disk import Disk, find

__all__ = ["RELEASE", "LastUpdate", "Stage", "UpdatePlace", "disk_of", "update_place"]

RELEASE = PROJECT / "release.json"


@dataclass(frozen=True)
class LastUpdate:
    """How the last update went, or how far it is."""

    stage: Stage
    version: Sentence | None
    """The new version; None: one without a name."""
    said: tuple[Sentence, ...]
    """What its last trial told, a line for each check."""


@dataclass(frozen=True)
class UpdatePlace:
    """What updates are on this machine."""

    why_not: str
    """Why none can be installed here, in words; "" if one can."""
    runs: Sentence | None
    """The running version; None where it has no name."""
    last: LastUpdate | None


def disk_of(paths: Paths) -> Disk:
    """The disk of the running system. Raises NoSlots."""
    return find(paths.run / "boot")


def update_place(paths: Paths) -> UpdatePlace:
    """What can be told without root's rights, which the slot state would need."""
    try:
        running = disk_of(paths).running
    except NoSlots as problem:
        text = N_("%(why)s. On a laptop the program's own folder is brought up to date instead")
        return UpdatePlace(sentence(text, why=problem), None, None)
    return UpdatePlace("", _running_version(), _last(paths, running))


def _last(paths: Paths, running: str) -> LastUpdate | None:
    found = record.read(paths)
    if found is None:
        return None
    version = None if found.release is None else named(found.release)
    said = tuple(line.sentence for line in found.said)
    return LastUpdate(found.stage(running, record.this_boot()), version, said)


def _running_version() -> Sentence | None:
    try:
        told = parse_json(RELEASE.read_bytes())
        version, built = from_json(str, told["version"], ""), from_json(int, told["built"], "")
    except (OSError, BadRecord, KeyError, TypeError):
        return None
    return named(Release(version, built, 0, 0))
