"""Who has which maildrop [RFC 1939 §4].

It lives in the memory of the mail service: a crash frees every maildrop.
"""

import logging
from collections.abc import Callable

from app.mail.pop3.session import Pop3Session
from app.mail.pop3.states import Pop3State

log = logging.getLogger(__name__)

STALE_S = 60.0
"""Seconds without octets either way after which a new login may take a maildrop over."""


class MaildropLocks:
    """One POP3 session per person; other doors are not excluded [RFC 1939 4]."""

    def __init__(self) -> None:
        self._holders: dict[int, tuple[Pop3Session, Callable[[], None]]] = {}

    def acquire(
        self, person: int, session: Pop3Session, wake: Callable[[], None], now: float
    ) -> bool:
        """Lock a person's maildrop for this session; False if another one is using it.

        A holder that at `now` (monotonic seconds) has been idle for STALE_S loses it, without
        UPDATE; `wake` lets its connection see that. `person` is the person's id.
        """
        holder = self._holders.get(person)
        if holder is not None:
            old, wake_old = holder
            if old.state is not Pop3State.TRANSACTION or old.idle(now) < STALE_S:
                return False
            log.info("POP3 maildrop of person %d taken over from an idle session", person)
            old.taken_over()
            wake_old()
        self._holders[person] = (session, wake)
        return True

    def release(self, person: int, session: Pop3Session) -> None:
        """Free the maildrop of a person (their id) if this session still holds it."""
        holder = self._holders.get(person)
        if holder is not None and holder[0] is session:
            del self._holders[person]
