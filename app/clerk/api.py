"""The clerk's jobs, typed once for both ends: what does them and what asks for them.

ClerkApi is the end that does the jobs (app/clerk/jobs.py). JobClient is the end that asks: the same
jobs, each giving a Wait. Between the two, JOBS says how arguments and results become JSON and back;
what arrives is checked against the annotations here. Octets travel beside the JSON (frames.py).
"""

import inspect
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from app.clerk.job import Job as Job
from app.clerk.job import NotReady as NotReady
from app.core.presence import Presence
from app.phone.calls.caller import Caller, WhyVoicemail
from app.phone.calls.dialplan import Directory
from app.phone.calls.directory_news import DirectoryCopy, DirectoryNews
from app.phone.calls.scripting import Wait
from app.phone.jobs import ClerkSound, EndedCall
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

P = ParamSpec("P")
R = TypeVar("R")


NUMBERS = 1 << 42


def new_number() -> int:
    """A number, 1 to 2^42 - 1, that no call or recording has had: what is asked for twice has one.

    It is random, because numbers outlive the process and, in the spool, even the store.
    """
    return 1 + secrets.randbelow(NUMBERS - 1)


class ClerkApi(Protocol):
    """All jobs; app/phone/jobs.py and app/voicemail/jobs.py say what each one is.

    Each may be asked twice, because the clerk died before it answered, and must then do no harm.
    What it changes is on the disk when it returns, only samples are on the disk after flush().
    Each raises JobFailed when it cannot be done.
    """

    def directory(self, known: int = 0) -> DirectoryNews:
        """Who has which mailbox and handset: what has changed since version `known`."""
        ...

    def missed_call(
        self, number: int, line: str, caller: Caller, why: str, mailbox: str = ""
    ) -> None:
        """Note a call that nobody answered, for the mailbox's owner or the administrator.

        `number` is the call's.
        """
        ...

    def ended_call(self, number: int, call: EndedCall) -> None:
        """Note a call that is over; `number` is the call's."""
        ...

    def sound(self, sound: ClerkSound, start: int, count: int) -> bytes:
        """S16LE at 8 kHz: `count` samples from `start` on, fewer at the end. Raises NotReady."""
        ...

    def mailbox(
        self, number: str, why: WhyVoicemail = WhyVoicemail.NO_ANSWER
    ) -> MailboxInfo | None:
        """What to know of a mailbox."""
        ...

    def called_out(self, number: int, outcome: str) -> None:
        """Note how a call went that the box has made by itself."""
        ...

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
        ...

    def claim_code(self) -> str | None:
        """The code that makes an administrator."""
        ...

    def set_presence(self, person: int, presence: Presence, until: str = "") -> bool:
        """Say whether a person can be reached; False if there is no such day to come."""
        ...

    def listing(self, person: int, which: MessageList, after: int = 0, before: int = 0) -> Listing:
        """A page of somebody's voicemails."""
        ...

    def look(self, person: int, entry: int) -> MessageStatus:
        """Whether a message is there and can be played. Raises NotReady while it is decoded."""
        ...

    def first_use(self, person: int) -> tuple[str, ...]:
        """What is left of somebody's first use."""
        ...

    def first_use_done(self, person: int, step: str) -> None:
        """A step of it is done or skipped."""
        ...

    def set_pin(self, number: int, person: int, pin: str) -> PinChange:
        """Give somebody a PIN that they have chosen."""
        ...

    def languages(self) -> tuple[str, ...]:
        """The languages of prompts."""
        ...

    def set_own(self, person: int, setting: OwnSetting, value: str) -> None:
        """Change a setting of somebody's own."""
        ...

    def missed_calls(self, person: int, seen: int = 0) -> MissedListing:
        """Somebody's missed calls, once those up to `seen` are seen."""
        ...

    def follow_me(self, person: int, line: str, wanted: str | None = None) -> str | None:
        """Where somebody is called besides, after it was set to what is wanted."""
        ...

    def mails(self, person: int) -> MailListing:
        """Somebody's e-mails."""
        ...

    def read_mail(self, person: int, entry: int) -> MailToRead:
        """What there is to read aloud of a mail. Raises NotReady while it is looked at."""
        ...

    def mark(
        self, person: int, entries: tuple[int, ...], saved: bool | None, new: bool, door: str
    ) -> int:
        """Mark messages as heard, or as new."""
        ...

    def remove(self, person: int, entries: tuple[int, ...], door: str = PHONE_DOOR) -> int:
        """Move messages into the bin."""
        ...

    def restore(self, person: int, entries: tuple[int, ...], door: str = PHONE_DOOR) -> int:
        """Take messages out of the bin."""
        ...

    def claim(self, person: int, entry: int, line: str) -> ClaimResult:
        """Take a message of a shared mailbox."""
        ...

    def release(self, person: int, entry: int, line: str) -> ClaimResult:
        """Give it back."""
        ...

    def begin_recording(
        self, number: int, mailbox: str, line: str, caller: Caller
    ) -> RecordingStart:
        """Begin a recording that gets this number."""
        ...

    def samples(self, recording: int, seq: int, octets: bytes) -> None:
        """Keep a piece of a recording."""
        ...

    def end_recording(
        self,
        recording: int,
        why: str,
        pieces: int | None = None,
        takes: tuple[int, ...] = (),
        urgent: bool = False,
    ) -> RecordingResult:
        """Deliver a recording. Raises NotReady while the message is being composed."""
        ...

    def greetings(self, person: int) -> tuple[OwnGreeting, ...]:
        """Which greetings somebody has."""
        ...

    def set_marks(self, person: int, entry: int, urgent: bool, private: bool) -> bool:
        """Mark a message as urgent or not, private or not."""
        ...

    def addressee(self, person: int, digits: str) -> Addressee | None:
        """Whom these digits mean."""
        ...

    def caller_of(self, person: int, entry: int) -> Addressee | None:
        """Who an answer to this message goes to."""
        ...

    def send_letter(self, number: int, person: int, letter: Letter) -> LetterResult:
        """Deliver what a person sends; `number` is this letter's."""
        ...

    def begin_draft(self, number: int) -> int:
        """Begin a draft that gets this number."""
        ...

    def draft_samples(self, draft: int, seq: int, octets: bytes) -> None:
        """Keep a piece of a draft."""
        ...

    def drop_draft(self, draft: int) -> None:
        """Forget a draft."""
        ...

    def keep_greeting(
        self, number: int, person: int, kind: str, draft: int, until: str = ""
    ) -> GreetingResult:
        """Make a draft somebody's greeting; `number` is this wish's."""
        ...

    def remove_greeting(self, number: int, person: int, kind: str) -> bool:
        """Remove a greeting; `number` is this wish's."""
        ...

    def begin_fax(self, number: int, mailbox: str, line: str, caller: Caller) -> FaxStart:
        """Where a fax goes; `number` is the call's."""
        ...

    def end_fax(self) -> None:
        """Deliver the faxes that have come in."""
        ...

    def next_fax(self) -> FaxToSend | None:
        """A fax that is to be sent now. Raises NotReady while its pages are made."""
        ...

    def fax_over(self, call: FaxCallOver) -> None:
        """The call for a fax is over."""
        ...


class ClerkBackend(ClerkApi, Protocol):
    """The jobs, and what the process around them does besides answering."""

    def flush(self) -> None:
        """Make samples durable; before this they must not be acknowledged. Raises JobFailed."""
        ...

    def work(self) -> bool:
        """Do a short piece of work that is due (milliseconds); False if there is none."""
        ...

    def news(self) -> WaitingMessages | None:
        """Unheard messages, if the store has changed since the last time."""
        ...


JOBS = {
    name: Job(name, function)
    for name, function in vars(ClerkApi).items()
    if not name.startswith("_") and inspect.isfunction(function)
}


class JobClient(ABC):
    """The asking end: implements app.voicemail.jobs.VoicemailClerk on top of `_ask`."""

    def __init__(self) -> None:
        self._directory = DirectoryCopy()

    @abstractmethod
    def _ask(
        self, job: Callable[Concatenate[ClerkApi, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> Wait[R]:
        """Ask for a job, named by the method of ClerkApi that does it."""

    def directory(self) -> Wait[Directory]:
        """See app.phone.jobs.Clerk."""
        copy = self._directory
        return self._ask(ClerkApi.directory, copy.version).then(copy.take)

    def missed_call(self, line: str, caller: Caller, why: str, mailbox: str = "") -> Wait[None]:
        """See app.phone.jobs.Clerk."""
        return self._ask(ClerkApi.missed_call, new_number(), line, caller, why, mailbox)

    def ended_call(self, call: EndedCall) -> Wait[None]:
        """See app.phone.jobs.Clerk."""
        return self._ask(ClerkApi.ended_call, new_number(), call)

    def sound(self, sound: ClerkSound, start: int, count: int) -> Wait[bytes]:
        """See app.phone.jobs.Clerk; `start` and `count` are samples."""
        return self._ask(ClerkApi.sound, sound, start, count)

    def mailbox(
        self, number: str, why: WhyVoicemail = WhyVoicemail.NO_ANSWER
    ) -> Wait[MailboxInfo | None]:
        """See app.voicemail.jobs.VoicemailClerk, also for the jobs below."""
        return self._ask(ClerkApi.mailbox, number, why)

    def called_out(self, number: int, outcome: str) -> Wait[None]:
        """Say how a call went that the box has made by itself."""
        return self._ask(ClerkApi.called_out, number, outcome)

    def check_pin(
        self, mailbox: str, pin: str, line: str, caller: Caller | None, called: bool = False
    ) -> Wait[PinCheck]:
        """Judge a PIN."""
        return self._ask(ClerkApi.check_pin, new_number(), mailbox, pin, line, caller, called)

    def claim_code(self) -> Wait[str | None]:
        """The code that makes an administrator."""
        return self._ask(ClerkApi.claim_code)

    def set_presence(self, person: int, presence: Presence, until: str = "") -> Wait[bool]:
        """Say whether a person can be reached, perhaps until a day."""
        return self._ask(ClerkApi.set_presence, person, presence, until)

    def listing(
        self, person: int, which: MessageList, after: int = 0, before: int = 0
    ) -> Wait[Listing]:
        """A page of somebody's voicemails: those after an entry, or those before it."""
        return self._ask(ClerkApi.listing, person, which, after, before)

    def look(self, person: int, entry: int) -> Wait[MessageStatus]:
        """Whether a message is there and can be played."""
        return self._ask(ClerkApi.look, person, entry)

    def first_use(self, person: int) -> Wait[tuple[str, ...]]:
        """What is left of somebody's first use."""
        return self._ask(ClerkApi.first_use, person)

    def first_use_done(self, person: int, step: str) -> Wait[None]:
        """A step of it is done or skipped."""
        return self._ask(ClerkApi.first_use_done, person, step)

    def set_pin(self, person: int, pin: str) -> Wait[PinChange]:
        """Give somebody a PIN that they have chosen."""
        return self._ask(ClerkApi.set_pin, new_number(), person, pin)

    def languages(self) -> Wait[tuple[str, ...]]:
        """The languages of prompts."""
        return self._ask(ClerkApi.languages)

    def set_own(self, person: int, setting: OwnSetting, value: str) -> Wait[None]:
        """Change a setting of somebody's own."""
        return self._ask(ClerkApi.set_own, person, setting, value)

    def missed_calls(self, person: int, seen: int = 0) -> Wait[MissedListing]:
        """Somebody's missed calls."""
        return self._ask(ClerkApi.missed_calls, person, seen)

    def follow_me(self, person: int, line: str, wanted: str | None = None) -> Wait[str | None]:
        """Where somebody is called besides, after it was set to what is wanted."""
        return self._ask(ClerkApi.follow_me, person, line, wanted)

    def mails(self, person: int) -> Wait[MailListing]:
        """Somebody's e-mails."""
        return self._ask(ClerkApi.mails, person)

    def read_mail(self, person: int, entry: int) -> Wait[MailToRead]:
        """What there is to read aloud of a mail."""
        return self._ask(ClerkApi.read_mail, person, entry)

    def mark(
        self,
        person: int,
        entries: tuple[int, ...],
        saved: bool | None = None,
        new: bool = False,
        door: str = PHONE_DOOR,
    ) -> Wait[int]:
        """Mark messages as heard, or as new."""
        return self._ask(ClerkApi.mark, person, entries, saved, new, door)

    def remove(self, person: int, entries: tuple[int, ...], door: str = PHONE_DOOR) -> Wait[int]:
        """Move messages into the bin."""
        return self._ask(ClerkApi.remove, person, entries, door)

    def restore(self, person: int, entries: tuple[int, ...], door: str = PHONE_DOOR) -> Wait[int]:
        """Take messages out of the bin."""
        return self._ask(ClerkApi.restore, person, entries, door)

    def claim(self, person: int, entry: int, line: str) -> Wait[ClaimResult]:
        """Take a message of a shared mailbox."""
        return self._ask(ClerkApi.claim, person, entry, line)

    def release(self, person: int, entry: int, line: str) -> Wait[ClaimResult]:
        """Give it back."""
        return self._ask(ClerkApi.release, person, entry, line)

    def begin_recording(self, mailbox: str, line: str, caller: Caller) -> Wait[RecordingStart]:
        """Begin a recording."""
        return self._ask(ClerkApi.begin_recording, new_number(), mailbox, line, caller)

    def samples(self, recording: int, seq: int, octets: bytes) -> Wait[None]:
        """Keep a piece of a recording."""
        return self._ask(ClerkApi.samples, recording, seq, octets)

    def end_recording(
        self,
        recording: int,
        why: str,
        pieces: int | None = None,
        takes: tuple[int, ...] = (),
        urgent: bool = False,
    ) -> Wait[RecordingResult]:
        """Deliver a recording of so many pieces."""
        return self._ask(ClerkApi.end_recording, recording, why, pieces, takes, urgent)

    def greetings(self, person: int) -> Wait[tuple[OwnGreeting, ...]]:
        """Which greetings somebody has."""
        return self._ask(ClerkApi.greetings, person)

    def set_marks(self, person: int, entry: int, urgent: bool, private: bool) -> Wait[bool]:
        """Mark a message as urgent or not, private or not."""
        return self._ask(ClerkApi.set_marks, person, entry, urgent, private)

    def addressee(self, person: int, digits: str) -> Wait[Addressee | None]:
        """Whom these digits mean."""
        return self._ask(ClerkApi.addressee, person, digits)

    def caller_of(self, person: int, entry: int) -> Wait[Addressee | None]:
        """Who an answer to this message goes to."""
        return self._ask(ClerkApi.caller_of, person, entry)

    def send_letter(self, person: int, letter: Letter) -> Wait[LetterResult]:
        """Deliver what a person sends, once."""
        return self._ask(ClerkApi.send_letter, new_number(), person, letter)

    def begin_draft(self) -> Wait[int]:
        """The number of a new draft."""
        return self._ask(ClerkApi.begin_draft, new_number())

    def draft_samples(self, draft: int, seq: int, octets: bytes) -> Wait[None]:
        """Keep a piece of a draft."""
        return self._ask(ClerkApi.draft_samples, draft, seq, octets)

    def drop_draft(self, draft: int) -> Wait[None]:
        """Forget a draft."""
        return self._ask(ClerkApi.drop_draft, draft)

    def keep_greeting(
        self, person: int, kind: str, draft: int, until: str = ""
    ) -> Wait[GreetingResult]:
        """Make a draft somebody's greeting."""
        return self._ask(ClerkApi.keep_greeting, new_number(), person, kind, draft, until)

    def remove_greeting(self, person: int, kind: str) -> Wait[bool]:
        """Remove a greeting."""
        return self._ask(ClerkApi.remove_greeting, new_number(), person, kind)

    def begin_fax(self, mailbox: str, line: str, caller: Caller) -> Wait[FaxStart]:
        """Where a fax for this mailbox goes."""
        return self._ask(ClerkApi.begin_fax, new_number(), mailbox, line, caller)

    def end_fax(self) -> Wait[None]:
        """A fax call is over."""
        return self._ask(ClerkApi.end_fax)

    def next_fax(self) -> Wait[FaxToSend | None]:
        """A fax that is to be sent now."""
        return self._ask(ClerkApi.next_fax)

    def fax_over(self, call: FaxCallOver) -> Wait[None]:
        """The call for a fax is over."""
        return self._ask(ClerkApi.fax_over, call)
