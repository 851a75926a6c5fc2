"""What does the clerk's jobs, in its process, over the store (app/clerk/api.py says what each is).

The jobs for recordings are in recordings.py, sounds come from prompt_store.py and playback.py.
"""

import logging
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from app.clerk.composer import DOOR, Composer
from app.clerk.config import ClerkConfig
from app.clerk.media import Media, MediaFailed
from app.clerk.playback import Playback
from app.clerk.prompt_store import PromptStore
from app.clerk.recordings import RecordingJobs
from app.clerk.speech import Speaker
from app.core.clock import Clock
from app.inbox.addresses import DeliveryConfig
from app.inbox.aliases import Aliases
from app.inbox.claim import SERVICE_NUMBER, Claim
from app.inbox.delivery import Delivery
from app.inbox.entries import EntryState, Kind
from app.inbox.people import People
from app.inbox.queue import Queue
from app.inbox.store import Store
from app.phone.calls.caller import Caller
from app.phone.calls.dialplan import Directory, Subscriber
from app.phone.jobs import ClerkSound, Greeting, JobFailed, MessageAudio, Prompt
from app.store.database import Database
from app.voicemail.jobs import (
    ListedMessage,
    Listing,
    LocalTime,
    MailboxInfo,
    MessageStatus,
    PinCheck,
    PinVerdict,
    RecordingResult,
    RecordingStart,
    WaitingMessages,
)

log = logging.getLogger(__name__)


class ClerkJobs:
    """Does the jobs: app.clerk.api.ClerkBackend. One object, one thread.

    What goes wrong in a job is raised as it comes; app.clerk.api.Job makes JobFailed of it.
    """

    def __init__(
        self,
        config: ClerkConfig,
        db: Database,
        store: Store,
        people: People,
        aliases: Aliases,
        delivery: Delivery,
        clock: Clock,
        media: Media,
    ) -> None:
        self._config, self._db, self._store = config, db, store
        self._people, self._clock = people, clock
        self._zone = ZoneInfo(config.zone) if config.zone else None
        self._claim = Claim(config.store_path)
        self._composer = Composer(config, db, store, people, aliases, delivery, clock, self._zone)
        self.recordings = RecordingJobs(db, store, people, delivery, self._composer, clock)
        self._prompts = PromptStore(Path(config.packs), Speaker(Path(config.cache)), media)
        self._playback = Playback(media)
        self._version = -1
        self._change = -1

    # ---- besides the jobs

    def flush(self) -> None:
        """Commit the samples received; before this they must not be acknowledged."""
        self.recordings.flush()

    def work(self) -> bool:
        """Do a step of making a message of a recording; False if there is nothing to do."""
        return self.recordings.work()

    def close(self) -> None:
        """Commit what waits and close the store."""
        self._db.close()

    def news(self) -> WaitingMessages | None:
        """Unheard messages, if the store has changed since the last time."""
        version = self._store.data_version()
        if version == self._version:
            return None
        self._version = version
        change = self._store.last_change()
        if change == self._change:
            return None
        self._change = change
        counts = {
            person.handset: self._store.unheard(person.id)[0]
            for person in self._people.all()
            if person.handset
        }
        return WaitingMessages(counts, change)

    # ---- recordings

    def begin_recording(self, mailbox: str, line: str, caller: Caller) -> RecordingStart:
        """Begin a recording."""
        return self.recordings.begin_recording(mailbox, line, caller)

    def samples(self, recording: int, seq: int, octets: bytes) -> None:
        """Keep a piece of a recording."""
        self.recordings.samples(recording, seq, octets)

    def end_recording(self, recording: int, why: str) -> RecordingResult:
        """Deliver a recording. Raises NotReady while the message is being composed."""
        return self.recordings.end_recording(recording, why)

    def missed_call(self, line: str, caller: Caller, why: str) -> None:
        """Note a call that nobody could answer, for the administrator."""
        self._composer.note_missed(None, line, caller, why)

    # ---- who is here

    def directory(self) -> Directory:
        """Everybody's numbers, and who answers lines that are nobody's."""
        first = self._people.answers_lines()
        return Directory(
            people=tuple(
                Subscriber(p.id, p.name, p.mailbox, p.handset or None) for p in self._people.all()
            ),
            default=self._config.default_mailbox or (first.mailbox if first else ""),
            services=(SERVICE_NUMBER,) if self._claim.code else (),
        )

    def claim_code(self) -> str | None:
        """The code that makes an administrator; None once there is one."""
        return self._claim.code

    def mailbox(self, number: str) -> MailboxInfo | None:
        """What to know of a mailbox; None if there is none."""
        person = self._people.by_mailbox(number)
        if person is None:
            return None
        folder = Path(self._config.greetings) / str(person.id)
        kinds = sorted(path.stem for path in folder.glob("*.wav"))
        return MailboxInfo(
            person=person.id,
            number=person.mailbox,
            name=person.name,
            language=person.language,
            key_map=person.key_map,
            greetings=tuple(kinds),
        )

    def check_pin(self, mailbox: str, pin: str) -> PinCheck:
        """Judge a PIN."""
        person = self._people.by_mailbox(mailbox)
        if person is None:
            return PinCheck(PinVerdict.WRONG, None)
        result = self._people.check_pin(person.id, pin)
        return PinCheck(PinVerdict(result.value), person.id)

    # ---- sound

    def sound(self, sound: ClerkSound, start: int, count: int) -> bytes:
        """`count` samples of a sound from sample `start` on; fewer at its end.

        Raises NotReady while it is being made, and JobFailed if it cannot be.
        """
        try:
            if isinstance(sound, MessageAudio):
                return self._message_sound(sound.entry, start, count)
            return self._whole_sound(sound)[start * 2 : (start + count) * 2]
        except MediaFailed as problem:
            raise JobFailed(f"{sound}: {problem}") from problem

    def _whole_sound(self, sound: ClerkSound) -> bytes:
        if isinstance(sound, Greeting):
            kind = Path(sound.kind).name
            return self._prompts.file(
                Path(self._config.greetings) / str(sound.person) / f"{kind}.wav"
            )
        assert not isinstance(sound, MessageAudio)
        language = sound.language or self._config.language
        if isinstance(sound, Prompt):
            return self._prompts.prompt(sound.name, language)
        return self._prompts.spoken(sound.text, language)

    def _message_sound(self, number: int, start: int, count: int) -> bytes:
        entry = self._store.entry(number)
        if entry is None:
            raise JobFailed(f"there is no entry {number}")
        return self._playback.samples(entry.content, self._store.octets(entry), start, count)

    # ---- the owner's inbox

    def listing(self, person: int) -> Listing:
        """Voicemails, new ones first, oldest first; and how many new e-mails."""
        found = self._store.entries(person, kinds=[Kind.VOICEMAIL])
        found.sort(key=lambda entry: (entry.state is not EntryState.NEW, entry.id))
        messages = tuple(
            ListedMessage(
                entry=entry.id,
                new=entry.state is EntryState.NEW,
                saved=entry.saved,
                number=entry.caller_number,
                name=entry.caller_name,
                received=self._local_time(entry.received_at),
            )
            for entry in found
        )
        return Listing(messages, self._store.unheard(person)[1])

    def look(self, person: int, entry: int) -> MessageStatus:
        """Whether a message is still in the inbox, and whether it can be played."""
        found = self._store.entry(entry)
        if found is None or found.person != person:
            return MessageStatus(there=False, playable=False)
        there = found.state in (EntryState.NEW, EntryState.HEARD)
        return MessageStatus(there, self._playable(entry))

    def _playable(self, entry: int) -> bool:
        try:
            return bool(self._message_sound(entry, 0, 1))
        except (MediaFailed, JobFailed) as problem:
            log.warning("entry %d: %s", entry, problem)
            return False

    def mark(self, person: int, entries: tuple[int, ...], saved: bool | None = None) -> int:
        """Heard, and perhaps saved; how many messages that changed."""
        mine, by = self._mine(person, entries)
        return self._db.now(
            lambda tx: self._store.mark(tx, mine, EntryState.HEARD, saved, door=DOOR, by=by)
        )

    def remove(self, person: int, entries: tuple[int, ...]) -> int:
        """Into the bin; how many messages were not there already."""
        mine, by = self._mine(person, entries)
        return self._db.now(lambda tx: self._store.remove(tx, mine, door=DOOR, by=by))

    def restore(self, person: int, entries: tuple[int, ...]) -> int:
        """Out of the bin; how many messages came back."""
        mine, by = self._mine(person, entries)
        return self._db.now(lambda tx: self._store.restore(tx, mine, door=DOOR, by=by))

    def _mine(self, person: int, entries: tuple[int, ...]) -> tuple[list[int], str]:
        found = [self._store.entry(number) for number in entries]
        mine = [entry.id for entry in found if entry is not None and entry.person == person]
        owner = self._people.by_id(person)
        return mine, owner.login if owner is not None else ""

    def _local_time(self, at: float) -> LocalTime:
        moment = datetime.fromtimestamp(at, self._zone)
        today = datetime.fromtimestamp(self._clock.now(), self._zone)
        return LocalTime(
            month=moment.month,
            day=moment.day,
            weekday=moment.isoweekday() % 7,
            hour=moment.hour,
            minute=moment.minute,
            days_ago=(today.date() - moment.date()).days,
        )


def jobs_over(config: ClerkConfig, db: Database, clock: Clock, media: Media) -> ClerkJobs:
    """The jobs over an open store."""
    delivery_config = DeliveryConfig(
        domains=config.domains,
        host_addresses=config.host_addresses,
        hostname=config.hostname,
        postmaster=config.postmaster,
        free_floor=config.free_floor,
        voice_reserve=config.voice_reserve,
    )
    store, people = Store(db, clock), People(db, clock)
    aliases = Aliases(db, people, delivery_config, clock)
    queue = Queue(db, store, people, delivery_config, clock)
    delivery = Delivery(store, people, aliases, queue, delivery_config)
    return ClerkJobs(config, db, store, people, aliases, delivery, clock, media)
