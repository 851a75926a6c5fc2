"""What the scripts of voicemail ask of the clerk: the jobs, their arguments and results.

Persons, entries and recordings are their numbers in the store. Durations are counted elsewhere;
times of day are in the box's time zone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

from app.core.presence import Presence
from app.phone.calls.caller import Caller, WhyVoicemail
from app.phone.calls.scripting import Wait
from app.phone.jobs import CallOut, Clerk
from app.voicemail.fax_jobs import FaxCallOver, FaxToSend
from app.voicemail.local_time import LocalTime as LocalTime
from app.voicemail.owner_jobs import OwnerClerk

PHONE_DOOR, PANEL_DOOR = "phone", "panel"
"""Through what messages are heard and removed, as the history says: a telephone, or the buttons of
the front panel beside a loudspeaker."""


@dataclass(frozen=True, slots=True)
class MailboxInfo:
    """What a script must know of a mailbox before its owner has logged in."""

    person: int
    number: str
    """Empty for a mailbox that stands for all, while it is not known who is here."""
    name: str
    language: str
    """Language of the prompts, an ISO 639 code."""
    key_map: str
    """Name of a row of voicemail.menu.KEY_MAPS."""
    greetings: tuple[str, ...]
    """Recorded greetings that hold now, best first: kinds (app/inbox/greetings.py), which are the
    owner's, and with `company/` before it the company's."""
    presence: Presence = Presence.IN
    until: "LocalTime | None" = None
    """When the presence ends by itself, such as the day on which who is away is back."""
    messages: bool = True
    """Whether a caller may leave a message now; the presence decides."""
    name_recorded: bool = False
    """Whether the owner has said their name, the greeting of the kind `name`."""
    outside_login: bool = False
    """Whether the owner's menu can be reached from outside lines."""
    mail_by_phone: bool = False
    """Whether the owner's menu reads e-mails out."""
    envelope_first: bool = False
    """Whether it says who called, and when, before each message."""
    missed_lamp: bool = False
    """Whether missed calls light the lamp, and are told of by the owner's menu."""
    shared: bool = False
    """Whether others listen to it, too, so that messages are taken."""


class PinVerdict(StrEnum):
    """What came of a PIN."""

    OK = "ok"
    WRONG = "wrong"
    LOCKED = "locked"
    """Too many wrong ones from here: the right one is refused for a while, too."""
    WAIT = "wait"
    """Not looked at yet: the owner's own handset is to ask again a little later."""


@dataclass(frozen=True, slots=True)
class PinCheck:
    """What came of a PIN, and whose mailbox it is; None if nobody's."""

    result: PinVerdict
    person: int | None
    wait_s: float = 0.0
    """With WAIT: seconds until the PIN is looked at."""


class MessageList(StrEnum):
    """Which of somebody's voicemails are gone through."""

    URGENT = "urgent"
    """Unheard ones that are marked as urgent, oldest first."""
    NEW = "new"
    """Other unheard ones, oldest first."""
    OLD = "old"
    """Heard ones, saved or not, oldest first."""
    BIN = "bin"
    """Removed ones that can be restored, newest first."""


@dataclass(frozen=True, slots=True)
class ListedMessage:
    """One voicemail in somebody's inbox or bin."""

    entry: int
    new: bool
    saved: bool
    number: str | None
    """The caller's number, if it is known."""
    name: str | None
    """Who has that number here, else the caller's name as it came."""
    received: LocalTime | None
    """None: it is not known, for the clock was not set."""
    taken_by: str = ""
    """Name of who has taken it, in a mailbox that several listen to; "" is nobody."""
    urgent: bool = False
    private: bool = False
    """It may not be sent on."""
    said_number: str = ""
    """Digits of a telephone number that is said in it, perhaps, if it is not the caller's."""


Fullness = Literal["", "nearly full", "full"]
"""What an owner is told of the room in the inbox; "" is nothing."""
LISTED_MOST = 50
"""Messages that a listing names at most: a page, so that its cost does not grow with the box."""
LIST_END = 1 << 62
"""As `before`, the end of a list; see VoicemailClerk.listing."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of one list of somebody's voicemails, in its order, and how many there are."""

    messages: tuple[ListedMessage, ...]
    new: int
    """Unheard voicemails, listed or not."""
    old: int
    """Other voicemails in the inbox, listed or not."""
    new_mails: int
    """Unread e-mails."""
    fullness: Fullness = ""
    away: bool = False
    """Whether the mail system that the inbox lies on is out of reach: these are what was known
    last, and it is told later what is done to them."""


class MessageSound(StrEnum):
    """Whether a message can be played."""

    WHOLE = "whole"
    """As far as is known: what breaks off later is known when it has been played."""
    BROKEN_OFF = "broken off"
    """A first part of it."""
    NONE = "none"
    """It has no sound that can be played here, now or later."""
    FAILED = "failed"
    """It cannot be read at the moment."""


@dataclass(frozen=True, slots=True)
class MessageStatus:
    """Whether a message is still in the inbox, and whether it can be played."""

    there: bool
    sound: MessageSound


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """Who sees to a message, after somebody wanted to take it or to give it back."""

    by: str
    """Name of who has it; "" is nobody."""
    mine: bool
    """Whether that is who asked."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a message can be sent to."""

    address: str
    """A login or alias here, or an address elsewhere."""
    name: str
    """As it is spoken."""
    person: int = 0
    """Who that is, if it is a person here."""
    name_recorded: bool = False
    """Whether that person has said their name."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What an owner sends by telephone: an answer, or a message that is sent on."""

    to: tuple[str, ...]
    """Addresses of addressees."""
    draft: int = 0
    """What was said for it; 0: nothing was."""
    enclosed: int = 0
    """The entry that is sent on; 0: none."""
    urgent: bool = False
    private: bool = False


class LetterResult(StrEnum):
    """What became of a letter."""

    SENT = "sent"
    EMPTY = "empty"
    """Nothing was said, and nothing is sent on."""
    PRIVATE = "private"
    """What was to be sent on is private."""
    FULL = "full"
    """The mailbox of somebody who was to get it, or the disk; nobody has got it."""
    NOBODY = "nobody"
    """There is nobody to get it, or what was to be sent on is not there any more."""
    TOO_MANY = "too many"
    """More than anybody sends in an hour."""


Refusal = Literal["full", "no space", "nobody", "no messages"]
"""Why nothing is recorded: the mailbox is full, the disk is, there is no such mailbox, or its owner
takes no messages now."""

LOGGED_IN, TO_OPERATOR = "logged in", "to the operator"
"""How a recording ends in which nobody was to say anything: the caller was not missed."""


@dataclass(frozen=True, slots=True)
class RecordingStart:
    """The number of a recording that has begun, or why there is none."""

    recording: int | None
    refused: Refusal | None = None


@dataclass(frozen=True, slots=True)
class FaxStart:
    """Where the pages of a fax are to be kept, or why it cannot come in."""

    folder: str = ""
    """A folder that whoever receives the fax makes; "" if it is refused."""
    started_at: float = 0.0
    """Seconds since 1970 UTC."""
    refused: Refusal | None = None


class RecordingResult(StrEnum):
    """What became of a recording."""

    DELIVERED = "delivered"
    MISSED_CALL = "missed call"
    """Too little was said."""
    KEPT = "kept"
    """The store cannot take it now; it is delivered when the store can."""
    DROPPED = "dropped"
    """A fax machine was calling."""
    GONE = "gone"
    """It is not in the store: it was finished before."""


@dataclass(frozen=True, slots=True)
class OwnGreeting:
    """A greeting that somebody has."""

    kind: str
    """See app.inbox.greetings.GreetingKind."""
    seconds: float
    until: str = ""
    """Last day on which it is played, as 2026-12-24; "": until it is removed."""


class GreetingResult(StrEnum):
    """What became of a greeting that was recorded by telephone."""

    KEPT = "kept"
    EMPTY = "empty"
    """Nothing was said: what was there before stays."""


@dataclass(frozen=True, slots=True)
class WaitingMessages:
    """Unheard voicemails by handset, true up to and including this change of the store."""

    unheard: Mapping[str, int]
    change: int
    calls: tuple[CallOut, ...] = ()
    """Calls that are to be made by themselves, or are under way."""
    faxes: int = 0
    """Faxes that are to be sent, now or later."""
    directory: int = 0
    """Version of the directory (app/phone/calls/directory_news.py)."""


class VoicemailClerk(Clerk, OwnerClerk, Protocol):
    """The clerk as scripts use it. Each job gives a Wait: its result, or JobFailed."""

    def mailbox(
        self, number: str, why: WhyVoicemail = WhyVoicemail.NO_ANSWER
    ) -> Wait[MailboxInfo | None]:
        """What to know of the mailbox with this number; None if there is none.

        Its greetings are those for who is not answered for this reason.
        """
        ...

    def check_pin(
        self, mailbox: str, pin: str, line: str, caller: Caller | None, called: bool = False
    ) -> Wait[PinCheck]:
        """Judge a PIN dialled on this line, by this caller from outside (None: on a handset).

        The clerk counts wrong ones over all calls and locks out who dials them.
        """
        ...

    def claim_code(self) -> Wait[str | None]:
        """The code that makes an administrator; None once there is one."""
        ...

    def set_presence(self, person: int, presence: Presence, until: str = "") -> Wait[bool]:
        """Say whether a person can be reached, if given until the day `until` begins.

        The day is YYYY-MM-DD, or MM-DD for the next such day. False, and nothing was changed, if
        there is no such day, it is past, or nobody knows which day it is today.
        """
        ...

    def listing(
        self, person: int, which: MessageList, after: int = 0, before: int = 0
    ) -> Wait[Listing]:
        """A page of the person's voicemails, at most LISTED_MOST.

        The first ones; with `after` those that follow this entry in the list, with `before` the
        last ones that precede it (LIST_END: of the whole list).
        """
        ...

    def look(self, person: int, entry: int) -> Wait[MessageStatus]:
        """Whether a message is still there, for this person, and can be played."""
        ...

    def mark(
        self,
        person: int,
        entries: tuple[int, ...],
        saved: bool | None = None,
        new: bool = False,
        door: str = PHONE_DOOR,
    ) -> Wait[int]:
        """Mark as heard or new, and unless `saved` is None as saved or not; how many changed."""
        ...

    def remove(self, person: int, entries: tuple[int, ...], door: str = PHONE_DOOR) -> Wait[int]:
        """Move into the bin; how many were not there already."""
        ...

    def restore(self, person: int, entries: tuple[int, ...], door: str = PHONE_DOOR) -> Wait[int]:
        """Take out of the bin; how many came back."""
        ...

    def claim(self, person: int, entry: int, line: str) -> Wait[ClaimResult]:
        """Take a message of this mailbox, so that it lights nobody else's lamp.

        For whose handset `line` is, if they are a member of the mailbox, else for its owner.
        """
        ...

    def release(self, person: int, entry: int, line: str) -> Wait[ClaimResult]:
        """Give it back, as claim() has taken it; the mailbox's owner may with anybody's."""
        ...

    def begin_recording(self, mailbox: str, line: str, caller: Caller) -> Wait[RecordingStart]:
        """Begin a recording on this line; when it is refused, that is noted as a missed call."""
        ...

    def samples(self, recording: int, seq: int, octets: bytes) -> Wait[None]:
        """Keep piece `seq` (from 0) of a recording: S16LE at 8 kHz, at most 1 s."""
        ...

    def end_recording(
        self,
        recording: int,
        why: str,
        pieces: int | None = None,
        takes: tuple[int, ...] = (),
        urgent: bool = False,
    ) -> Wait[RecordingResult]:
        """Make a message of a recording and deliver it, or note a missed call.

        `pieces` is how many there were to be kept; the message says which of them are missing.
        `takes` are the pieces with which the caller began anew: the message is the last take in
        which something was said.
        """
        ...

    def greetings(self, person: int) -> Wait[tuple[OwnGreeting, ...]]:
        """Which greetings the person has."""
        ...

    def set_marks(self, person: int, entry: int, urgent: bool, private: bool) -> Wait[bool]:
        """Mark a message as urgent or not, private or not; whether that changed anything."""
        ...

    def addressee(self, person: int, digits: str) -> Wait[Addressee | None]:
        """Whom a mailbox, a handset or an alias spelled on the keys means; None if nobody."""
        ...

    def caller_of(self, person: int, entry: int) -> Wait[Addressee | None]:
        """Who an answer to this message goes to; None if they have no box and no address."""
        ...

    def send_letter(self, person: int, letter: Letter) -> Wait[LetterResult]:
        """Deliver what this person has said, or sends on; the draft is forgotten then."""
        ...

    def begin_draft(self) -> Wait[int]:
        """The number of a new draft, sound that is recorded to be heard before it is kept."""
        ...

    def draft_samples(self, draft: int, seq: int, octets: bytes) -> Wait[None]:
        """Keep piece `seq` (from 0) of a draft: S16LE at 8 kHz, 1 s, only the last may be less.

        What goes beyond the longest greeting (60 s) is left out.
        """
        ...

    def drop_draft(self, draft: int) -> Wait[None]:
        """Forget a draft; one that nobody keeps or drops is forgotten in time."""
        ...

    def keep_greeting(
        self, person: int, kind: str, draft: int, until: str = ""
    ) -> Wait[GreetingResult]:
        """Make a draft the person's greeting of this kind; the next caller hears it.

        `until` is the last day of a temporary one, as 2026-12-24, or "+3" for three days from
        today on. The draft stays.
        """
        ...

    def remove_greeting(self, person: int, kind: str) -> Wait[bool]:
        """Remove a greeting, whether there was one; callers hear the next best."""
        ...

    def begin_fax(self, mailbox: str, line: str, caller: Caller) -> Wait[FaxStart]:
        """Where a fax for this mailbox goes; when it is refused, that is noted as a missed call."""
        ...

    def end_fax(self) -> Wait[None]:
        """A fax call is over: what has arrived is delivered."""
        ...

    def next_fax(self) -> Wait[FaxToSend | None]:
        """A fax that is to be sent now; asked when no call for one is under way.

        Its pages are made first. Each one given is a call that counts, until fax_over() says how
        it went; what was given before, and not told of, counts as broken off.
        """
        ...

    def fax_over(self, call: FaxCallOver) -> Wait[None]:
        """The call for a fax is over: its sender is told, or it is tried again."""
        ...
