"""The clerk's jobs that need the store, in its process (app/clerk/api.py says what each is).

They are asked for at desk.py, which does the others. Recordings are in recordings.py, the sound of
messages comes from playback.py.
"""

import logging
from datetime import datetime
from pathlib import Path

from app.clerk.claims import Claims
from app.clerk.composer import DOOR, Composer
from app.clerk.config import ClerkConfig
from app.clerk.mail_jobs import MailJobs
from app.clerk.media import Media, MediaFailed, SourceFailed
from app.clerk.notices import Notices
from app.clerk.owner_jobs import OwnerJobs
from app.clerk.playback import Playback
from app.clerk.recordings import Inboxes
from app.clerk.register import Register
from app.core.clock import Clock, is_set
from app.core.notices import Listener
from app.core.presence import Presence
from app.core.zones import zone_of
from app.inbox.addresses import DeliveryConfig
from app.inbox.aliases import Aliases
from app.inbox.audit import AuditEvent
from app.inbox.claim import SERVICE_NUMBER, Claim
from app.inbox.delivery import Delivery
from app.inbox.entries import Entry, EntryState
from app.inbox.greetings import Greetings
from app.inbox.mirror import Mirror
from app.inbox.notifier import Notifier
from app.inbox.people import People, Person
from app.inbox.people_changes import Remembered
from app.inbox.pins import NOBODY, PinOrigin
from app.inbox.presence import PresenceNow, day_begins, day_of, presence_words
from app.inbox.queue import Queue
from app.inbox.quota import fullness
from app.inbox.room import Room
from app.inbox.store import Store
from app.inbox.transcripts import other_number
from app.message.voice import clean_name, clean_number
from app.phone.calls.caller import Caller
from app.phone.calls.dialplan import Directory
from app.phone.calls.directory_news import DirectoryNews
from app.phone.jobs import EndedCall, JobFailed
from app.store.database import Database, Tx
from app.voicemail.jobs import (
    LIST_END,
    LISTED_MOST,
    PHONE_DOOR,
    ListedMessage,
    Listing,
    LocalTime,
    MailboxInfo,
    MessageList,
    MessageSound,
    MessageStatus,
    PinCheck,
    PinVerdict,
    WaitingMessages,
)
from app.voicemail.owner_jobs import CALLS_MOST, ListedCall, MissedListing

log = logging.getLogger(__name__)

CHANGES_MOST = 500
"""Changes of the store that are looked at one by one; after more, all lamps are counted anew."""

_STATES = {
    MessageList.URGENT: EntryState.NEW,
    MessageList.NEW: EntryState.NEW,
    MessageList.OLD: EntryState.HEARD,
    MessageList.BIN: EntryState.BIN,
}


class ClerkJobs:
    """Does the jobs that need the store. One object, one thread.

    What goes wrong in a job is raised as it comes: app/clerk/desk.py knows what the store's errors
    mean.
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
        listener: Listener | None = None,
    ) -> None:
        self.listener = listener
        self._config, self._db, self._store = config, db, store
        self._mirror = Mirror(db)
        self._people, self._clock = people, clock
        self._zone = zone_of(config.zone)
        self._claim = Claim(config.store_path)
        composer = Composer(config, db, store, people, aliases, delivery, clock, self._zone)
        self.inboxes, self.aliases = Inboxes(db, store, people, delivery, composer), aliases
        self._playback = Playback(media)
        self.claims = Claims(db, people)
        self.mail = MailJobs(config, store, media, self._local_time)
        self.owners = OwnerJobs(config, db, people)
        self.notifier = Notifier(db, store, people, delivery, clock, self._zone)
        self.notices = Notices(self.notifier, db, people)
        self._version = -1
        self._change = -1
        self._answers_lines = Remembered[Person | None](people.changes)
        self.register = Register(people, clock, self._info)
        self._greetings = Greetings(Path(config.greetings))
        self._unheard: dict[str, int] = {}

    # ---- besides the jobs

    def close(self) -> None:
        """Commit what waits and close the store."""
        if self.listener is not None:
            self.listener.close()
        self._db.close()

    def news(self) -> WaitingMessages | None:
        """Unheard messages, if the store has changed since, or a presence has ended by itself."""
        self.notices.look(self._store.data_version())
        version, ends = self._store.data_version(), self.register.ends
        if version == self._version and (ends is None or self._clock.now() < ends):
            return None
        self._version = version
        change, people = self._store.last_change(), self._look_who_is_here()
        if change == self._change and not people:
            return None
        self._look_at_lamps(change, people)
        calls, faxes = self.notices.calls(), self._store.faxes.waiting()
        return WaitingMessages(self._unheard, change, calls, faxes, self.register.version)

    def _look_at_lamps(self, change: int, everybody: bool) -> None:
        """What lights lamps, after this change: of those whom it concerns, or of everybody."""
        since, self._change = self._change, change
        found = None
        if since >= 0 and not everybody:
            changes = self._store.changes(since, CHANGES_MOST)
            if len(changes) < CHANGES_MOST:
                found = {one.person for one in changes if one.person is not None}
        if found is None:
            self._unheard = self._store.unheard_by_handset()
        elif found:
            self._unheard = self._unheard | self._store.unheard_by_handset(found)

    def missed_call(
        self, number: int, line: str, caller: Caller, why: str, mailbox: str = ""
    ) -> None:
        """Note a call that nobody answered, for the mailbox's owner or the administrator."""
        owner = self._people.by_mailbox(mailbox) if mailbox else None
        self.inboxes.composer.note_missed(number, owner, line, caller, why)

    def ended_call(self, number: int, call: EndedCall) -> None:
        """Note a call that is over, once."""

        def note(tx: Tx) -> None:
            if self._store.recordings.once(tx, number):
                self._store.calls.note(
                    tx,
                    call.line,
                    clean_number(call.caller.number),
                    clean_name(call.caller.name),
                    call.to,
                    call.outcome,
                    call.waited_s,
                    call.talked_s,
                    call.trunk,
                    call.way,
                )

        self._db.now(note)

    def note_own(self, number: int, person: int, verb: str, detail: str) -> None:
        """Write into the history what somebody has done with what is theirs, once."""
        owner = self._people.by_id(person)
        by = owner.login if owner is not None else ""

        def note(tx: Tx) -> None:
            if self._store.recordings.once(tx, number):
                event = AuditEvent(person or None, None, detail)  # 0: the company's
                self._store.audit_log.write(tx, verb, DOOR, by, [event])

        self._db.now(note)

    # ---- who is here

    def directory(self, known: int = 0) -> DirectoryNews:
        """What has changed since this version."""
        self._look_who_is_here()
        return self.register.since(known)

    def _look_who_is_here(self) -> bool:
        """Whether anybody has changed, or who answers lines that are nobody's."""
        first = self._answers_lines.get(None, self._people.answers_lines)
        head = Directory(
            default=self._config.default_mailbox or (first.mailbox if first else ""),
            services=(SERVICE_NUMBER,) if self._claim.code else (),
            night=self._greetings.night,
        )
        return self.register.look(head)

    def claim_code(self) -> str | None:
        """The code that makes an administrator; None once there is one."""
        return self._claim.code

    def mailbox(self, number: str) -> MailboxInfo | None:
        """What to know of a mailbox but its greetings; None if there is none."""
        person = self._people.by_mailbox(number)
        return None if person is None else self._info(person, self._people.presences.of(person.id))

    def _info(self, person: Person, now: PresenceNow) -> MailboxInfo:
        return MailboxInfo(
            person=person.id,
            number=person.mailbox,
            name=person.name,
            language=person.language,
            key_map=person.key_map,
            greetings=(),
            presence=now.presence,
            until=None if now.until is None else self._local_time(now.until),
            messages=now.rule.messages,
            outside_login=person.outside_login,
            mail_by_phone=person.mail_by_phone,
            envelope_first=person.envelope_first,
            missed_lamp=person.missed_lamp,
            shared=bool(self._people.shared.members(person.id)),
        )

    def set_presence(self, person: int, presence: Presence, until: str = "") -> bool:
        """Say whether a person can be reached; False if there is no such day to come."""
        owner, now = self._people.by_id(person), self._clock.now()
        today = datetime.fromtimestamp(now, self._zone).date()
        day = day_of(until, today) if until else None
        ends = None if day is None else day_begins(day, self._zone)
        if owner is None or (until and (ends is None or ends <= now)):
            return False
        words = presence_words(presence, day)
        presences = self._people.presences
        self._db.now(lambda tx: presences.set(tx, person, presence, ends, owner.login, DOOR, words))
        return True

    def called_out(self, number: int, outcome: str) -> None:
        """Note how a call went that the box has made by itself."""
        self.notifier.called(number, outcome)

    def check_pin(
        self,
        number: int,
        mailbox: str,
        pin: str,
        line: str,
        caller: Caller | None,
        called: bool = False,
    ) -> PinCheck:
        """Judge a PIN; `called`: the box has called there by itself, as the owner wants."""
        origin = PinOrigin(line, caller is not None, caller.number if caller else None)
        person = self._people.by_mailbox(mailbox)
        if person is not None and origin.outside and not (called or person.outside_login):
            person = None  # whom nobody reaches from outside is to strangers like nobody
        answer = self._people.check_pin(
            NOBODY if person is None else person.id, pin, origin, number
        )
        verdict = PinVerdict(answer.result.value)
        return PinCheck(verdict, None if person is None else person.id, answer.wait_s)

    # ---- the owner's inbox

    def message_sound(self, number: int, start: int, count: int) -> bytes:
        """`count` samples of a message from sample `start` on; fewer at its end.

        Raises NotReady while it is being decoded, MediaFailed and JobFailed if it cannot be.
        """
        entry = self._store.entry(number)
        if entry is None:
            raise JobFailed(f"there is no entry {number}")
        return self._playback.samples(entry.content, self._store.octets(entry), start, count)

    def listing(self, person: int, which: MessageList, after: int = 0, before: int = 0) -> Listing:
        """A page of voicemails, those after an entry or before it; and how many there are."""
        found = self._page(person, which, after, before)
        taken = self.claims.taken(entry.id for entry in found)
        texts = self._store.transcripts.of(entry.content for entry in found)
        messages = tuple(
            ListedMessage(
                entry=entry.id,
                new=entry.state is EntryState.NEW,
                saved=entry.saved,
                number=entry.caller_number,
                name=self._caller_name(entry.caller_number, entry.caller_name),
                received=self._local_time(entry.received_at),
                taken_by=taken.get(entry.id, ""),
                urgent=entry.urgent,
                private=entry.private,
                said_number=other_number(texts.get(entry.content), entry.caller_number),
            )
            for entry in found
        )
        new, new_mails = self._store.unheard(person)
        owner = self._people.by_id(person)
        room = fullness(0 if owner is None else self.inboxes.delivery.inboxes.percent_full(owner))
        old = self._store.voicemails(person) - new
        return Listing(messages, new, old, new_mails, room, self._mirror.is_away(person))

    def _page(self, person: int, which: MessageList, after: int, before: int) -> list[Entry]:
        """In the list's order; the bin's is against that of numbers."""
        state = _STATES[which]
        downwards = which is MessageList.BIN
        beyond = before or after
        if downwards and beyond in (0, LIST_END):
            beyond = LIST_END - beyond
        against = bool(before) != downwards
        if state is EntryState.NEW:
            urgent = which is MessageList.URGENT
            found = self._store.unheard_beyond(person, urgent, beyond, LISTED_MOST, against)
        else:
            found = self._store.voicemails_beyond(person, state, beyond, LISTED_MOST, against)
        return found[::-1] if before else found

    def missed_calls(self, person: int, seen: int = 0) -> MissedListing:
        """Somebody's latest missed calls, and how many nobody has seen yet.

        Those up to the number `seen` are seen from now on.
        """
        owner = self._people.by_id(person)
        if seen and owner is not None:
            see = self._store.missed_calls_seen
            self._db.now(lambda tx: see(tx, person, seen, DOOR, owner.login))
        calls = tuple(
            ListedCall(
                call.id,
                call.caller_number,
                self._caller_name(call.caller_number, call.caller_name),
                self._local_time(call.at),
            )
            for call in self._store.latest_missed_calls(person, CALLS_MOST)
        )
        return MissedListing(calls, self._store.unseen_missed_calls(person))

    def _caller_name(self, number: str | None, name: str | None) -> str | None:
        """Who has the number here, else the name that came with the call."""
        known = number and (self._people.by_mailbox(number) or self._people.by_handset(number))
        return known.name if known else name

    def look(self, person: int, entry: int) -> MessageStatus:
        """Whether a message is still in the inbox, and whether it can be played."""
        found = self._store.entry(entry)
        if found is None or found.person != person:
            return MessageStatus(there=False, sound=MessageSound.NONE)
        there = found.state in (EntryState.NEW, EntryState.HEARD)
        return MessageStatus(there, self._sound(found))

    def _sound(self, entry: Entry) -> MessageSound:
        try:
            self.message_sound(entry.id, 0, 1)
        except (SourceFailed, JobFailed) as problem:
            log.error("entry %d cannot be read: %s", entry.id, problem)
            return MessageSound.FAILED
        except MediaFailed as problem:
            log.warning("entry %d cannot be played: %s", entry.id, problem)
            return MessageSound.NONE
        if self._playback.broken_off(entry.content):
            return MessageSound.BROKEN_OFF
        return MessageSound.WHOLE

    def mark(
        self,
        person: int,
        entries: tuple[int, ...],
        saved: bool | None = None,
        new: bool = False,
        door: str = PHONE_DOOR,
    ) -> int:
        """Heard or new, and perhaps saved; how many messages that changed."""
        mine, by = self._mine(person, entries)
        state = EntryState.NEW if new else EntryState.HEARD
        return self._db.now(lambda tx: self._store.mark(tx, mine, state, saved, door=door, by=by))

    def remove(self, person: int, entries: tuple[int, ...], door: str = PHONE_DOOR) -> int:
        """Into the bin; how many messages were not there already."""
        mine, by = self._mine(person, entries)
        return self._db.now(lambda tx: self._store.remove(tx, mine, door=door, by=by))

    def restore(self, person: int, entries: tuple[int, ...], door: str = PHONE_DOOR) -> int:
        """Out of the bin; how many messages came back."""
        mine, by = self._mine(person, entries)
        return self._db.now(lambda tx: self._store.restore(tx, mine, door=door, by=by))

    def _mine(self, person: int, entries: tuple[int, ...]) -> tuple[list[int], str]:
        found = [self._store.entry(number) for number in entries]
        mine = [entry.id for entry in found if entry is not None and entry.person == person]
        owner = self._people.by_id(person)
        return mine, owner.login if owner is not None else ""

    def _local_time(self, at: float) -> LocalTime | None:
        """As it is said; None where the clock was not set then, so that nobody hears of 1970."""
        if not is_set(at):
            return None
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


def jobs_over(
    config: ClerkConfig, db: Database, clock: Clock, media: Media, listener: Listener
) -> ClerkJobs:
    """The jobs over an open store, with who listens for its changes."""
    delivery_config = DeliveryConfig(
        domains=config.domains,
        host_addresses=config.host_addresses,
        hostname=config.hostname,
        postmaster=config.postmaster,
        free_floor=config.free_floor,
        voice_reserve=config.voice_reserve,
        limits=config.limits,
        callers_percent=config.callers_percent,
        full_is_permanent=config.full_is_permanent,
    )
    store, people = Store(db, clock), People(db, clock)
    aliases = Aliases(db, people, delivery_config, clock)
    queue = Queue(db, store, people, delivery_config, clock)
    room = Room(db, store, delivery_config)
    delivery = Delivery(store, people, aliases, queue, delivery_config, room)
    return ClerkJobs(config, db, store, people, aliases, delivery, clock, media, listener)
