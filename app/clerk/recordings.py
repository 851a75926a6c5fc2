"""The clerk's jobs for recordings: begin, samples, end, and what a crash has left behind.

Making a message of a recording takes up to a second for a long one on a small board. It is done in
steps by work(), between which the clerk answers whoever asks; end_recording() raises NotReady until
the message is delivered.
"""

import logging
from collections import OrderedDict

from app.clerk.api import NotReady
from app.clerk.composer import CUT_OFF, Composer, Steps
from app.core.clock import Clock
from app.inbox.delivery import Delivery
from app.inbox.entries import Kind, Recording
from app.inbox.errors import ContentGone, MailboxFull, NoSpace
from app.inbox.people import People, Person
from app.inbox.store import Store
from app.phone.calls.caller import Caller
from app.phone.jobs import JobFailed
from app.store.database import Database, Tx
from app.voicemail.jobs import RecordingResult, RecordingStart, Refusal

log = logging.getLogger(__name__)

PRIVATE_CALLER = "Private caller"  # stands for the name of who withheld it [GR-31: "P"]
PIECES_LIMIT = 64  # pieces of at most 1 s that are committed at once
RESULTS_LIMIT = 1000  # kept for who asks again


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
        self._uncommitted: list[tuple[int, int, bytes]] = []  # recording, number, samples
        self._finishing: dict[int, Steps] = {}
        self._results: OrderedDict[int, RecordingResult | JobFailed] = OrderedDict()

    def recover(self, live: set[int]) -> int:
        """At start: finish what a crash has left, but not what a line is feeding now; how many."""
        left = [found for found in self._store.recordings.all() if found.id not in live]
        return self._finish_all(left)

    def finish_ended(self) -> int:
        """Try again to deliver recordings that have ended and could not be delivered; how many."""
        ended = [found for found in self._store.recordings.all() if found.ended_at is not None]
        return self._finish_all(ended)

    def _finish_all(self, recordings: list[Recording]) -> int:
        for found in recordings:
            self._begin_to_finish(found)
        return len(recordings)

    def work(self) -> bool:
        """Do the next step of a recording that is being finished; False if there is none."""
        number = next(iter(self._finishing), None)
        if number is None:
            return False
        try:
            next(self._finishing[number])
        except StopIteration as end:
            self._finished(number, end.value)
        except ContentGone:  # a mail service that started has swept it, as a mail broken off
            del self._finishing[number]
            found = self._store.recordings.get(number)
            if found is not None:
                self._begin_to_finish(found)
        except Exception as problem:  # it stays in the store and is tried again
            log.exception("recording %d could not be made a message", number)
            self._finished(number, JobFailed(f"recording {number}: {problem}"))
        return True

    def _begin_to_finish(self, found: Recording) -> None:
        if found.id not in self._finishing:
            self._finishing[found.id] = self._composer.finish(found)

    def _finished(self, number: int, result: RecordingResult | JobFailed) -> None:
        del self._finishing[number]
        self._results[number] = result
        if len(self._results) > RESULTS_LIMIT:
            self._results.popitem(last=False)

    def begin_recording(self, mailbox: str, line: str, caller: Caller) -> RecordingStart:
        """See app.voicemail.jobs.VoicemailClerk."""
        person = self._people.by_mailbox(mailbox)
        if person is None:
            self._composer.note_missed(None, line, caller, f"mailbox {mailbox} does not exist")
            return RecordingStart(None, "nobody")
        under_way = self._left_on(line, person)
        if under_way is not None:
            return RecordingStart(under_way)
        refused = self._refusal(person)
        if refused is not None:
            log.info("no recording for %s: %s", person.login, refused)
            self._note_refused(person, line, caller, refused)
            return RecordingStart(None, refused)
        name, at = caller.name, self._clock.now()
        if caller.reason == "private" and not caller.name and not caller.number:
            name = PRIVATE_CALLER
        recording = self._db.now(
            lambda tx: self._store.recordings.begin(tx, person.id, line, caller.number, name, at)
        )
        self._next[recording] = 0
        return RecordingStart(recording)

    def _left_on(self, line: str, person: Person) -> int | None:
        """A line records one thing at a time, so what is left on it is over; unless it is empty.

        An empty one is what the same question began before the clerk died.
        """
        self.flush()
        for found in self._store.recordings.all(unfinished_only=True):
            if found.line != line:
                continue
            if found.octets == 0 and found.person == person.id:
                return found.id
            self._end(found.id, CUT_OFF)
        return None

    def _refusal(self, person: Person) -> Refusal | None:
        try:
            route = self._delivery.route(person.login)
            self._delivery.check_room(route, 0, Kind.VOICEMAIL)
        except MailboxFull:
            return "full"
        except NoSpace:
            return "no space"
        return None

    def _note_refused(self, person: Person, line: str, caller: Caller, refused: Refusal) -> None:
        why = {"full": "the mailbox is full", "no space": "the disk is full"}[refused]
        try:
            self._composer.note_missed(person, line, caller, why)
        except Exception:  # on a full disk: the caller must hear so all the same
            log.exception("missed call of %s for %s is not in the history", caller, person.login)

    def samples(self, recording: int, seq: int, octets: bytes) -> None:
        """See app.voicemail.jobs.VoicemailClerk; they are on the disk after flush()."""
        if recording not in self._next:
            if self._store.recordings.get(recording) is None:
                log.warning("samples for recording %d, which is over", recording)
                return
            self._next[recording] = sum(1 for _ in self._store.recordings.samples(recording))
        if seq < self._next[recording]:
            return  # it was kept before the clerk died
        self._next[recording] = seq + 1
        self._uncommitted.append((recording, seq, octets))
        if len(self._uncommitted) >= PIECES_LIMIT:
            self.flush()

    def flush(self) -> None:
        """Commit all pieces received since the last time, of whatever recordings, together."""
        pieces, self._uncommitted = self._uncommitted, []
        if pieces:
            self._db.now(lambda tx: self._add(tx, pieces))

    def _add(self, tx: Tx, pieces: list[tuple[int, int, bytes]]) -> None:
        for recording, seq, octets in pieces:
            self._store.recordings.add_samples(tx, recording, seq, octets)

    def end_recording(self, recording: int, why: str) -> RecordingResult:
        """See app.voicemail.jobs.VoicemailClerk. Raises NotReady until the message is delivered."""
        if recording in self._finishing:
            raise NotReady
        result = self._results.pop(recording, None)
        if isinstance(result, JobFailed):
            raise result
        if result is not None:
            return result
        self.flush()
        if self._store.recordings.get(recording) is None:
            return RecordingResult.GONE  # done already, before the clerk died
        self._end(recording, why)
        raise NotReady

    def _end(self, recording: int, why: str) -> None:
        self._next.pop(recording, None)
        self._db.now(lambda tx: self._store.recordings.end(tx, recording, why))
        found = self._store.recordings.get(recording)
        assert found is not None, "nobody else drops recordings"
        self._begin_to_finish(found)
