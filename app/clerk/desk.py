"""Where the clerk's jobs are asked for, whether or not the store can be used.

The store may be missing, damaged, read-only, locked, or go away while it is in use. Calls must go
on then: who has which number is known from the last time (known.py), prompts and greetings are
files, recordings go into the spool (spool.py). What cannot be done without the store raises
StoreAway. The store is tried again every AWAY_S, and what is in the spool is delivered then.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from app.clerk.config import ClerkConfig
from app.clerk.drafts import Drafts
from app.clerk.ended import HowEnded
from app.clerk.faxes import FaxJobs
from app.clerk.faxes_out import FaxesOut
from app.clerk.greeting_jobs import GreetingJobs
from app.clerk.jobs import ClerkJobs, jobs_over
from app.clerk.known import Known
from app.clerk.letters import LetterJobs
from app.clerk.media import Media, MediaFailed
from app.clerk.prompt_store import PromptStore
from app.clerk.recordings import Inboxes, RecordingJobs
from app.clerk.speech import Speaker
from app.clerk.spool import Spool, SpoolFolder
from app.core.clock import Clock
from app.core.presence import Presence
from app.core.units import MB
from app.core.zones import zone_of
from app.inbox.greetings import GreetingKind, Greetings
from app.phone.calls.caller import Caller, WhyVoicemail
from app.phone.calls.directory_news import DirectoryNews, news
from app.phone.jobs import (
    ClerkSound,
    Draft,
    EndedCall,
    Greeting,
    HoldMusic,
    JobFailed,
    MailText,
    MessageAudio,
    Prompt,
    Take,
)
from app.store.database import Database, StoreDamaged, StoreFailed
from app.store.errors import TROUBLE
from app.store.presence import identity, must_exist
from app.voicemail.fax_jobs import FaxCallOver, FaxToSend
from app.voicemail.jobs import (
    PHONE_DOOR,
    Addressee,
    ClaimResult,
    FaxStart,
    GreetingResult,
    Letter,
    LetterResult,
    Listing,
    MailboxInfo,
    MessageList,
    MessageStatus,
    OwnGreeting,
    PinCheck,
    RecordingResult,
    RecordingStart,
    WaitingMessages,
)
from app.voicemail.owner_jobs import MailListing, MailToRead, MissedListing, OwnSetting, PinChange

log = logging.getLogger(__name__)

T = TypeVar("T")

AWAY_S = 2.0  # between tries of a store that could not be used; meanwhile nobody waits for it
LOCK_S = 3.0  # that a call waits for another process that writes; then there is the spool
DRAFT_LONGEST_S = 180  # what an owner says for somebody; greetings are shorter
SPOOL_MOST = 64 * MB  # on the disk: 65 minutes
SPOOL_MEMORY_MOST = 16 * MB  # in memory: 16 minutes


class StoreAway(JobFailed):
    """The store cannot be used now, and without it this job cannot be done."""


class Desk:
    """Does all jobs: app.clerk.api.ClerkBackend. One object, one thread.

    `opened` opens the store and is called again when it could not, or when its file has gone.
    """

    def __init__(
        self, config: ClerkConfig, clock: Clock, media: Media, opened: Callable[[], ClerkJobs]
    ) -> None:
        self._config, self._clock, self._opened = config, clock, opened
        self._known = Known(config.known_path, config.language, clock)
        self._jobs: ClerkJobs | None = None
        self._file: tuple[int, int] | None = None
        self._away_until = float("-inf")
        self._recovered = False
        self._known_version = 0  # of the register
        spool = Spool(
            (
                SpoolFolder(config.spool, SPOOL_MOST),
                SpoolFolder(config.spool_memory, SPOOL_MEMORY_MOST),
            )
        )
        self.faxes = FaxJobs(self._inboxes, self._trouble, self._known, config, clock)
        self._faxes_out = FaxesOut(config, clock, media)
        self.recordings = RecordingJobs(self._inboxes, self._trouble, spool, self._known, clock)
        self._prompts = PromptStore(Path(config.packs), Speaker(Path(config.cache)), media)
        self._greetings = Greetings(Path(config.greetings))
        self._drafts = Drafts(Path(config.spool) / "drafts", DRAFT_LONGEST_S)
        zone = zone_of(config.zone)
        self._greeting_jobs = GreetingJobs(self._greetings, self._drafts, clock, zone, self._ask)
        self._zone = zone

    def recover(self, live: set[int]) -> int:
        """At start: finish what is left, but for what a line is feeding now; how many.

        What there is in a store that cannot be used yet is finished when it can.
        """
        self._recovered = True
        return self.recordings.recover(live)

    # ---- the store

    def _store(self) -> ClerkJobs | None:
        """The jobs that need the store; None while it cannot be used."""
        if self._clock.monotonic() < self._away_until:
            return None
        if self._jobs is not None and self._file != identity(self._config.store_path):
            log.error("%s is not the file it was: opened anew", self._config.store_path)
            self._close()
        if self._jobs is None:
            try:
                self._open()
            except TROUBLE as problem:
                self._trouble(problem)
        return self._jobs

    def _open(self) -> None:
        path = self._config.store_path
        if not self._known.empty and not path.exists():
            raise StoreFailed(f"{path} is missing, and there were people in it")
        self._jobs = self._opened()
        self._file = identity(path)
        self._remembered(self._jobs, 0)
        if self._recovered:
            self.recordings.finish_left()

    def _trouble(self, problem: Exception) -> None:
        log.error("the store cannot be used: %s", problem)
        self._away_until = self._clock.monotonic() + AWAY_S

    def _close(self) -> None:
        jobs, self._jobs = self._jobs, None
        try:
            if jobs is not None:
                jobs.close()
        except TROUBLE as problem:
            log.error("the store could not be closed in good order: %s", problem)

    def _inboxes(self) -> Inboxes | None:
        jobs = self._store()
        return None if jobs is None else jobs.inboxes

    def _ask(self, job: Callable[[ClerkJobs], T]) -> T:
        """What needs the store. Raises StoreAway, and what the job raises."""
        jobs = self._store()
        if jobs is None:
            raise StoreAway("the store cannot be used")
        try:
            return job(jobs)
        except StoreDamaged as problem:  # what is asked for lies there; others may be answered
            raise StoreAway(str(problem)) from problem
        except TROUBLE as problem:
            self._trouble(problem)
            raise StoreAway(str(problem)) from problem

    # ---- besides the jobs

    def flush(self) -> None:
        """Make the samples received durable; before this they must not be acknowledged."""
        self.recordings.flush()

    def work(self) -> bool:
        """Do a step of making a message of a recording or a fax; False: there is nothing to do."""
        self._known.save_due()
        return self.recordings.work() or self.faxes.work()

    def close(self) -> None:
        """Commit what waits and close the store."""
        self._known.save()
        self._close()

    def readers(self) -> list[int]:
        """Descriptors that become readable when the store changes."""
        listener = self._jobs.listener if self._jobs is not None else None
        return [] if listener is None else [listener.fileno()]

    def clear_notices(self) -> None:
        """The store will be looked at."""
        if self._jobs is not None and self._jobs.listener is not None:
            self._jobs.listener.clear()

    def news(self) -> WaitingMessages | None:
        """Unheard messages, if the store has changed since the last time."""
        try:
            return self._ask(ClerkJobs.news)
        except StoreAway:
            return None

    # ---- recordings

    def begin_recording(
        self, number: int, mailbox: str, line: str, caller: Caller
    ) -> RecordingStart:
        """Begin a recording."""
        return self.recordings.begin_recording(number, mailbox, line, caller)

    def samples(self, recording: int, seq: int, octets: bytes) -> None:
        """Keep a piece of a recording."""
        self.recordings.samples(recording, seq, octets)

    def end_recording(
        self,
        recording: int,
        why: str,
        pieces: int | None = None,
        takes: tuple[int, ...] = (),
        urgent: bool = False,
    ) -> RecordingResult:
        """Deliver a recording. Raises NotReady while the message is being composed."""
        return self.recordings.end_recording(recording, HowEnded(why, pieces, takes, urgent))

    # ---- faxes

    def begin_fax(self, number: int, mailbox: str, line: str, caller: Caller) -> FaxStart:
        """Where a fax comes in."""
        return self.faxes.begin_fax(number, mailbox, line, caller)

    def end_fax(self) -> None:
        """Deliver the faxes that have come in."""
        self.faxes.end_fax()

    def next_fax(self) -> FaxToSend | None:
        """A fax that is to be sent now. Raises NotReady while its pages are made."""
        return self._ask(lambda jobs: self._faxes_out.next_fax(jobs.inboxes))

    def fax_over(self, call: FaxCallOver) -> None:
        """The call for a fax is over."""
        self._ask(lambda jobs: self._faxes_out.fax_over(jobs.inboxes, call))

    def missed_call(
        self, number: int, line: str, caller: Caller, why: str, mailbox: str = ""
    ) -> None:
        """Note a call that nobody answered; while the store is away for the administrator."""
        try:
            self._ask(lambda jobs: jobs.missed_call(number, line, caller, why, mailbox))
        except StoreAway:
            self.recordings.spool_missed_call(number, line, caller, why)

    def ended_call(self, number: int, call: EndedCall) -> None:
        """Note a call that is over; not while the store is away: what is owed is callers' words."""
        try:
            self._ask(lambda jobs: jobs.ended_call(number, call))
        except StoreAway:
            log.info("a call on %s is not in the list of calls: the store is away", call.line)

    # ---- who is here

    def directory(self, known: int = 0) -> DirectoryNews:
        """Everybody's numbers, and who answers lines that are nobody's: what is new of that."""
        try:
            return self._ask(lambda jobs: self._remembered(jobs, known))
        except StoreAway:
            return news(0, replace(self._known.directory(), night=self._greetings.night))

    def _remembered(self, jobs: ClerkJobs, known: int) -> DirectoryNews:
        found, register = jobs.directory(known), jobs.register
        if found.version != self._known_version:
            self._known.remember(register.directory(), register.mailboxes())
            self._known_version = found.version
        return found

    def mailbox(
        self, number: str, why: WhyVoicemail = WhyVoicemail.NO_ANSWER
    ) -> MailboxInfo | None:
        """What to know of a mailbox; None if there is none."""
        try:
            found = self._ask(lambda jobs: jobs.mailbox(number))
        except StoreAway:
            found = self._known.mailbox(number)
        if found is None:
            return None
        return self._greeting_jobs.with_greetings(found, why)

    def called_out(self, number: int, outcome: str) -> None:
        """Note how a call went that the box has made by itself."""
        self._ask(lambda jobs: jobs.called_out(number, outcome))

    def check_pin(
        self,
        number: int,
        mailbox: str,
        pin: str,
        line: str,
        caller: Caller | None,
        called: bool = False,
    ) -> PinCheck:
        """Judge a PIN."""
        return self._ask(lambda jobs: jobs.check_pin(number, mailbox, pin, line, caller, called))

    def claim_code(self) -> str | None:
        """The code that makes an administrator; None once there is one."""
        return self._ask(ClerkJobs.claim_code)

    def set_presence(self, person: int, presence: Presence, until: str = "") -> bool:
        """Say whether a person can be reached; False if there is no such day to come."""
        return self._ask(lambda jobs: jobs.set_presence(person, presence, until))

    # ---- sound

    def sound(self, sound: ClerkSound, start: int, count: int) -> bytes:
        """`count` samples of a sound from sample `start` on; fewer at its end.

        Raises NotReady while it is being made, and JobFailed if it cannot be.
        """
        try:
            if isinstance(sound, MessageAudio):
                return self._ask(lambda jobs: jobs.message_sound(sound.entry, start, count))
            if isinstance(sound, Take):
                return self.recordings.sound(sound, start, count)
            if isinstance(sound, MailText):
                return self._ask(lambda jobs: jobs.mail.sound(sound, start, count))
            return self._whole_sound(sound)[start * 2 : (start + count) * 2]
        except MediaFailed as problem:
            raise JobFailed(f"{sound}: {problem}") from problem

    def _whole_sound(self, sound: ClerkSound) -> bytes:
        if isinstance(sound, Greeting):
            try:
                path = self._greetings.path(sound.person, GreetingKind(sound.kind))
            except ValueError as problem:
                raise MediaFailed(str(problem)) from problem
            return self._prompts.file(path)
        if isinstance(sound, Draft):
            return self._drafts.sound(sound.draft)
        assert not isinstance(sound, MessageAudio | MailText | Take)
        if isinstance(sound, HoldMusic):
            return self._prompts.kept_file(Path(self._config.hold_music))
        language = sound.language or self._config.language
        if isinstance(sound, Prompt):
            return self._prompts.prompt(sound.name, language)
        return self._prompts.spoken(sound.text, language)

    # ---- owners' own

    def first_use(self, person: int) -> tuple[str, ...]:
        """What is left of somebody's first use."""
        return self._ask(lambda jobs: jobs.owners.first_use(person))

    def first_use_done(self, person: int, step: str) -> None:
        """A step of it is done or skipped."""
        self._ask(lambda jobs: jobs.owners.first_use_done(person, step))

    def set_pin(self, number: int, person: int, pin: str) -> PinChange:
        """Give somebody a PIN that they have chosen."""
        return self._ask(lambda jobs: jobs.owners.set_pin(number, person, pin))

    def languages(self) -> tuple[str, ...]:
        """The languages of prompts."""
        return self._ask(lambda jobs: jobs.owners.languages())

    def set_own(self, person: int, setting: OwnSetting, value: str) -> None:
        """Change a setting of somebody's own."""
        self._ask(lambda jobs: jobs.owners.set_own(person, setting, value))

    def missed_calls(self, person: int, seen: int = 0) -> MissedListing:
        """Somebody's missed calls, once those up to `seen` are seen."""
        return self._ask(lambda jobs: jobs.missed_calls(person, seen))

    def follow_me(self, person: int, line: str, wanted: str | None = None) -> str | None:
        """Where somebody is called besides, after it was set to what is wanted."""
        return self._ask(lambda jobs: jobs.owners.follow_me(person, line, wanted))

    # ---- greetings

    def greetings(self, person: int) -> tuple[OwnGreeting, ...]:
        """Which greetings somebody has."""
        return self._greeting_jobs.recorded(person)

    def begin_draft(self, number: int) -> int:
        """Begin a draft that gets this number."""
        return self._drafts.begin(number)

    def draft_samples(self, draft: int, seq: int, octets: bytes) -> None:
        """Keep a piece of a draft."""
        self._drafts.add(draft, seq, octets)

    def drop_draft(self, draft: int) -> None:
        """Forget a draft."""
        self._drafts.drop(draft)

    def keep_greeting(
        self, number: int, person: int, kind: str, draft: int, until: str = ""
    ) -> GreetingResult:
        """Make a draft somebody's greeting."""
        return self._greeting_jobs.keep(number, person, kind, draft, until)

    def remove_greeting(self, number: int, person: int, kind: str) -> bool:
        """Remove a greeting."""
        return self._greeting_jobs.remove(number, person, kind)

    # ---- the owner's inbox

    def listing(self, person: int, which: MessageList, after: int = 0, before: int = 0) -> Listing:
        """A page of voicemails, those after an entry or before it; and how many there are."""
        return self._ask(lambda jobs: jobs.listing(person, which, after, before))

    def look(self, person: int, entry: int) -> MessageStatus:
        """Whether a message is still in the inbox, and whether it can be played."""
        return self._ask(lambda jobs: jobs.look(person, entry))

    def mails(self, person: int) -> MailListing:
        """E-mails, unread ones first, the newest first."""
        return self._ask(lambda jobs: jobs.mail.mails(person))

    def read_mail(self, person: int, entry: int) -> MailToRead:
        """What there is to read aloud of a mail. Raises NotReady while it is looked at."""
        return self._ask(lambda jobs: jobs.mail.read_mail(person, entry))

    def mark(
        self,
        person: int,
        entries: tuple[int, ...],
        saved: bool | None = None,
        new: bool = False,
        door: str = PHONE_DOOR,
    ) -> int:
        """Heard or new, and perhaps saved; how many messages that changed."""
        return self._ask(lambda jobs: jobs.mark(person, entries, saved, new, door))

    def remove(self, person: int, entries: tuple[int, ...], door: str = PHONE_DOOR) -> int:
        """Into the bin; how many messages were not there already."""
        return self._ask(lambda jobs: jobs.remove(person, entries, door))

    def restore(self, person: int, entries: tuple[int, ...], door: str = PHONE_DOOR) -> int:
        """Out of the bin; how many messages came back."""
        return self._ask(lambda jobs: jobs.restore(person, entries, door))

    def claim(self, person: int, entry: int, line: str) -> ClaimResult:
        """Take a message of a shared mailbox; who has it then."""
        return self._ask(lambda jobs: jobs.claims.claim(person, entry, line))

    def release(self, person: int, entry: int, line: str) -> ClaimResult:
        """Give it back; who has it then."""
        return self._ask(lambda jobs: jobs.claims.release(person, entry, line))

    # ---- what owners send

    def _letters(self, jobs: ClerkJobs) -> LetterJobs:
        return LetterJobs(jobs.inboxes, jobs.aliases, self._greetings, self._drafts, self._zone)

    def set_marks(self, person: int, entry: int, urgent: bool, private: bool) -> bool:
        """Mark a message as urgent or not, private or not."""
        return self._ask(lambda jobs: self._letters(jobs).set_marks(person, entry, urgent, private))

    def addressee(self, person: int, digits: str) -> Addressee | None:
        """Whom these digits mean."""
        return self._ask(lambda jobs: self._letters(jobs).addressee(digits))

    def caller_of(self, person: int, entry: int) -> Addressee | None:
        """Who an answer to this message goes to."""
        return self._ask(lambda jobs: self._letters(jobs).caller_of(person, entry))

    def send_letter(self, number: int, person: int, letter: Letter) -> LetterResult:
        """Deliver what a person sends."""
        return self._ask(lambda jobs: self._letters(jobs).send(number, person, letter))


def desk_over(config: ClerkConfig, clock: Clock, media: Media) -> Desk:
    """A desk that opens the store itself."""

    def opened() -> ClerkJobs:
        must_exist(config.store_path)
        db = Database(config.store_path, clock, LOCK_S)
        return jobs_over(config, db, clock, media, db.listener("clerk"))

    return Desk(config, clock, media, opened)
