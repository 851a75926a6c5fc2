"""From a finished recording to a message in an inbox, or to a line in the history.

The message is written, delivered and the recording dropped in one transaction: at every moment
there is the one or the other, never both or neither. Delivery is the same as for e-mail, so the
owner's alias forwards voicemail, too.
"""

import logging
import secrets
from collections.abc import Callable
from datetime import datetime, tzinfo

from app.clerk.config import ClerkConfig
from app.clerk.trim import measure, shortened
from app.core.clock import Clock
from app.inbox.aliases import Aliases
from app.inbox.delivery import Delivery, Envelope
from app.inbox.entries import Facts, Kind, Recording
from app.inbox.people import People, Person
from app.inbox.store import Store
from app.message.voice import VoiceMessage, clean_name, clean_number, compose
from app.store.database import Database, Tx
from drivers.sampling import SAMPLE_RATE

log = logging.getLogger(__name__)

DOOR = "phone"
CUT_OFF = "cut off"


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

    def finish(self, recording: Recording) -> bool:
        """Deliver a recording, or note a missed call and drop it; True if it was delivered."""
        owner = self._people.by_id(recording.person) or self._aliases.postmaster()
        spoken, kept = measure(self._store.samples(recording.id))
        if owner is None or spoken < self._config.shortest_s * SAMPLE_RATE:
            self._db.now(lambda tx: self._note_missed(tx, recording, owner, spoken))
            return False
        voice = self._voice(recording, owner, kept)
        self._db.now(lambda tx: self._deliver(tx, recording, owner, voice))
        log.info("recording %d: %d s for %s", recording.id, voice.seconds, owner.login)
        return True

    def finish_all(self, recordings: list[Recording]) -> int:
        """Finish what a crash or a full disk has left; one that fails does not keep the others."""
        delivered = 0
        for recording in recordings:
            try:
                delivered += self.finish(recording)
            except Exception:  # it stays in the store and is tried again
                log.exception("recording %d could not be made a message", recording.id)
        return delivered

    def _voice(self, recording: Recording, owner: Person, samples: int) -> VoiceMessage:
        ended_at = recording.ended_at or recording.started_at + recording.octets / 2 / SAMPLE_RATE
        return VoiceMessage(
            to_name=owner.name,
            to_address=owner.address or f"{owner.login}@{self._config.domains[0]}",
            mailbox=owner.mailbox,
            from_address=owner.address or self._config.voicemail_address,
            caller_number=recording.caller_number,
            caller_name=recording.caller_name,
            ended_at=datetime.fromtimestamp(ended_at, self._zone).astimezone(self._zone),
            samples=samples,
            token=self._token(),
        )

    def _deliver(self, tx: Tx, recording: Recording, owner: Person, voice: VoiceMessage) -> None:
        pieces = shortened(self._store.samples(recording.id), voice.samples)
        content = self._store.write_content(tx, compose(voice, pieces))
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
        self._store.drop_recording(tx, recording.id)

    def _note_missed(self, tx: Tx, recording: Recording, owner: Person | None, spoken: int) -> None:
        self._store.missed_call(
            tx,
            None if owner is None else owner.id,
            line=recording.line,
            caller_number=clean_number(recording.caller_number),
            caller_name=clean_name(recording.caller_name),
            reason=f"{spoken / SAMPLE_RATE:.1f} s recorded ({recording.why or CUT_OFF})",
        )
        self._store.drop_recording(tx, recording.id)
