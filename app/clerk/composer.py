"""From a finished recording to a message in an inbox, or to a line in the history.

Its samples lie in the store, in the spool (spool.py), or its beginning there and its end here. The
message is delivered, the recording dropped and its number noted in one transaction: at every moment
there is the one or the other, never both or neither, and what is left in the spool is not delivered
again. The octets of a long one are written before that, piece by piece, each in a transaction of
its own, so that nobody waits for them; pieces that never become a message are swept like those of a
mail that was broken off. Delivery is the same as for e-mail, so the owner's alias forwards
voicemail, too.
"""

import heapq
import logging
import secrets
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, tzinfo
from functools import partial

from app.clerk.cleaning import Survey
from app.clerk.config import ClerkConfig
from app.clerk.ending import Ending
from app.clerk.known import ANYBODY
from app.clerk.spool import CallFacts, Spool
from app.clerk.writing import Writing
from app.core import pack
from app.core.clock import Clock, is_set
from app.inbox.aliases import Aliases
from app.inbox.contents import rechunk
from app.inbox.delivery import Delivery, Envelope
from app.inbox.entries import Facts, Kind, Recording
from app.inbox.people import People, Person
from app.inbox.store import Store
from app.inbox.transcripts import Outcome, Transcript
from app.message.voice import VoiceMessage, clean_name, clean_number, compose
from app.phone.calls.caller import Caller
from app.phone.sound.end_tones import end_tones
from app.store.database import Database, Tx
from app.voicemail.jobs import LOGGED_IN, PHONE_DOOR, TO_OPERATOR, RecordingResult
from drivers.countries import country
from drivers.sampling import SAMPLE_RATE

log = logging.getLogger(__name__)

DOOR = PHONE_DOOR
CUT_OFF = "cut off"
LINE_FAILED = "line failed"  # a RecordingEnd (app/phone/calls/line.py)
FAX = "fax"
"""Why a recording ended whose caller is a fax machine."""
MISSED = "missed call: "
"""How the end of a spooled call begins that nobody was to answer; the rest is why."""
NOBODY = 0  # a number that no person has
PIECE = 2 * SAMPLE_RATE  # octets of a piece: 1 s
MEASURE_AT_ONCE = 16  # pieces of at most 1 s between two breaks

Steps = Generator[None, None, RecordingResult]
"""Work in steps of some milliseconds; its value is what became of the recording."""


def new_token() -> str:
    """Letters and digits that nobody has used before."""
    return secrets.token_hex(10)


class Composer:
    """Makes messages of recordings."""

    def __init__(
        self,
        config: ClerkConfig,
        db: Database,
        store: Store,
        people: People,
        aliases: Aliases,
        delivery: Delivery,
        clock: Clock,
        zone: tzinfo | None,
        token: Callable[[], str] = new_token,
        writes_down: Callable[[], bool] = lambda: pack.found() is not None,
    ) -> None:
        """`writes_down` says whether there is anything that makes text of voicemail."""
        self._config, self._db, self._store, self._people = config, db, store, people
        self._aliases, self._delivery, self._clock = aliases, delivery, clock
        self._zone, self._token, self._writes_down = zone, token, writes_down
        tones = country(config.country).tones
        self._end_tones, self._dial_tone = end_tones(tones), tones.dial

    def finish(self, number: int, spool: Spool, expected: int | None = None) -> Steps:
        """Deliver a recording, or note a missed call and drop it.

        `expected` is how many pieces there were to be kept, if that is known.

        Raises ContentGone if what was written has been swept meanwhile: begin anew. Raises
        OwnerMissing if this store has not got the person whom it is for, TextAwaited if its owner
        wants it to wait for its text.
        """
        recording = self._facts(number, spool)
        if recording is None:
            return RecordingResult.GONE
        if recording.why == FAX:
            self._db.now(lambda tx: self._drop(tx, recording))
            return RecordingResult.DROPPED
        owner = self._people.by_id(recording.person) or self._aliases.postmaster()
        if expected is None and number in spool:
            expected = spool.get(number).ended.pieces
        text = None if number in spool else self._text(number, owner, expected)
        for first, end in _takes(recording.takes):
            kept = partial(self._kept, number, spool, first, end)
            pieces = Pieces(kept, max(0, (end or expected or 0) - first))
            survey = yield from self._survey(pieces)
            said = survey.spoken >= self._config.shortest_s * SAMPLE_RATE or bool(pieces.missing)
            if said:
                break
        if owner is None or not said:
            self._db.now(lambda tx: self._drop_missed(tx, recording, owner, survey.spoken))
            return RecordingResult.MISSED_CALL
        cleaning = survey.cleaning(whole=bool(pieces.missing))
        if not self._config.cleaned:
            cleaning = replace(survey.cleaning(whole=True), gain=1.0)
        voice = self._voice(recording, owner, cleaning.samples, pieces.missing)
        if text is not None:
            voice = replace(voice, said=text.said, said_number=text.number)
        yield from self._deliver(recording, owner, voice, cleaning.of(pieces), text)
        return RecordingResult.DELIVERED

    def _text(self, number: int, owner: Person | None, expected: int | None) -> Transcript | None:
        """The text of a recording whose owner wants it in the mail; None: there is none.

        Raises TextAwaited if there may still be one.
        """
        if owner is None or not owner.text_wait_min:
            return None
        awaited = self._store.awaited_texts.get(number)
        if awaited is None and self._writes_down():
            minutes = owner.text_wait_min
            self._db.now(lambda tx: self._store.awaited_texts.begin(tx, number, minutes))
        elif awaited is None or awaited.over or awaited.transcript is not None:
            return None if awaited is None else awaited.transcript
        raise TextAwaited(expected)

    def _survey(self, pieces: "Pieces") -> Generator[None, None, Survey]:
        survey, ending = Survey(self._dial_tone), Ending(self._end_tones)
        for count, piece in enumerate(pieces, 1):
            survey.add(ending.add(piece))
            if count % MEASURE_AT_ONCE == 0:
                yield
        survey.add(ending.rest())
        return survey

    def _facts(self, number: int, spool: Spool) -> Recording | None:
        """What store and spool know of a recording together; None if neither has it."""
        found = self._store.recordings.get(number)
        if number not in spool:
            return found
        rest = spool.get(number)
        if found is not None:
            how, at = rest.ended, rest.ended_at
            return replace(found, ended_at=at, why=how.why, takes=how.takes, urgent=how.urgent)
        facts = rest.facts
        owner = self._owner_of(facts)
        self._require_owner(facts, owner)
        return Recording(
            id=number,
            person=owner.id if owner is not None else NOBODY,
            line=facts.line,
            caller_number=facts.number,
            caller_name=facts.name,
            started_at=facts.started_at or (rest.ended_at or self._clock.now()),
            ended_at=rest.ended_at,
            why=rest.ended.why,
            octets=sum(octets for _, _, octets in rest.pieces.values()),
            takes=rest.ended.takes,
            urgent=rest.ended.urgent,
        )

    def _owner_of(self, facts: CallFacts) -> Person | None:
        """Whoever had the mailbox then, though it has another number now; else who has it."""
        then = self._people.by_id(facts.person)
        if then is not None and then.name == facts.owner:
            return then
        return self._people.by_mailbox(facts.mailbox)

    def _require_owner(self, facts: CallFacts, owner: Person | None) -> None:
        """What was taken while the store was away may be for people of another one."""
        if owner is None and facts.mailbox not in ("", ANYBODY):
            raise OwnerMissing(f"nobody in this store has the mailbox {facts.mailbox}")
        if owner is None and not self._people.all():
            raise OwnerMissing("there is nobody in this store")

    def _kept(
        self, number: int, spool: Spool, first: int = 0, end: int | None = None
    ) -> Iterator[tuple[int, bytes]]:
        """The pieces from `first` on, and before `end`, in order, with their numbers from 0 on.

        The spool only has what the store has not.
        """
        spooled = spool.samples(number) if number in spool else ()
        last = first - 1
        for seq, piece in heapq.merge(self._store.recordings.samples(number, first), spooled):
            if end is not None and seq >= end:
                return
            if seq > last:
                yield seq - first, piece
                last = seq

    def note_missed(
        self, number: int, person: Person | None, line: str, caller: Caller, why: str
    ) -> None:
        """Keep a call that left nothing as a missed call of this person; None: of nobody's.

        `number` is the call's: asked twice, it is kept once.
        """
        whose = None if person is None else person.id

        def note(tx: Tx) -> None:
            if self._store.recordings.once(tx, number):
                self._missed(tx, whose, line, caller.name, caller.number, reason=why)

        self._db.now(note)

    def _voice(
        self,
        recording: Recording,
        owner: Person,
        samples: int,
        missing: tuple[tuple[int, int], ...],
    ) -> VoiceMessage:
        ended_at = recording.ended_at or recording.started_at + recording.octets / 2 / SAMPLE_RATE
        return VoiceMessage(
            to_name=owner.name,
            to_address=owner.address or f"{owner.login}@{self._config.domains[0]}",
            mailbox=owner.mailbox,
            from_address=owner.address or self._delivery.voicemail_address,
            caller_number=recording.caller_number,
            caller_name=recording.caller_name,
            ended_at=datetime.fromtimestamp(ended_at, self._zone).astimezone(self._zone),
            samples=samples,
            urgent=recording.urgent,
            broken_off=recording.why in (None, CUT_OFF, LINE_FAILED),
            clock_set=is_set(ended_at),
            token=self._token(),
            missing=missing,
            language=owner.language,
        )

    def _deliver(
        self,
        recording: Recording,
        owner: Person,
        voice: VoiceMessage,
        sound: Iterable[bytes],
        text: Transcript | None,
    ) -> Generator[None, None, None]:
        """Write the message but for its last piece; that piece and the rest together."""
        writing = Writing(self._store)
        chunks = rechunk(compose(voice, sound))
        chunk = next(chunks)
        for following in chunks:
            self._db.now(lambda tx, octets=chunk: writing.add(tx, octets))  # type: ignore[misc]
            yield
            chunk = following

        def last(tx: Tx) -> None:
            if not self._store.recordings.once(tx, recording.id):
                raise AlreadyDelivered(recording.id)
            writing.add(tx, chunk)
            content = writing.seal(tx)
            self._enter(tx, recording, owner, voice, content)
            if text is not None and text.outcome is not Outcome.FAILED:
                self._store.transcripts.keep(tx, content, text)

        self._db.now(last)
        log.info("recording %d: %d s for %s", recording.id, voice.seconds, owner.login)

    def _enter(
        self, tx: Tx, recording: Recording, owner: Person, voice: VoiceMessage, content: int
    ) -> None:
        facts = Facts(
            received_at=recording.started_at,
            sender=voice.caller,
            subject=voice.subject,
            caller_number=clean_number(recording.caller_number),
            caller_name=clean_name(recording.caller_name),
            duration_s=voice.seconds,
            door=DOOR,
            by=recording.line,
            message_id=voice.message_id,
            urgent=voice.urgent,
        )
        route = self._delivery.route(owner.login)
        # Forwarded, it leaves from its owner: a smarthost takes no null sender for ordinary mail,
        # and who would learn of a late bounce?
        sender = self._delivery.sender_of(owner)
        self._delivery.deliver(tx, Envelope(sender, (route,), Kind.VOICEMAIL, facts), content)
        self._store.recordings.drop(tx, recording.id)

    def _drop(self, tx: Tx, recording: Recording) -> None:
        """A fax machine was calling: the fax comes by a way of its own (faxes.py)."""
        if not self._store.recordings.once(tx, recording.id):
            raise AlreadyDelivered(recording.id)
        self._store.recordings.drop(tx, recording.id)

    def _drop_missed(self, tx: Tx, recording: Recording, owner: Person | None, spoken: int) -> None:
        if not self._store.recordings.once(tx, recording.id):
            raise AlreadyDelivered(recording.id)
        name, number = recording.caller_name, recording.caller_number
        if recording.why in (LOGGED_IN, TO_OPERATOR):  # who went on from the greeting
            self._store.recordings.drop(tx, recording.id)
            return
        reason = f"{spoken / SAMPLE_RATE:.1f} s recorded ({recording.why or CUT_OFF})"
        whose = None if owner is None else owner.id
        if recording.why is not None and recording.why.startswith(MISSED):
            reason, whose = recording.why.removeprefix(MISSED), None
        self._missed(tx, whose, recording.line, name, number, reason)
        self._store.recordings.drop(tx, recording.id)

    def _missed(
        self,
        tx: Tx,
        person: int | None,
        line: str,
        name: str | None,
        number: str | None,
        reason: str,
    ) -> None:
        self._store.missed_call(
            tx,
            person,
            line=line,
            caller_number=clean_number(number),
            caller_name=clean_name(name),
            reason=reason,
        )


def _takes(begun: tuple[int, ...]) -> Iterator[tuple[int, int | None]]:
    """First piece and end of each take, the last one first; its end is not known."""
    end = None
    for first in sorted({0, *begun}, reverse=True):
        yield first, end
        end = first


class AlreadyDelivered(Exception):
    """The recording of this number has been made a message before: only its file is left."""


class TextAwaited(Exception):
    """The recording waits for its text (app/inbox/awaited_texts.py)."""

    def __init__(self, expected: int | None) -> None:
        """`expected` is as in Composer.finish."""
        super().__init__("it waits for its text")
        self.expected = expected


class OwnerMissing(Exception):
    """The person whom a recording in the spool is for is not in the store; it waits there."""


class Pieces:
    """The sound of a recording from its numbered pieces, in order; what is missing is silence.

    Every piece but the last is PIECE octets long. It can be gone through several times.
    """

    def __init__(self, kept: Callable[[], Iterator[tuple[int, bytes]]], expected: int) -> None:
        """`expected` is how many pieces there were at least."""
        self._kept, self._expected = kept, expected
        self.missing: tuple[tuple[int, int], ...] = ()
        """Seconds from and to which there is nothing; known after it was gone through."""

    def __iter__(self) -> Iterator[bytes]:
        missing, following = [], 0
        for seq, piece in self._kept():
            if seq > following:
                missing.append((following, seq))
                for _ in range(following, seq):
                    yield bytes(PIECE)
            yield piece
            following = seq + 1
        if following < self._expected:
            missing.append((following, self._expected))
        self.missing = tuple(missing)
