"""How much mail is taken in an hour: of a stranger's address, and from one of us to elsewhere.

A device of the LAN that has been broken into, or a password that was guessed, would have the box
send to all the world, and the world would take nothing of it any more.

It lives in the memory of the mail service.
"""

from app.core.pace import Pace
from app.net.logins import Remembered

HOUR_S = 3600.0


class Hourly:
    """So many at once for each key, and as many in each further hour; 0: any number."""

    def __init__(self, many: int) -> None:
        self._pace = Pace(at_once=many, every_s=HOUR_S / many) if many else None
        self._owed: Remembered[float] = Remembered()

    def take(self, key: str, now: float) -> bool:
        """Count one more, at `now` in monotonic seconds; False if it is too much."""
        if self._pace is None:
            return True
        owed = self._pace.spend(self._owed.get(key, 0.0), now)
        if owed is None:
            return False
        self._owed.put(key, owed)
        return True
