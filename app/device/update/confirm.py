"""A slot on trial proves itself: what is checked, and what becomes of it.

If any check fails, the caller restarts the machine: after its last try the boot script starts the
good slot again. Nothing here touches the store: what the new version added to it stays, and the old
version can read it, or it would not have been replaced this way (update_rules.py).
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from app.core.sentences import sentence
from app.device.update.errors import CheckFailed
from app.device.update.slots import SlotState
from app.device.update.slots_disk import Disk

log = logging.getLogger(__name__)


class Verdict(Enum):
    """What came of it."""

    NOTHING = "this slot has proved itself before"
    GOOD = "this slot is good from now on"
    FAILED = "this slot has not proved itself"


@dataclass(frozen=True)
class Check:
    """Something that a good system does. `do` raises CheckFailed, or says what it saw."""

    name: str
    do: Callable[[], str]


def needs_proof(state: SlotState, running: str) -> bool:
    """Whether the running slot is on trial, or runs because the good one could not be started."""
    return state.good != running


def confirm(disk: Disk, checks: Sequence[Check], tell: Callable[[str], None]) -> Verdict:
    """Do the checks in order if the running slot needs proof; mark it good if all went well."""
    if not needs_proof(disk.state(), disk.running):
        return Verdict.NOTHING
    for check in checks:
        try:
            tell(sentence("%(check)s: %(found)s", check=sentence(check.name), found=check.do()))
        except CheckFailed as problem:
            log.error("%s: %s", check.name, problem)
            name = sentence(check.name)
            tell(sentence("%(check)s: FAILED: %(found)s", check=name, found=problem))
            return Verdict.FAILED
    mark_good(disk)
    return Verdict.GOOD


def mark_good(disk: Disk) -> SlotState:
    """From now on the running slot is the one that is started. Nothing is written if it is."""
    state = disk.state()
    if state.good == disk.running and state.trial is None:
        return state
    return disk.write(lambda before: before.marked_good(disk.running))
