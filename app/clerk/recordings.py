"""The clerk's jobs for recordings: begin, samples, end, and what a crash has left behind."""

import logging
from typing import Any

from app.clerk.composer import CUT_OFF, Composer
from app.core.clock import Clock
from app.inbox.delivery import Delivery
from app.inbox.entries import Kind
from app.inbox.errors import MailboxFull, NoSpace
from app.inbox.people import People, Person
from app.inbox.store import Store
from app.store.database import Database, Tx

log = logging.getLogger(__name__)

PRIVATE_CALLER = "Private caller"  # stands for the name of who withheld it [GR-31: "P"]
TAKEN_LIMIT = 64  # pieces of at most 1 s that are committed at once


class RecordingJobs:
    """Recordings under way, by their numbers in the store."""

    def __init__(
        self,
        db: Database,
        store: Store,
        people: People,
        delivery: Delivery,
        composer: Composer,
        clock: Clock,
    ) -> None:
        self._db, self._store, self._people = db, store, people
        self._delivery, self._composer, self._clock = delivery, composer, clock
        self._next: dict[int, int] = {}  # recording: number of its next piece
        self._taken: list[tuple[int, int, bytes]] = []  # recording, number, samples

    def recover(self, live: set[int]) -> int:
        """At start: deliver what a crash has left, but not what a line is feeding now."""
        left = self._store.recordings()
        return self._composer.finish_all([found for found in left if found.id not in live])

    def finish_ended(self) -> int:
        """Try again to deliver recordings that have ended and could not be delivered."""
        ended = [found for found in self._store.recordings() if found.ended_at is not None]
        return self._composer.finish_all(ended)

    def begin_recording(
        self,
        mailbox: str,
        line: str,
        number: str | None = None,
        name: str | None = None,
        reason: str | None = None,
    ) -> dict[str, Any]:
        """Start a recording; its number, or why there is none: "full", "no space", "nobody"."""
        person = self._people.by_mailbox(mailbox)
        if person is None:
            return {"recording": None, "why": "nobody"}
        if reason == "private" and not name and not number:
            name = PRIVATE_CALLER
        under_way = self._left_on(line, person)
        if under_way is not None:
            return {"recording": under_way, "why": None}
        refused = self._refuse(person)
        if refused:
            log.info("no recording for %s: %s", person.login, refused)
            return {"recording": None, "why": refused}
        at = self._clock.now()
        recording = self._db.now(
            lambda tx: self._store.begin_recording(tx, person.id, line, number, name, at)
        )
        self._next[recording] = 0
        return {"recording": recording, "why": None}

    def _left_on(self, line: str, person: Person) -> int | None:
        """A line records one thing at a time, so what is left on it is over; unless it is empty.

        An empty one is what the same order began before the clerk died.
        """
        self.settle()
        for found in self._store.recordings(unfinished_only=True):
            if found.line != line:
                continue
            if found.octets == 0 and found.person == person.id:
                return found.id
            self.end_recording(found.id, CUT_OFF)
        return None

    def _refuse(self, person: Person) -> str | None:
        try:
            route = self._delivery.route(person.login)
            self._delivery.check_room(route, 0, Kind.VOICEMAIL)
        except MailboxFull:
            return "full"
        except NoSpace:
            return "no space"
        return None

    def samples(self, recording: int, seq: int, octets: bytes) -> None:
        """Take one piece of sound; it is on the disk after settle()."""
        if recording not in self._next:
            if self._store.recording(recording) is None:
                log.warning("samples for recording %d, which is over", recording)
                return
            self._next[recording] = sum(1 for _ in self._store.samples(recording))
        if seq < self._next[recording]:
            return  # it was kept before the clerk died
        self._next[recording] = seq + 1
        self._taken.append((recording, seq, octets))
        if len(self._taken) >= TAKEN_LIMIT:
            self.settle()

    def settle(self) -> None:
        """Commit all pieces taken since the last time, of whatever recordings, together."""
        taken, self._taken = self._taken, []
        if taken:
            self._db.now(lambda tx: self._add(tx, taken))

    def _add(self, tx: Tx, taken: list[tuple[int, int, bytes]]) -> None:
        for recording, seq, octets in taken:
            self._store.add_samples(tx, recording, seq, octets)

    def end_recording(self, recording: int, why: str) -> dict[str, Any]:
        """Make a message of a recording and deliver it; whether it was long enough for that."""
        self.settle()
        self._next.pop(recording, None)
        if self._store.recording(recording) is None:
            return {"delivered": None}  # done already, before the clerk died
        self._db.now(lambda tx: self._store.end_recording(tx, recording, why))
        found = self._store.recording(recording)
        assert found is not None, "nobody else drops recordings"
        return {"delivered": self._composer.finish(found)}
