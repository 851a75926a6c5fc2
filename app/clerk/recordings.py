"""The clerk's jobs for recordings: begin, samples, end, and what a crash has left behind.

A recording lies in the store. When the store cannot take it, or what follows of it, that goes into
the spool (spool.py), also when the store works again before its end; at its end it is one again.

Making a message of a recording takes up to a second for a long one on a small board. It is done in
steps by work(), between which the clerk answers whoever asks; end_recording() raises NotReady until
the message is delivered, and says KEPT when the store cannot take it now. That is tried again after
RETRY_S, then ever more rarely, as long as anything is left. A recording in the spool is delivered
into no store but one that has the person whom it is for: it waits for that one.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from app.clerk.api import NotReady
from app.clerk.composer import (
    CUT_OFF,
    MISSED,
    AlreadyDelivered,
    Composer,
    OwnerMissing,
    Steps,
    TextAwaited,
)
from app.clerk.ended import HowEnded
from app.clerk.known import Known
from app.clerk.spool import CallFacts, Spool, SpoolFull
from app.core.clock import Clock
from app.inbox.delivery import Delivery
from app.inbox.entries import Kind, Recording
from app.inbox.errors import ContentGone, MailboxFull, NoSpace
from app.inbox.people import People, Person
from app.inbox.store import Store
from app.phone.calls.caller import Caller
from app.phone.jobs import JobFailed, Take
from app.store.database import Database, Tx
from app.store.errors import TROUBLE
from app.voicemail.jobs import RecordingResult, RecordingStart, Refusal
from drivers.sampling import SAMPLE_RATE

log = logging.getLogger(__name__)

PRIVATE_CALLER = "Private caller"  # stands for the name of who withheld it [GR-31: "P"]
PIECES_HEARD = 4  # of at most 1 s that are read for a caller who listens to what they have said
PIECES_LIMIT = 64  # pieces of at most 1 s that are committed at once
RESULTS_LIMIT = 1000  # kept for who asks again
RETRY_S = 2.0  # before the first try to deliver what could not be delivered; doubled after each
RETRY_LONGEST_S = 60.0
TEXT_LOOK_S = 1.0  # between two looks whether the text is there that a recording waits for


@dataclass(frozen=True, slots=True)
class Inboxes:
    """The store and what delivers into it, while it can be used."""

    db: Database
    store: Store
    people: People
    delivery: Delivery
    composer: Composer


WHY_REFUSED: dict[Refusal, str] = {
    "full": "the mailbox is full",
    "no space": "the disk is full",
    "no messages": "the person takes no messages now",
}
"""In the history."""


def refusal(inboxes: Inboxes, person: Person) -> Refusal | None:
    """Why nothing can come in for this person by telephone now; None: it can."""
    if not inboxes.people.presences.of(person.id).rule.messages:
        return "no messages"
    try:
        route = inboxes.delivery.route(person.login)
        inboxes.delivery.check_room(route, 0, Kind.VOICEMAIL)
    except MailboxFull:
        return "full"
    except NoSpace:
        return "no space"
    return None


class RecordingJobs:
    """Recordings under way and those not delivered yet, by their numbers.

    `inboxes` gives the store, or None while it cannot be used; `trouble` is told of every error
    that the store has raised.
    """

    def __init__(
        self,
        inboxes: Callable[[], Inboxes | None],
        trouble: Callable[[Exception], None],
        spool: Spool,
        known: Known,
        clock: Clock,
    ) -> None:
        self._inboxes, self._trouble = inboxes, trouble
        self._spool, self._known, self._clock = spool, known, clock
        self._live: dict[int, CallFacts] = {}  # recordings that a line is feeding
        self._uncommitted: list[tuple[int, int, bytes]] = []  # recording, number, samples
        self._finishing: dict[int, Steps] = {}
        self._results: OrderedDict[int, RecordingResult | JobFailed] = OrderedDict()
        self._ownerless: set[int] = set()  # the log says so of these
        self._pause, self._retry_at = RETRY_S, float("inf")
        self._awaiting: dict[int, int | None] = {}  # that wait for their text, with their pieces
        self._text_at = float("inf")

    # ---- what is left

    def recover(self, live: set[int]) -> int:
        """When the store can be used: finish what is left, but not what a line feeds; how many."""
        self._live = {number: self._live.get(number, CallFacts()) for number in live}
        return self.finish_left()

    def finish_left(self) -> int:
        """Begin to deliver what no line feeds any more and is not delivered; how many."""
        inboxes = self._inboxes()
        if inboxes is None:
            self._try_later()
            return 0
        try:
            stored = inboxes.store.recordings.all()
            self._learn_facts(inboxes, stored)
        except TROUBLE as problem:
            self._store_failed(problem)
            return 0
        left = {found.id for found in stored}
        for spooled in self._spool.all():
            if spooled.ended_at is None and spooled.number not in self._live:
                self._end_in_spool(spooled.number, HowEnded(CUT_OFF))
            left.add(spooled.number)
        left -= self._live.keys()
        for number in sorted(left):
            self._begin_to_finish(inboxes, number)
        return len(left)

    def _learn_facts(self, inboxes: Inboxes, stored: list[Recording]) -> None:
        """Of what lines feed: whose it is, should the rest of it go into the spool."""
        for found in stored:
            if self._live.get(found.id) == CallFacts():
                owner = inboxes.people.by_id(found.person)
                call = (found.line, found.caller_number, found.caller_name, found.started_at)
                facts = CallFacts("", *call)
                if owner is not None:
                    facts = CallFacts(owner.mailbox, *call, owner.id, owner.name)
                self._live[found.id] = facts

    def work(self) -> bool:
        """Do the next step of a recording that is being finished; False if there is none."""
        if self._clock.monotonic() >= self._retry_at:
            self._retry_at = float("inf")
            self.finish_left()
        if self._clock.monotonic() >= self._text_at:
            self._finish_with_texts()
        number = next(iter(self._finishing), None)
        if number is None:
            return False
        try:
            next(self._finishing[number])
        except StopIteration as end:
            self._delivered(number, end.value)
        except AlreadyDelivered:
            self._delivered(number, RecordingResult.GONE)
        except ContentGone:  # a mail service that started has swept it, as a mail broken off
            del self._finishing[number]
            inboxes = self._inboxes()
            if inboxes is not None:
                self._begin_to_finish(inboxes, number)
        except OwnerMissing as problem:
            self._wait_for_owner(number, problem)
        except TextAwaited as waits:
            self._await_text(number, waits.expected)
        except TROUBLE as problem:
            self._store_failed(problem)
            self._finished(number, RecordingResult.KEPT)
        except Exception as problem:  # it stays where it is and is tried again
            log.exception("recording %d could not be made a message", number)
            self._try_later()
            self._finished(number, JobFailed(f"recording {number}: {problem}"))
        return True

    def _await_text(self, number: int, pieces: int | None) -> None:
        """Its owner wants it with its text: it is finished when that is there, or time is over."""
        self._awaiting[number] = pieces
        self._text_at = self._clock.monotonic() + TEXT_LOOK_S
        self._finished(number, RecordingResult.KEPT)

    def _finish_with_texts(self) -> None:
        self._text_at = self._clock.monotonic() + TEXT_LOOK_S if self._awaiting else float("inf")
        inboxes = self._inboxes()
        if inboxes is None or not self._awaiting:
            return
        try:
            ended = inboxes.store.awaited_texts.ended()
        except TROUBLE as problem:
            self._store_failed(problem)
            return
        for number in ended:
            if number in self._awaiting:
                self._begin_to_finish(inboxes, number, self._awaiting.pop(number))

    def _begin_to_finish(self, inboxes: Inboxes, number: int, pieces: int | None = None) -> None:
        if number not in self._finishing:
            self._finishing[number] = inboxes.composer.finish(number, self._spool, pieces)

    def sound(self, take: Take, start: int, count: int) -> bytes:
        """`count` samples of what was recorded, from sample `start` of a take on.

        Raises JobFailed if it cannot be read.
        """
        self.flush()
        first, skipped = divmod(start, SAMPLE_RATE)
        found, wanted = bytearray(), 2 * (skipped + count)
        for octets in self._pieces(take.recording, take.piece + first):
            found += octets
            if len(found) >= wanted:
                break
        return bytes(found[2 * skipped : wanted])

    def _pieces(self, recording: int, since: int) -> Iterator[bytes]:
        inboxes = self._inboxes()
        try:
            stored = (
                {}
                if inboxes is None
                else dict(islice(inboxes.store.recordings.samples(recording, since), PIECES_HEARD))
            )
        except TROUBLE as problem:
            self._store_failed(problem)
            stored = {}
        if recording in self._spool:
            rest = self._spool.samples(recording)
            stored |= {seq: octets for seq, octets in rest if seq >= since}
        return (octets for _, octets in sorted(stored.items()))

    def _wait_for_owner(self, number: int, problem: OwnerMissing) -> None:
        if number not in self._ownerless:
            log.error("recording %d waits in the spool: %s", number, problem)
            self._ownerless.add(number)
        self._try_later()
        self._finished(number, RecordingResult.KEPT)

    def _delivered(self, number: int, result: RecordingResult) -> None:
        self._pause = RETRY_S
        if number in self._spool:
            try:
                self._spool.drop(number)
            except OSError as problem:  # its number is in the store: it is delivered once
                log.error("recording %d stays in the spool: %s", number, problem)
                self._try_later()
        self._finished(number, result)

    def _finished(self, number: int, result: RecordingResult | JobFailed) -> None:
        del self._finishing[number]
        self._results[number] = result
        if len(self._results) > RESULTS_LIMIT:
            self._results.popitem(last=False)

    def _try_later(self) -> None:
        if self._retry_at == float("inf"):
            self._retry_at = self._clock.monotonic() + self._pause
            self._pause = min(2 * self._pause, RETRY_LONGEST_S)

    def _store_failed(self, problem: Exception) -> None:
        self._trouble(problem)
        self._try_later()

    # ---- begin

    def begin_recording(
        self, number: int, mailbox: str, line: str, caller: Caller
    ) -> RecordingStart:
        """See app.voicemail.jobs.VoicemailClerk; `number` is that of the recording."""
        self.flush()
        name = caller.name
        if caller.reason == "private" and not caller.name and not caller.number:
            name = PRIVATE_CALLER
        facts = CallFacts(mailbox, line, caller.number, name, self._clock.now())
        if (box := self._known.mailbox(mailbox)) is not None:
            facts = replace(facts, person=box.person, owner=box.name)
        self._end_spooled_on(line, number)
        inboxes = self._inboxes()
        if inboxes is not None and number not in self._spool:
            try:
                begun = self._begin_in_store(inboxes, number, facts, caller)
            except TROUBLE as problem:
                self._store_failed(problem)
            else:
                if begun.recording is not None:
                    self._live[begun.recording] = facts
                return begun
        return self._begin_in_spool(number, facts)

    def _end_spooled_on(self, line: str, number: int) -> None:
        """A line records one thing at a time, so what is left on it is over."""
        for spooled in self._spool.all():
            if spooled.facts.line == line and spooled.number != number:
                self._live.pop(spooled.number, None)
                if spooled.ended_at is None:
                    self._end_in_spool(spooled.number, HowEnded(CUT_OFF))
                    self._try_later()

    def _begin_in_store(
        self, inboxes: Inboxes, number: int, facts: CallFacts, caller: Caller
    ) -> RecordingStart:
        person = inboxes.people.by_mailbox(facts.mailbox)
        if person is None:
            why = f"mailbox {facts.mailbox} does not exist"
            inboxes.composer.note_missed(number, None, facts.line, caller, why)
            return RecordingStart(None, "nobody")
        if self._is_begun(inboxes, number, facts.line):
            return RecordingStart(number)
        refused = refusal(inboxes, person)
        if refused is not None:
            log.info("no recording for %s: %s", person.login, refused)
            self._note_refused(inboxes, number, person, facts.line, caller, refused)
            return RecordingStart(None, refused)
        recording = inboxes.db.now(
            lambda tx: inboxes.store.recordings.begin(
                tx, person.id, facts.line, facts.number, facts.name, facts.started_at, number
            )
        )
        return RecordingStart(recording)

    def _is_begun(self, inboxes: Inboxes, number: int, line: str) -> bool:
        """Whether the same question was asked before, and the clerk died or could not answer.

        What else is left on the line in the store is over, as in the spool.
        """
        begun = False
        for found in inboxes.store.recordings.all(unfinished_only=True):
            if found.id == number:
                begun = True
            elif found.line == line and found.id not in self._spool:
                self._end(inboxes, found.id, HowEnded(CUT_OFF))
        return begun

    def _note_refused(
        self,
        inboxes: Inboxes,
        number: int,
        person: Person,
        line: str,
        caller: Caller,
        refused: Refusal,
    ) -> None:
        why = WHY_REFUSED[refused]
        try:
            inboxes.composer.note_missed(number, person, line, caller, why)
        except Exception:  # on a full disk: the caller must hear so all the same
            log.exception("missed call of %s for %s is not in the history", caller, person.login)

    def _begin_in_spool(self, number: int, facts: CallFacts) -> RecordingStart:
        if self._known.mailbox(facts.mailbox) is None:
            self.spool_missed_call(
                number, facts.line, Caller(facts.number, facts.name), "nobody has the mailbox"
            )
            return RecordingStart(None, "nobody")
        try:
            self._spool.begin(number, facts)
        except SpoolFull as problem:
            log.error("no recording on %s: neither store nor spool: %s", facts.line, problem)
            return RecordingStart(None, "no space")
        self._live[number] = facts
        self._try_later()
        return RecordingStart(number)

    def spool_missed_call(self, number: int, line: str, caller: Caller, why: str) -> None:
        """Keep a call that nobody could answer until the store takes it."""
        try:
            self._spool.begin(
                number, CallFacts("", line, caller.number, caller.name, self._clock.now())
            )
            self._spool.end(number, HowEnded(f"{MISSED}{why}"), self._clock.now())
        except SpoolFull as problem:
            log.error("missed call of %s on %s, %s: not kept: %s", caller, line, why, problem)
        self._try_later()

    # ---- samples

    def samples(self, recording: int, seq: int, octets: bytes) -> None:
        """See app.voicemail.jobs.VoicemailClerk; they are on the disk after flush()."""
        if recording not in self._live and recording not in self._spool:
            if not self._is_under_way(recording):
                log.warning("samples for recording %d, which is over", recording)
                return
            self._live[recording] = CallFacts()
        self._uncommitted.append((recording, seq, octets))
        if len(self._uncommitted) >= PIECES_LIMIT:
            self.flush()

    def _is_under_way(self, recording: int) -> bool:
        inboxes = self._inboxes()
        try:
            return inboxes is None or inboxes.store.recordings.get(recording) is not None
        except TROUBLE as problem:
            self._store_failed(problem)
            return True

    def flush(self) -> None:
        """Make all pieces received since the last time durable, of whatever recordings, together.

        Raises JobFailed if neither the store nor the spool takes them.
        """
        pieces, self._uncommitted = self._uncommitted, []
        spooled = [piece for piece in pieces if piece[0] in self._spool]
        stored = [piece for piece in pieces if piece[0] not in self._spool]
        if stored and not self._add_to_store(stored):
            spooled += stored
        if spooled:
            self._add_to_spool(spooled)

    def _add_to_store(self, pieces: list[tuple[int, int, bytes]]) -> bool:
        inboxes = self._inboxes()
        if inboxes is None:
            return False

        def add(tx: Tx) -> None:
            for recording, seq, octets in pieces:
                inboxes.store.recordings.add_samples(tx, recording, seq, octets)

        try:
            inboxes.db.now(add)
        except TROUBLE as problem:
            self._store_failed(problem)
            return False
        return True

    def _add_to_spool(self, pieces: list[tuple[int, int, bytes]]) -> None:
        problems = []
        for number in dict.fromkeys(recording for recording, _, _ in pieces):
            try:
                self._spool.begin(number, self._live.get(number, CallFacts()))
                self._spool.add(number, [(seq, octets) for n, seq, octets in pieces if n == number])
            except SpoolFull as problem:
                problems.append(str(problem))
        if problems:
            raise JobFailed(f"neither store nor spool takes samples: {problems[0]}")

    # ---- end

    def end_recording(self, recording: int, how: HowEnded) -> RecordingResult:
        """See app.voicemail.jobs.VoicemailClerk. Raises NotReady until the message is delivered."""
        if recording in self._finishing:
            raise NotReady
        result = self._results.pop(recording, None)
        if isinstance(result, JobFailed):
            raise result
        if result is not None:
            return result
        self.flush()
        inboxes = self._inboxes()
        if recording in self._spool:
            self._end_in_spool(recording, how)
        elif inboxes is not None:
            try:
                if inboxes.store.recordings.get(recording) is None:
                    return RecordingResult.GONE  # done already, before the clerk died
                self._end(inboxes, recording, how)
            except TROUBLE as problem:
                self._store_failed(problem)
                inboxes = None
        if inboxes is None and recording not in self._spool:
            self._spool_end(recording, how)
        self._live.pop(recording, None)
        if inboxes is None:
            self._try_later()
            return RecordingResult.KEPT
        self._begin_to_finish(inboxes, recording, how.pieces)
        raise NotReady

    def _end(self, inboxes: Inboxes, recording: int, how: HowEnded) -> None:
        ended = (how.why or CUT_OFF, how.takes, how.urgent)
        inboxes.db.now(lambda tx: inboxes.store.recordings.end(tx, recording, *ended))
        self._live.pop(recording, None)
        self._begin_to_finish(inboxes, recording, how.pieces)

    def _spool_end(self, recording: int, how: HowEnded) -> None:
        """The store has all samples, and cannot be told that these are all."""
        try:
            self._spool.begin(recording, self._live.get(recording, CallFacts()))
        except SpoolFull as problem:
            log.error("recording %d: its end is not kept: %s", recording, problem)
        else:
            self._end_in_spool(recording, how)

    def _end_in_spool(self, recording: int, how: HowEnded) -> None:
        self._live.pop(recording, None)
        try:
            self._spool.end(recording, how, self._clock.now())
        except SpoolFull as problem:
            log.error("recording %d: its end is not kept: %s", recording, problem)
