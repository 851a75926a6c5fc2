"""What is to be done next for an entry, and what the numbers of the server mean: no I/O here.

next_step(row)                   # Step.APPEND
wanted_flags(row)                # Told(seen=True, saved=False)
arrival_of(facts)                # an app.inbox.mirror_inward.Arrival
"""

import hashlib
from collections.abc import Collection, Iterable
from enum import Enum, auto

from app.imap.net.api import Facts, UidRange
from app.inbox.mirror import Mirrored, Place
from app.inbox.mirror_inward import Arrival, Flags
from app.message.headers import scan_head

SEEN = "\\Seen"
SAVED = "$Saved"
URGENT = "$Urgent"
"""Keywords: few, and always the same, because servers bound how many a mailbox may ever have."""

HEADERS = ("Message-ID", "Date", "From", "Subject")
"""Fields by which a mail is known again."""

RECENT = 200
"""The newest mails of an inbox, which are kept here whether read or not."""
UNSEEN = 500
"""Unread mails beyond those, newest first."""

RETRY_S = 1.0
"""Seconds until a server that was away is asked again; each time twice as long, up to LONGEST_S."""
LONGEST_S = 30.0
REFUSED_S = 300.0
"""The same after a refused login or a refused message: no waiting mends it, a person does."""


class Step(Enum):
    """What the server is told next of an entry."""

    NOTHING = auto()
    FIND_COPY = auto()
    """A copy was begun, and nobody knows whether it has arrived: look for it."""
    TAKE_BACK = auto()
    """The server had it and it was removed there: look whether it can be moved back."""
    APPEND = auto()
    FLAG = auto()
    REMOVE = auto()


def next_step(row: Mirrored) -> Step:
    """What comes next for an entry; after each step the row is looked at afresh."""
    if row.settled or row.place is Place.LOST:
        return Step.NOTHING
    if row.begun is not None:
        return Step.FIND_COPY
    if not row.is_here:
        return Step.REMOVE
    if row.place is Place.INBOX and row.uid is not None:
        return Step.FLAG
    return Step.TAKE_BACK if row.message_id else Step.APPEND


def flags_of(flags: Collection[str]) -> Flags:
    """Those of a message that the box knows; names are compared in small letters [RFC 9051 §2.3.2].

    Read and saved; what is marked as deleted counts as there until it is gone.
    """
    small = {flag.lower() for flag in flags}
    return Flags(SEEN.lower() in small, SAVED.lower() in small)


def flag_changes(row: Mirrored) -> tuple[list[str], list[str]]:
    """Flags to add and to remove, so that the server has the entry as it is here."""
    wanted = {SEEN: row.heard, SAVED: row.kept}
    had = {SEEN: row.seen, SAVED: row.saved}
    changed = [flag for flag, on in wanted.items() if on != had[flag]]
    add = [flag for flag in changed if wanted[flag]]
    return add, [flag for flag in changed if not wanted[flag]]


def first_flags(row: Mirrored, urgent: bool) -> list[str]:
    """Flags that a copy gets with it."""
    flags = ((SEEN, row.heard), (SAVED, row.kept), (URGENT, urgent))
    return [flag for flag, on in flags if on]


def known_by(header: bytes) -> str:
    """By what a mail is known again: its Message-ID, else a digest of what its header says."""
    found = scan_head(header).message_id
    return found or f"h:{hashlib.sha256(header).hexdigest()}"


def has_message_id(known: str) -> bool:
    """Whether the server can be asked for it."""
    return known.startswith("<")


def quoted(text: str) -> str:
    """A text as a search key [RFC 9051 §4.3]; control characters, which it cannot have, go."""
    clean = "".join(sign for sign in text if sign.isprintable())
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'


def arrival_of(facts: Facts) -> Arrival:
    """A mail of the server, as the store is told of it."""
    return Arrival(facts.uid, flags_of(facts.flags), known_by(facts.header), facts.size)


def within(uids: Iterable[int], ranges: Iterable[UidRange]) -> list[int]:
    """Those of the UIDs that lie in one of the ranges."""
    spans = tuple(ranges)
    return [uid for uid in uids if any(span.first <= uid <= span.last for span in spans)]


def ranges_of(uids: Iterable[int]) -> tuple[UidRange, ...]:
    """UIDs as ranges without gaps."""
    found: list[UidRange] = []
    for uid in sorted(uids):
        if found and found[-1].last == uid - 1:
            found[-1] = UidRange(found[-1].first, uid)
        else:
            found.append(UidRange(uid, uid))
    return tuple(found)


def wait_s(failures: int) -> float:
    """Seconds until a server is asked again after a number of `failures` in a row."""
    return min(RETRY_S * 2.0 ** min(failures, 20), LONGEST_S)
