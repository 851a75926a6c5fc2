"""From a finished recording to a message in an inbox, or to a line in the history.

The message is delivered and the recording dropped in one transaction: at every moment there is the
one or the other, never both or neither. The octets of a long one are written before that, piece by
piece, each in a transaction of its own, so that nobody waits for them; pieces that never become a
message are swept like those of a mail that was broken off. Delivery is the same as for e-mail, so
the owner's alias forwards voicemail, too.
"""

import logging
import secrets
from collections.abc import Callable, Generator
from datetime import datetime, tzinfo

from app.clerk.config import ClerkConfig
from app.clerk.trim import Measure, shortened
from app.core.clock import Clock
from app.inbox.aliases import Aliases
from app.inbox.contents import rechunk
from app.inbox.delivery import Delivery, Envelope
from app.inbox.entries import Facts, Kind, Recording
from app.inbox.people import People, Person
from app.inbox.store import Store
from app.message.dot_stuffing import DotCounter
from app.message.voice import VoiceMessage, clean_name, clean_number, compose
from app.phone.calls.caller import Caller
from app.store.database import Database, Tx
from app.voicemail.jobs import RecordingResult
from drivers.sampling import SAMPLE_RATE

log = logging.getLogger(__name__)

DOOR = "phone"
CUT_OFF = "cut off"
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
    ) -> None:
        self._config, self._db, self._store, self._people = config, db, store, people
        self._aliases, self._delivery, self._clock = aliases, delivery, clock
        self._zone, self._token = zone, token

    def finish(self, recording: Recording) -> Steps:
        """Deliver a recording, or note a missed call and drop it.

        Raises ContentGone if what was written has been swept meanwhile: begin anew.
        """
        owner = self._people.by_id(recording.person) or self._aliases.postmaster()
        measure = Measure()
        for number, piece in enumerate(self._store.recordings.samples(recording.id), 1):
            measure.add(piece)
            if number % MEASURE_AT_ONCE == 0:
                yield
        if owner is None or measure.spoken < self._config.shortest_s * SAMPLE_RATE:
            self._db.now(lambda tx: self._drop_missed(tx, recording, owner, measure.spoken))
            return RecordingResult.MISSED_CALL
        yield from self._deliver(recording, owner, self._voice(recording, owner, measure.kept))
        return RecordingResult.DELIVERED

    def note_missed(self, person: Person | None, line: str, caller: Caller, why: str) -> None:
        """Keep a call that left nothing as a missed call of this person; None: of nobody's."""
        whose = None if person is None else person.id
        self._db.now(
            lambda tx: self._missed(tx, whose, line, caller.name, caller.number, reason=why)
        )

    def _voice(self, recording: Recording, owner: Person, samples: int) -> VoiceMessage:
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
            token=self._token(),
        )

    def _deliver(
        self, recording: Recording, owner: Person, voice: VoiceMessage
    ) -> Generator[None, None, None]:
        """Write the message but for its last piece; that piece and the rest together."""
        writing = _Writing(self._store)
        chunks = rechunk(
            compose(voice, shortened(self._store.recordings.samples(recording.id), voice.samples))
        )
        chunk = next(chunks)
        for following in chunks:
            self._db.now(lambda tx, octets=chunk: writing.add(tx, octets))  # type: ignore[misc]
            yield
            chunk = following

        def last(tx: Tx) -> None:
            writing.add(tx, chunk)
            self._enter(tx, recording, owner, voice, writing.seal(tx))

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
        )
        route = self._delivery.route(owner.login)
        # Forwarded, it leaves from its owner: a smarthost takes no null sender for ordinary mail,
        # and who would learn of a late bounce?
        sender = self._delivery.sender_of(owner)
        self._delivery.deliver(tx, Envelope(sender, (route,), Kind.VOICEMAIL, facts), content)
        self._store.recordings.drop(tx, recording.id)

    def _drop_missed(self, tx: Tx, recording: Recording, owner: Person | None, spoken: int) -> None:
        name, number = recording.caller_name, recording.caller_number
        reason = f"{spoken / SAMPLE_RATE:.1f} s recorded ({recording.why or CUT_OFF})"
        whose = None if owner is None else owner.id
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


class _Writing:
    """One content of the store on its way in."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._content: int | None = None
        self._dots, self._size, self._chunks = DotCounter(), 0, 0

    def add(self, tx: Tx, chunk: bytes) -> None:
        """Write the next piece."""
        if self._content is None:
            self._content = self._store.contents.begin(tx)
        self._store.contents.add_chunk(tx, self._content, self._chunks, chunk)
        self._dots.feed(chunk)
        self._size, self._chunks = self._size + len(chunk), self._chunks + 1

    def seal(self, tx: Tx) -> int:
        """End it; its number."""
        assert self._content is not None
        self._store.contents.seal(tx, self._content, self._size, self._dots.count)
        return self._content
