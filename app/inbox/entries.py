"""What the store keeps, as values: entries, their history, recordings under way.

Numbers: an entry id is the store's own and is never used twice; a UIDL is what POP3 shows
[RFC 1939 §7]; message numbers 1..n exist only inside one POP3 session.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import cast


class Kind(StrEnum):
    """What a message is."""

    EMAIL = "email"
    VOICEMAIL = "voicemail"


class EntryState(StrEnum):
    """Where an entry is in its life."""

    NEW = "new"
    """In the inbox, unread or unheard."""
    HEARD = "heard"
    """In the inbox, read or heard."""
    LEAVING = "leaving"
    """Being forwarded; not in the inbox, but kept until the next hop has taken it."""
    BIN = "bin"
    """Removed; restorable for the grace period."""


INBOX = (EntryState.NEW, EntryState.HEARD)
"""The states a person sees as "in my inbox"."""

Door = str
"""Through which door something happened: "phone", "pop3", "smtp", "forward", "admin", ..."""


@dataclass(frozen=True)
class Facts:
    """What is known about a message besides its octets, as it is delivered."""

    received_at: float
    """When it was accepted, or when the recording began; seconds since 1970 UTC."""
    sender: str = ""
    """Who wrote or called, as text to show."""
    subject: str = ""
    caller_number: str | None = None
    caller_name: str | None = None
    duration_s: int | None = None
    """Length of a voicemail in whole seconds [RFC 3803]."""
    door: Door = "smtp"
    """Through which door it came in."""
    by: str = ""
    """Who brought it: a peer's address, a line's name."""
    message_id: str = ""
    """Message-ID with its angle brackets; "" if it has none that is one [RFC 5322 §3.6.4]."""
    urgent: bool = False
    private: bool = False
    """Whoever has it may not send it on."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One person's reference to a message. Order of fields = order of columns in the store."""

    id: int
    person: int
    content: int
    uidl: str
    """What POP3 shows for it, for ever: 16 printable characters [RFC 1939 §7]."""
    kind: Kind
    state: EntryState
    saved: bool
    prefix: bytes
    """This person's own header lines, before the content: Return-Path, Delivered-To, Received."""
    size: int
    """Octets of prefix and content together, with CRLF line ends."""
    chunks: int
    """Pieces the content is stored in, numbered from 0."""
    dotted: int
    """Lines that begin with a dot, in prefix and content; 0 means: send the octets as they lie."""
    received_at: float
    """When it was accepted, or when the recording began; seconds since 1970 UTC."""
    sender: str
    subject: str
    caller_number: str | None
    caller_name: str | None
    duration_s: int | None
    """Of a voicemail, in whole seconds; None for e-mail."""
    removed_at: float | None
    """When it went to the bin, in seconds since 1970 UTC; None if it is not there."""
    removed_door: Door | None
    removed_by: str | None
    urgent: bool = False
    private: bool = False
    """It may not be sent on."""


ENTRY_COLUMNS = (
    "id, person, content, uidl, kind, state, saved, prefix, size, chunks, dotted, received_at,"
    " sender, subject, caller_number, caller_name, duration_s, removed_at, removed_door,"
    " removed_by, urgent, private"
)
_KINDS = {kind.value: kind for kind in Kind}
_STATES = {state.value: state for state in EntryState}


def entry_of(row: tuple[object, ...]) -> Entry:
    """An entry from its row, of ENTRY_COLUMNS."""
    (id_, person, content, uidl, kind, state, saved, *rest, urgent, private) = row
    return Entry(
        id_,  # type: ignore[arg-type]  # the schema types what the tuple does not
        person,  # type: ignore[arg-type]
        content,  # type: ignore[arg-type]
        uidl,  # type: ignore[arg-type]
        _KINDS[cast(str, kind)],
        _STATES[cast(str, state)],
        bool(saved),
        *(*rest, bool(urgent), bool(private)),  # type: ignore[arg-type]
    )


@dataclass(frozen=True)
class AuditRow:
    """Something that happened to a person or an entry, with its author."""

    at: float
    """Seconds since 1970 UTC."""
    door: Door
    by: str
    verb: str
    entry: int | None
    detail: str
    person: int | None = None
    id: int = 0
    """Number of the row; a later one has a higher number."""


@dataclass(frozen=True)
class MissedCall:
    """A call that left no message. Order of fields = order of columns in the store."""

    id: int
    at: float
    """When the call was noted as missed; seconds since 1970 UTC."""
    person: int | None
    """Whom it was for; None: nobody, so the administrator must know of it."""
    caller_number: str | None
    caller_name: str | None
    line: str
    """Jack it came in on, or the handset that called."""
    reason: str
    """Why there is no message, in words: "the mailbox is full"."""

    @property
    def caller(self) -> str:
        """Who called, as text to show."""
        known = [part for part in (self.caller_name, self.caller_number) if part]
        return " ".join(known) or "unknown caller"


@dataclass(frozen=True)
class CallLine:
    """A call that has ended. Order of fields = order of columns in the store."""

    id: int
    at: float
    """When it ended; seconds since 1970 UTC."""
    line: str
    """Jack that it came in on, or the handset that called."""
    caller_number: str | None
    caller_name: str | None
    to: str
    """Whom it reached, or was to reach: a jack, a mailbox, what was dialled; "" is nobody."""
    outcome: str
    """What became of it: "answered", "voicemail", …"""
    waited_s: int
    """Seconds before somebody or voicemail answered, or before its end."""
    talked_s: int
    """Seconds after that."""
    trunk: str = ""
    """Outside line that a handset called on, or on which somebody was followed."""
    way: str = ""
    """Attendant, group or follow-me by which it went, as text; "" for none of them."""

    @property
    def caller(self) -> str:
        """Who called, as text to show."""
        known = [part for part in (self.caller_name, self.caller_number) if part]
        return " ".join(known) or "unknown caller"


@dataclass(frozen=True)
class Change:
    """One row of the log that listeners follow; `seq` only grows."""

    seq: int
    person: int | None
    entry: int | None
    verb: str


@dataclass(frozen=True)
class Recording:
    """A voicemail being recorded, or recorded and not yet made into a message."""

    id: int
    person: int
    line: str
    caller_number: str | None
    caller_name: str | None
    started_at: float
    """Seconds since 1970 UTC."""
    ended_at: float | None
    """Seconds since 1970 UTC; None while it is running."""
    why: str | None
    """How it ended; None while it is running (or was cut off by a crash)."""
    octets: int
    """Length of the raw samples so far (S16LE, 8 kHz: 16,000 octets a second)."""
    takes: tuple[int, ...] = ()
    """Pieces with which the caller began anew; known at the end."""
    urgent: bool = False
    """What the caller has said of it; known at the end."""


def ids_of(entries: Iterable[Entry]) -> list[int]:
    """The entry ids, in order."""
    return [entry.id for entry in entries]
