"""E-mails as they are read aloud: their text in sections, and the sound of each section.

What anybody may have sent is read, and spoken, in processes with limits (media.py). Nothing of it
is kept on the disk: the texts of the last few mails and the sound of the last sections stay in
memory, so that going back costs nothing.
"""

import json
import logging
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from app.clerk.media import LONGEST, SPEECH_S, Conversion, Media, MediaFailed, Source
from app.clerk.speech import Speaker
from app.core.records import parse_json
from app.core.text import speakable
from app.message.language_of import language_of
from app.message.own_words import own_words
from app.message.reading import read
from app.message.sections import sections

log = logging.getLogger(__name__)

SECTIONS_MOST = 80
"""Of a mail; about 25 minutes. The rest is left to mail programs."""
TEXT_MOST = 100_000
"""Characters of a text that are looked at."""
KEEP_TEXTS = 16
"""Mails whose texts stay in memory."""
KEEP_OCTETS = 4 * 1024 * 1024
"""Of sections' sound that stay in memory."""
HEAD_MOST = 120
"""Characters of a sender's name or a subject that are spoken."""


@dataclass(frozen=True, slots=True)
class ReadMail:
    """What is read aloud of a mail."""

    sections: tuple[str, ...]
    language: str | None
    """In which it is written, if that can be told."""
    attachments: int
    cut: bool
    """Whether there is more text than these sections."""


class MailReading:
    """The mails that are being read aloud."""

    def __init__(self, media: Media, speaker: Speaker) -> None:
        self._media, self._speaker = media, speaker
        self._read: OrderedDict[int, Conversion | ReadMail] = OrderedDict()
        self._spoken: OrderedDict[tuple[int, int, str], Conversion] = OrderedDict()

    def read(self, content: int, octets: Iterable[bytes]) -> ReadMail:
        """What there is to read of a mail; `octets` is the mail, read if it is not kept.

        Raises NotReady while it is looked at, and MediaFailed if it cannot be.
        """
        found = self._read.pop(content, None)
        if found is None or (not isinstance(found, ReadMail) and found.dropped):
            found = self._media.convert(mail_text, octets)
        self._read[content] = found
        while len(self._read) > KEEP_TEXTS:
            _, oldest = self._read.popitem(last=False)
            if not isinstance(oldest, ReadMail):
                oldest.close()
        if not isinstance(found, ReadMail):
            try:
                found = self._read[content] = _as_mail(found.piece(0, LONGEST))
            except MediaFailed:
                del self._read[content]  # whoever asks again may be luckier
                raise
        return found

    def sound(
        self, content: int, mail: ReadMail, section: int, language: str, start: int, count: int
    ) -> bytes:
        """S16LE at 8 kHz of a section from 0 on, spoken in `language` where the mail tells none.

        `count` samples from sample `start` on, fewer at the end. Raises NotReady while it is made,
        and MediaFailed if it cannot be or there is no such section.
        """
        if not 0 <= section < len(mail.sections):
            raise MediaFailed(f"there is no section {section}")
        voice = mail.language or language
        key = (content, section, voice)
        found = self._spoken.pop(key, None)
        if found is None or found.dropped:
            say = partial(self._speaker.once, mail.sections[section], (voice, language))
            found = self._media.convert(say, silent_for_s=SPEECH_S)
        self._spoken[key] = found
        while sum(map(len, self._spoken.values())) > KEEP_OCTETS and len(self._spoken) > 1:
            self._spoken.popitem(last=False)[1].close()
        return found.piece(start * 2, count * 2)


def mail_text(mail: Source) -> Iterator[bytes]:
    """A mail as JSON of ReadMail: a conversion for app.clerk.media, in a process with limits."""
    reading = read(mail)
    text = own_words(reading.text[:TEXT_MOST])
    found = sections(text)
    yield json.dumps(
        {
            "sections": [said for said in found[:SECTIONS_MOST] if speakable(said)],
            "language": language_of(text),
            "attachments": sum(not one.within for one in reading.attachments),
            "cut": reading.cut or len(reading.text) > TEXT_MOST or len(found) > SECTIONS_MOST,
        }
    ).encode()


def head_words(text: str) -> str:
    """A sender's name, or a subject, as it is spoken; "" if there is nothing to say."""
    said = " ".join(sections(speakable(text)))[:HEAD_MOST]
    return said if any(sign.isalnum() for sign in said) else ""


def sender_words(sender: str) -> str:
    """Whom a mail is from: the name, else the address."""
    name, _, address = sender.partition("<")
    return head_words(name.strip(' "')) or head_words(address.rstrip("> "))


def _as_mail(octets: bytes) -> ReadMail:
    said = parse_json(octets)
    return ReadMail(
        tuple(said["sections"]), said["language"], int(said["attachments"]), bool(said["cut"])
    )
