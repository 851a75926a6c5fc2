"""What EXPIRE promises: for how many days messages are kept at least [RFC 2449 §6.7].

It is the truth of app/inbox/expiry.py, which removes what is older. After the login it holds for
that person. Before it, it is the least of all people's, and is worked out again now and then by the
thread of logins, because it takes longer the more templates there are.
"""

import logging
import math

from app.core.clock import Clock
from app.inbox.expiry import expire_days, least_expire_days
from app.inbox.limits import PersonLimits
from app.inbox.people import People, Person
from app.store.errors import StoreFailed

log = logging.getLogger(__name__)

REFRESH_S = 60.0
"""Seconds after which the answer before a login may be worked out again."""


class Keeping:
    """The argument of EXPIRE."""

    def __init__(self, limits: PersonLimits, people: People, clock: Clock) -> None:
        self._limits = limits
        self._people = people
        self._clock = clock
        self._refreshed_at = -math.inf
        self.before_login = ""
        """For whoever has not logged in; nothing before the first `refresh`."""

    def of(self, person: Person) -> str:
        """For somebody who logs in; called in the thread of logins."""
        if self._clock.monotonic() - self._refreshed_at >= REFRESH_S:
            self.refresh()
        return _text(expire_days(self._limits.of(person), person))

    def refresh(self) -> None:
        """Work out what holds for all people."""
        self._refreshed_at = self._clock.monotonic()
        try:
            days, differs = least_expire_days(self._limits, self._examples())
        except StoreFailed as problem:  # nobody is kept out for it
            log.warning("what EXPIRE says stays as it was: %s", problem)
            return
        self.before_login = _text(days) + (" USER" if differs else "")

    def _examples(self) -> list[Person]:
        """Some people, among whom there is everything that decides on the days."""
        return self._people.with_logins(self._people.templates.examples())


def _text(days: int | None) -> str:
    return "NEVER" if days is None else str(days)
