"""Looks up once a day where the mail of our domains, and of aliases' members, goes.

A domain moves to a hosting service, or a member's domain is given up, without anybody here doing
anything; `status` then says so. The look-up runs beside everything else in the service's loop.
"""

import asyncio
import logging

from app.core.clock import Clock
from app.core.domain_lookup import look_up
from app.core.domains import DomainState
from app.core.resolver import Resolver
from app.inbox.addresses import DeliveryConfig
from app.inbox.aliases import Aliases
from app.inbox.domains import DomainNotes, watched_domains
from app.store.database import Database
from app.store.errors import StoreFailed

log = logging.getLogger(__name__)

FIRST_S = 60.0
"""Seconds from the start to the first look-up: the network of a device may come up later."""
EVERY_S = 86_400.0
"""Seconds from one look-up to the next."""
AGAIN_S = 3_600.0
"""Seconds to the next one if no name server has answered."""


class DomainWatch:
    """The daily look-up. Only `look` makes it see the clock."""

    def __init__(
        self,
        db: Database,
        aliases: Aliases,
        config: DeliveryConfig,
        clock: Clock,
        resolver: Resolver | None = None,
    ) -> None:
        """`resolver` None asks the system's name servers, those of the moment."""
        self._db, self._aliases, self._config = db, aliases, config
        self._clock, self._resolver = clock, resolver
        self._notes = DomainNotes(db)
        self._due = clock.monotonic() + FIRST_S
        self._task: asyncio.Task[None] | None = None

    def look(self) -> None:
        """Start the look-up if it is due. Call it in the loop."""
        if self._task is None and self._clock.monotonic() >= self._due:
            self._due = self._clock.monotonic() + EVERY_S
            self._task = asyncio.get_running_loop().create_task(self._look_up())
            self._task.add_done_callback(self._ended)

    async def rest(self) -> None:
        """Return when nothing is being looked up."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def stop(self) -> None:
        """Ask nothing more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._task = None
        if not task.cancelled() and (problem := task.exception()) is not None:
            log.error("domains could not be looked up", exc_info=problem)

    async def _look_up(self) -> None:
        domains = watched_domains(self._config, self._aliases.all())
        facts = await look_up(domains, self._resolver)
        unknown = [one for one in facts.values() if one.state is DomainState.UNKNOWN]
        if unknown:
            self._due = self._clock.monotonic() + AGAIN_S
            log.info("%d domains not looked up, first: %s", len(unknown), unknown[0].reason)
        try:
            await asyncio.wrap_future(self._db.submit(lambda tx: self._notes.save(tx, facts)))
            await asyncio.wrap_future(
                self._db.submit(lambda tx: self._notes.keep_only(tx, domains))
            )
        except StoreFailed as problem:
            log.error("what the DNS says of our domains was not kept: %s", problem)
