"""What the scripts of voicemail ask of the clerk: the jobs, their arguments and results.

Persons, entries and recordings are their numbers in the store. Durations are counted elsewhere;
times of day are in the box's time zone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

from app.phone.calls.caller import Caller
from app.phone.calls.scripting import Wait
from app.phone.jobs import Clerk


@dataclass(frozen=True, slots=True)
class MailboxInfo:
    """What a script must know of a mailbox before its owner has logged in."""

    person: int
    number: str
    name: str
    language: str
    """Language of the prompts, an ISO 639 code."""
    key_map: str
    """Name of a row of voicemail.menu.KEY_MAPS."""
    greetings: tuple[str, ...]
    """Kinds of greetings that the owner has recorded."""


class PinVerdict(StrEnum):
    """What came of a PIN."""

    OK = "ok"
    WRONG = "wrong"
    LOCKED = "locked"
    """Too many wrong ones: the right one is refused for a while, too."""


@dataclass(frozen=True, slots=True)
class PinCheck:
    """What came of a PIN, and whose mailbox it is; None if nobody's."""

    result: PinVerdict
    person: int | None


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A time as it is said: month 1..12, weekday 0 = Sunday .. 6, and how many days ago."""

    month: int
    day: int
    weekday: int
    hour: int
    minute: int
    days_ago: int
    """Calendar days since then; 0 is today."""


@dataclass(frozen=True, slots=True)
class ListedMessage:
    """One voicemail in somebody's inbox."""

    entry: int
    new: bool
    saved: bool
    number: str | None
    """The caller's number, if it is known."""
    name: str | None
    received: LocalTime


@dataclass(frozen=True, slots=True)
class Listing:
    """Somebody's voicemails, new ones first, each kind oldest first."""

    messages: tuple[ListedMessage, ...]
    new_mails: int
    """Unread e-mails."""


@dataclass(frozen=True, slots=True)
class MessageStatus:
    """Whether a message is still in the inbox, and whether it can be played."""

    there: bool
    playable: bool


Refusal = Literal["full", "no space", "nobody"]
"""Why nothing is recorded: the mailbox is full, the disk is, or there is no such mailbox."""


@dataclass(frozen=True, slots=True)
class RecordingStart:
    """The number of a recording that has begun, or why there is none."""

    recording: int | None
    refused: Refusal | None = None


class RecordingResult(StrEnum):
    """What became of a recording."""

    DELIVERED = "delivered"
    MISSED_CALL = "missed call"
    """Too little was said."""
    GONE = "gone"
    """It is not in the store: it was finished before."""


@dataclass(frozen=True, slots=True)
class WaitingMessages:
    """Unheard voicemails by handset, true up to and including this change of the store."""

    unheard: Mapping[str, int]
    change: int


class VoicemailClerk(Clerk, Protocol):
    """The clerk as scripts use it. Each job gives a Wait: its result, or JobFailed."""

    def mailbox(self, number: str) -> Wait[MailboxInfo | None]:
        """What to know of the mailbox with this number; None if there is none."""
        ...

    def check_pin(self, mailbox: str, pin: str) -> Wait[PinCheck]:
        """Judge a PIN; the clerk counts wrong ones over all calls and locks the mailbox."""
        ...

    def claim_code(self) -> Wait[str | None]:
        """The code that makes an administrator; None once there is one."""
        ...

    def listing(self, person: int) -> Wait[Listing]:
        """The person's voicemails."""
        ...

    def look(self, person: int, entry: int) -> Wait[MessageStatus]:
        """Whether a message is still there, for this person, and can be played."""
        ...

    def mark(self, person: int, entries: tuple[int, ...], saved: bool | None = None) -> Wait[int]:
        """Mark as heard and, unless `saved` is None, as saved or not; how many that changed."""
        ...

    def remove(self, person: int, entries: tuple[int, ...]) -> Wait[int]:
        """Move into the bin; how many were not there already."""
        ...

    def restore(self, person: int, entries: tuple[int, ...]) -> Wait[int]:
        """Take out of the bin; how many came back."""
        ...

    def begin_recording(self, mailbox: str, line: str, caller: Caller) -> Wait[RecordingStart]:
        """Begin a recording on this line; when it is refused, that is noted as a missed call."""
        ...

    def samples(self, recording: int, seq: int, octets: bytes) -> Wait[None]:
        """Keep piece `seq` (from 0) of a recording: S16LE at 8 kHz, at most 1 s."""
        ...

    def end_recording(self, recording: int, why: str) -> Wait[RecordingResult]:
        """Make a message of a recording and deliver it, or note a missed call."""
        ...
