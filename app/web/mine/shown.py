"""What lists and pages say of an entry: texts made fit to be shown, times, lengths, sizes."""

from dataclasses import dataclass
from datetime import datetime

from app.core.text import visible
from app.inbox.entries import Entry, EntryState, Kind
from app.inbox.transcripts import Transcript

BEGINNING = 160
"""Characters of what is said in a voicemail that a list shows."""


@dataclass(frozen=True)
class Shown:
    """One entry, for a template. Sender and subject are foreign text, on one line."""

    id: int
    voicemail: bool
    new: bool
    saved: bool
    urgent: bool
    leaving: bool
    removed: str
    """When it was removed; "" if it was not."""
    removed_by: str
    removed_door: str
    sender: str
    subject: str
    when: str
    """Local time of its arrival."""
    length: str
    """Minutes and seconds of a voicemail; "" if it is none, or that is not known."""
    size: str
    private: bool
    """It may not be sent on."""
    taken_by: str
    """Who has taken it, in a mailbox that several listen to; "" is nobody."""
    said: str
    """The beginning of what is said in a voicemail; "" if that has not been written down."""
    number: str
    """Possible number to call back, as it is said in it; "" if there is none."""


def shown(entry: Entry, taken_by: str = "", transcript: Transcript | None = None) -> Shown:
    """What is said of an entry, which somebody may have taken, and in it."""
    removed = entry.state is EntryState.BIN and entry.removed_at is not None
    return Shown(
        id=entry.id,
        voicemail=entry.kind is Kind.VOICEMAIL,
        new=entry.state is EntryState.NEW,
        saved=entry.saved,
        urgent=entry.urgent,
        leaving=entry.state is EntryState.LEAVING,
        removed=local_time(entry.removed_at or 0.0) if removed else "",
        removed_by=visible(entry.removed_by or "") if removed else "",
        removed_door=entry.removed_door or "" if removed else "",
        sender=visible(entry.sender),
        subject=visible(entry.subject),
        when=local_time(entry.received_at),
        length="" if entry.duration_s is None else minutes(entry.duration_s),
        size=octets(entry.size),
        private=entry.private,
        taken_by=visible(taken_by),
        said=shortened(visible(transcript.said)) if transcript else "",
        number=transcript.number if transcript else "",
    )


def shortened(text: str) -> str:
    """A text of at most BEGINNING characters, cut between two words."""
    if len(text) <= BEGINNING:
        return text
    return text[:BEGINNING].rpartition(" ")[0] + " …"


def local_time(seconds: float) -> str:
    """Seconds since 1970 UTC as date and time in the zone of the box [ISO 8601]."""
    return f"{datetime.fromtimestamp(seconds).astimezone():%Y-%m-%d %H:%M}"


def minutes(seconds: float) -> str:
    """A length as m:ss."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def octets(count: int) -> str:
    """A size in kB or MB."""
    if count < 1_000_000:
        return f"{max(1, round(count / 1000))} kB"
    return f"{count / 1_000_000:.1f} MB"
