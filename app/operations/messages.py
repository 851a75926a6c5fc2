"""One message as its owner reads it: header, text, files; heard or not, saved or not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.utils import getaddresses

from app.inbox.contents import CHUNK
from app.inbox.entries import Entry, EntryState
from app.inbox.transcripts import Transcript, is_callers
from app.message.headers import fields, read_head, shown
from app.message.reading import Reading, parts, read, safe_name
from app.operations.actor import Actor
from app.operations.box import Box
from app.operations.errors import NotFound
from app.operations.inbox import Moved, entry_for, texts_of, usable_entries

LONGEST_READ = 64 * 1024 * 1024
"""Octets of a message that are read for its page; whoever wants more takes it as a file."""


@dataclass(frozen=True)
class Message:
    """A message and what is to be read of it."""

    entry: Entry
    sender: str
    """From, as text to show: foreign, like all of these."""
    to: str
    cc: str
    date: str
    """As its sender wrote it."""
    reply_to: str
    """The address that an answer goes to; "" if there is none."""
    message_id: str
    references: str
    """Message-IDs of what it answers, as they came."""
    reading: Reading
    transcript: Transcript | None = None
    """What is said in a voicemail, if it has been written down."""

    @property
    def callers_number(self) -> bool:
        """Whether the number that is said is the one that the call came from."""
        return self.transcript is not None and is_callers(self.transcript, self.entry.caller_number)


@dataclass(frozen=True)
class File:
    """A part of a message, to be saved."""

    name: str
    """Safe on any system."""
    octets: Iterator[bytes]


def read_message(box: Box, actor: Actor, entry: int) -> Message:
    """One message with its text. Raises NotFound, as everything here, and ContentGone."""
    found = entry_for(box, actor, entry)
    header: dict[str, bytes] = {}
    for field in fields(read_head(_octets(box, found))):
        header.setdefault(field.name, field.value)

    def said(name: str) -> str:
        return shown(header.get(name, b""))

    addresses = getaddresses([said("reply-to") or said("from")])
    return Message(
        entry=found,
        sender=said("from"),
        to=said("to"),
        cc=said("cc"),
        date=said("date"),
        reply_to=next((address for _, address in addresses if "@" in address), ""),
        message_id=said("message-id"),
        references=said("references"),
        reading=read(_octets(box, found)),
        transcript=texts_of(box, [found]).get(found.id),
    )


def take_file(box: Box, actor: Actor, entry: int, number: int) -> File:
    """A part of a message by its number (Attachment.number). Raises NotFound."""
    found = entry_for(box, actor, entry)
    for part in parts(box.store.octets(found)):
        if part.number == number:
            ending = _ENDINGS.get(part.kind, "bin")
            return File(
                safe_name(part.file_name, f"part-{number}.{ending}"), _gathered(part.octets)
            )
    raise NotFound("number", "the message has no part %(number)s", number=number)


def mark_entries(
    box: Box,
    actor: Actor,
    entries: Sequence[int],
    state: EntryState | None = None,
    saved: bool | None = None,
) -> Moved:
    """Say of messages that they are new or heard (read), and that they are saved or not.

    None leaves it. What is in the bin or on its way out, is not there, or is not the actor's, is
    left alone; what is so already counts as done.
    """
    ids = usable_entries(box, actor, entries)
    box.db.now(lambda tx: box.store.mark(tx, ids, state, saved, door=actor.door, by=actor.login))
    return Moved(len(ids), len(entries))


def _gathered(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same in larger pieces: text comes in lines, and each piece is fetched by itself."""
    held = bytearray()
    for piece in pieces:
        held += piece
        if len(held) >= CHUNK:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)


def _octets(box: Box, entry: Entry) -> Iterator[bytes]:
    for number, piece in enumerate(box.store.octets(entry)):
        if number * CHUNK > LONGEST_READ:
            return
        yield piece


_ENDINGS = {
    "text/plain": "txt",
    "text/html": "html",
    "message/rfc822": "eml",
    "image/png": "png",
    "image/jpeg": "jpg",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "text/calendar": "ics",
    "application/pdf": "pdf",
}
"""What a file without a name is called behind its number."""
