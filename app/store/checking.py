"""When the store is checked: every night, and soon after somebody has met an error of its disk."""

import logging
import subprocess
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from app.core.clock import Clock
from app.store.check import checked
from app.store.condition import StoreCondition

log = logging.getLogger(__name__)

HOUR = 3
"""Hour of the night, by local time, in which the store is checked."""
RECENT_S = 20 * 3600.0
"""A check that is not older stands for tonight's."""
OLD_S = 48 * 3600.0
"""A store whose check is older is checked at any hour: the box is off at night, or its clock was
set."""
AGAIN_S = 600.0
"""Between two checks because of errors: a disk that goes on failing is not read without end."""


class StoreChecks:
    """Starts checks, in a process of low priority; `look` at it every few seconds."""

    def __init__(self, store: Path, clock: Clock, command: Sequence[str]) -> None:
        """`command` checks the store, at low priority."""
        self._store = store
        self._command = command
        self._clock = clock
        self._condition = StoreCondition(store, clock)
        self._check: subprocess.Popen[bytes] | None = None
        self._not_before = 0.0  # monotonic seconds

    def look(self) -> None:
        """Start a check if one is due; note the end of one that runs."""
        if self._check is not None:
            if self._check.poll() is None:
                return
            log.info("the check of the store has ended (%d)", self._check.returncode)
            self._check = None
        if self.is_due():
            self._not_before = self._clock.monotonic() + AGAIN_S
            self._check = subprocess.Popen(self._command)

    def is_due(self) -> bool:
        """Whether a check should begin now."""
        if self._clock.monotonic() < self._not_before:
            return False
        if self._condition.check_is_wanted:
            return True
        now = self._clock.now()
        try:
            age_s = abs(now - checked(self._store).stat().st_mtime)
        except OSError:  # a new store, or the first start with a program that checks
            checked(self._store).touch()
            return False
        at_night = datetime.fromtimestamp(now).astimezone().hour == HOUR
        return age_s > OLD_S or (at_night and age_s > RECENT_S)

    def stop(self) -> None:
        """End a check that runs; the next one begins anew."""
        if self._check is not None:
            self._check.terminate()
            self._check.wait()
            self._condition.ask_for_check()
