"""The clerk's jobs for recordings: begin, samples, end, and what a crash has left behind."""

import logging
from concurrent.futures import Future
from typing import Any

from app.core.clock import Clock
from app.inbox.db import Database
from app.inbox.delivery import Delivery
from app.inbox.entries import Kind
from app.inbox.errors import MailboxFull, NoSpace
from app.inbox.people import People, Person
from app.inbox.store import Store
from app.voicemail.composer import CUT_OFF, Composer

log = logging.getLogger(__name__)

PRIVATE_CALLER = "Private caller"  # stands for the name of who withheld it [GR-31: "P"]
UNCOMMITTED = 64  # pieces of samples on their way to the disk before the phone has to wait


class TakingDown:
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
        self._pieces: dict[int, int] = {}  # recording: the next piece's number
        self._uncommitted: dict[int, list[Future[None]]] = {}

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
        self._pieces[recording] = 0
        return {"recording": recording, "why": None}

    def _left_on(self, line: str, person: Person) -> int | None:
        """A line records one thing at a time, so what is left on it is over; unless it is empty.

        An empty one is what the same order began before the clerk died.
        """
        for found in self._store.recordings(unfinished_only=True):
            if found.line != line:
                continue
            if found.octets == 0 and found.person == person.id and not self._waits_for(found.id):
                return found.id
            self.end_recording(found.id, CUT_OFF)
        return None

    def _waits_for(self, recording: int) -> bool:
        return bool(self._uncommitted.get(recording))

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
        """Keep one piece of sound; on the disk before the recording ends."""
        if recording not in self._pieces:
            if self._store.recording(recording) is None:
                log.warning("samples for recording %d, which is over", recording)
                return
            self._pieces[recording] = sum(1 for _ in self._store.samples(recording))
        if seq < self._pieces[recording]:
            return  # it was kept before the clerk died
        self._pieces[recording] = seq + 1
        kept = self._uncommitted.setdefault(recording, [])
        kept.append(self._db.submit(lambda tx: self._store.add_samples(tx, recording, seq, octets)))
        while kept and (kept[0].done() or len(kept) > UNCOMMITTED):
            kept.pop(0).result()

    def end_recording(self, recording: int, why: str) -> dict[str, Any]:
        """Make a message of a recording and deliver it; whether it was long enough for that."""
        for kept in self._uncommitted.pop(recording, []):
            kept.result()
        self._pieces.pop(recording, None)
        if self._store.recording(recording) is None:
            return {"delivered": None}  # done already, before the clerk died
        self._db.now(lambda tx: self._store.end_recording(tx, recording, why))
        found = self._store.recording(recording)
        assert found is not None, "nobody else drops recordings"
        return {"delivered": self._composer.finish(found)}
