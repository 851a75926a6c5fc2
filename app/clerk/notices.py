"""Notification as the clerk does it: steps that are due, and calls that the phone is to make."""

import logging

from app.inbox.notifier import Notifier
from app.inbox.people import People
from app.phone.jobs import CallOut
from app.store.database import Database
from app.store.errors import TROUBLE

log = logging.getLogger(__name__)

AGAIN_S = 60.0
"""After a store that did not take a step; calls and lamps go on meanwhile."""


class Notices:
    """What is due in one store, looked for only when it can be there."""

    def __init__(self, notifier: Notifier, db: Database, people: People) -> None:
        self._notifier, self._db, self._people = notifier, db, people
        self._version = -1
        self._due: float | None = None

    def look(self, version: int) -> None:
        """Do what is due; `version` is the store's (Store.data_version)."""
        now = self._db.box_time.now()
        if version == self._version and (self._due is None or now < self._due):
            return
        self._version = version
        try:
            self._notifier.look()
            self._due = self._notifier.next_look()
        except TROUBLE as problem:
            log.error("nobody is told of messages for %g s: %s", AGAIN_S, problem)
            self._due = now + AGAIN_S

    def calls(self) -> tuple[CallOut, ...]:
        """The calls that are to be made, or are under way."""
        found = []
        for due in self._notifier.calls():
            owner = self._people.by_id(due.person)
            if owner is not None:
                found.append(CallOut(due.number, owner.mailbox, due.target, due.entry))
        return tuple(found)
