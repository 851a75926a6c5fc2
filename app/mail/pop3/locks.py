"""Who has which maildrop [RFC 1939 §4].

It lives in the memory of the mail service: a crash frees every maildrop.
"""

import asyncio
import logging
from contextlib import suppress

from app.mail.pop3.session import Pop3Session
from app.mail.pop3.states import Pop3State
from app.net.listener import Connection

log = logging.getLogger(__name__)

LEAVES_S = 1.0
"""Seconds that a login waits for a session to end. Programs that say QUIT and close without its
answer come back sooner than the removal is on the disk."""
STALE_S = 60.0
"""Seconds without octets either way after which a new login may take a maildrop over."""


class MaildropLocks:
    """One POP3 session per person; other doors are not excluded [RFC 1939 4]."""

    def __init__(self) -> None:
        self._holders: dict[int, tuple[Pop3Session, Connection[Pop3Session]]] = {}
        self._freed: dict[int, asyncio.Event] = {}

    def acquire(
        self, person: int, session: Pop3Session, connection: Connection[Pop3Session], now: float
    ) -> bool:
        """Lock a person's maildrop for this session; False if another one is using it.

        A holder loses it without UPDATE if its client has gone, which this process may see later
        than a program that comes back at once, or if at `now` (monotonic seconds) it has been idle
        for STALE_S. `person` is the person's id, `connection` the session's.
        """
        holder = self._holders.get(person)
        if holder is not None:
            old, its_connection = holder
            gone = its_connection.will_send_no_more() and not old.unread
            stale = gone or old.idle(now) >= STALE_S
            if old.state is not Pop3State.TRANSACTION or not stale:
                return False
            log.info(
                "POP3 maildrop of person %d taken over from a session that has gone or is idle",
                person,
            )
            old.taken_over()
            its_connection.wake()
        self._holders[person] = (session, connection)
        return True

    async def wait(self, person: int) -> None:
        """Wait until a person's maildrop is free, at most LEAVES_S."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LEAVES_S):
                await self._freed.setdefault(person, asyncio.Event()).wait()

    def release(self, person: int, session: Pop3Session) -> None:
        """Free the maildrop of a person (their id) if this session still holds it."""
        holder = self._holders.get(person)
        if holder is not None and holder[0] is session:
            del self._holders[person]
            freed = self._freed.pop(person, None)
            if freed is not None:
                freed.set()
