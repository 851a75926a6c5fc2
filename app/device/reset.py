"""Back to the first boot: everything of the owner's is taken away at the next start.

The mark file is all that is written here; the boot scripts empty the data partition, but for the
prompts, before any service runs, and take the mark away last.
"""

import os

from app.config.paths import Paths

MARK = "factory-reset"
WORD = "ERASE"
"""What has to be typed."""
HOLD_S = 10.0
"""How long the reset button must be held at a start."""


def request_reset(paths: Paths) -> None:
    """The next start erases."""
    (paths.var / MARK).touch()
    os.sync()


class Held:
    """Watches a button from the start on: pressed without a break for HOLD_S means it."""

    def __init__(self, now: float) -> None:
        """`now`: monotonic seconds at the start."""
        self._since = now

    def look(self, now: float, pressed: bool) -> bool | None:
        """True: held long enough; False: let go, or never pressed; None: look again.

        `now`: monotonic seconds.
        """
        if not pressed:
            return False
        return True if now - self._since >= HOLD_S else None
