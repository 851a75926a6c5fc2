"""Messages as octets: a voicemail is composed here; sound_parts.py finds the sound of any mail.

A voicemail is one RFC 5322 message [RFC 2045, RFC 3458, RFC 3803]:

    head                      From, To, Subject, Date, Message-Context, Content-Duration ...
    --boundary  text/plain    who called whom, when, for how long, in the owner's language
    --boundary  audio/wav     RIFF, PCM 16 bit mono 8 kHz, base64 in lines of 76 characters
    --boundary--

Nothing here holds a recording whole: samples go in piece by piece and octets come out in blocks,
and the size is known before, because base64 makes 78 octets (with CRLF) of every 57.
Line ends are CRLF everywhere. Lengths are octets, or samples of 1/8000 s where it says so.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from app.core.sentences import N_
from app.message.audio_formats import wave_head
from app.message.composing import RAW_LINE, base64_lines, fold, mailbox_of, text_part
from app.message.words import say, wrapped
from drivers.sampling import SAMPLE_RATE

NAME_LIMIT = 64  # characters of a caller's name that are kept
NUMBER_LIMIT = 32  # digits of a caller's number that are kept
BLOCK_LINES = 3_000  # base64 lines in one block: 234,000 octets, below one chunk of the store
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # controls, bidi marks, surrogates


def clean_name(text: str | None) -> str | None:
    """A name that is safe in a header: one line, no control or invisible character, bounded.

    What looks like an encoded word [RFC 2047 §2] is broken up: decoded it could be anything.
    """
    shown = "".join(" " if unicodedata.category(c) in _UNSEEN else c for c in text or "")
    return " ".join(shown.replace("=?", "= ?").split())[:NAME_LIMIT].strip() or None


def clean_number(text: str | None) -> str | None:
    """A telephone number with only the characters one can dial (digits, +, *, #), bounded."""
    return re.sub(r"[^0-9+*#]", "", text or "")[:NUMBER_LIMIT] or None


@dataclass(frozen=True, slots=True)
class VoiceMessage:
    """What the head of a voicemail says. `ended_at` is aware; `samples` its length at 8 kHz."""

    to_name: str
    to_address: str
    mailbox: str
    from_address: str
    """The address that stands behind the caller's name; must belong to this box."""
    caller_number: str | None
    caller_name: str | None
    ended_at: datetime
    samples: int
    token: str
    """Random letters and digits; make the Message-ID, the boundary and the file name unique."""
    missing: tuple[tuple[int, int], ...] = ()
    """Seconds from and to which nothing was kept; the sound is silent there, or over."""
    urgent: bool = False
    """What the caller has said of it."""
    broken_off: bool = False
    """Line or power failed while it was said: its end may be missing."""
    clock_set: bool = True
    """Whether `ended_at` is true; else it is said nowhere."""
    also_to: tuple[str, ...] = ()
    """Other addresses that it goes to."""
    private: bool = False
    enclosed_s: int = 0
    """Seconds of the message that this one sends on, being its introduction."""
    language: str = "en"
    """Of who gets it, ISO 639-1."""
    said: str = ""
    """What is said in it, as far as a machine has understood it."""
    said_number: str = ""
    """Digits of a number that is said in it."""

    @property
    def seconds(self) -> int:
        """Length in whole seconds, at least 1 [RFC 3803 §3]."""
        return max(1, (self.samples + SAMPLE_RATE // 2) // SAMPLE_RATE)

    @property
    def caller(self) -> str:
        """Name and number as far as they are known, for people to read."""
        known = [clean_name(self.caller_name), clean_number(self.caller_number)]
        return " ".join(part for part in known if part) or self.in_words(N_("unknown caller"))

    @property
    def display_name(self) -> str:
        """What stands in From: the name, else the number."""
        known = clean_name(self.caller_name) or clean_number(self.caller_number)
        return known or self.in_words(N_("Unknown caller"))

    @property
    def subject(self) -> str:
        """For example "Voicemail from ANNA CALLER 5551234 (0:12)"."""
        length = _minutes(self.whole_seconds)
        return self.in_words(
            N_("Voicemail from %(caller)s (%(length)s)"), caller=self.caller, length=length
        )

    def in_words(self, text: str, **values: object) -> str:
        """A sentence in the language of who gets it."""
        return say(self.language, text, **values)

    @property
    def whole_seconds(self) -> int:
        """Length with what it sends on."""
        return self.seconds + self.enclosed_s

    @property
    def message_id(self) -> str:
        """With its angle brackets [RFC 5322 §3.6.4]."""
        return f"<{self.token}.voicemail@{self.from_address.rpartition('@')[2]}>"

    @property
    def file_name(self) -> str:
        """The audio part's file name: ASCII, with date and caller, unlike any other."""
        caller = re.sub(r"[^0-9]", "", self.caller_number or "") or "unknown"
        when = f"{self.ended_at:%Y%m%d-%H%M%S}-" if self.clock_set else ""
        return f"voicemail-{when}{caller}-{self.token[:8]}.wav"


def compose(
    voice: VoiceMessage, pieces: Iterable[bytes], enclosed: Iterable[bytes] | None = None
) -> Iterator[bytes]:
    """The message's octets in blocks, from raw S16LE pieces of any length.

    `enclosed` is a message that this one introduces, and sends on as it is [RFC 3801 §5]. Raises
    ValueError if the pieces do not hold exactly `voice.samples` samples: the head has already said
    how long the message is.
    """
    yield _top(voice)
    yield from _base64_blocks(wave_head(voice.samples), pieces, voice.samples * 2)
    if enclosed is not None:
        yield b"--" + _boundary(voice).encode() + b"\r\n" + _ENCLOSED_HEAD
        yield from enclosed
        yield b"\r\n"
    yield _bottom(voice)


def composed_size(voice: VoiceMessage) -> int:
    """How many octets compose() will give."""
    raw = len(wave_head(0)) + voice.samples * 2
    full, rest = divmod(raw, RAW_LINE)
    lines = full * 78 + (((rest + 2) // 3) * 4 + 2 if rest else 0)
    return len(_top(voice)) + lines + len(_bottom(voice))


def _base64_blocks(first: bytes, pieces: Iterable[bytes], expected: int) -> Iterator[bytes]:
    gathered, block, seen = bytearray(first), RAW_LINE * BLOCK_LINES, 0
    for piece in pieces:
        gathered += piece
        seen += len(piece)
        while len(gathered) >= block:
            yield base64_lines(bytes(gathered[:block]))
            del gathered[:block]
    if seen != expected:
        raise ValueError(f"{seen} octets of audio where the head says {expected}")
    if gathered:
        yield base64_lines(bytes(gathered))


_ENCLOSED_HEAD = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"


def _boundary(voice: VoiceMessage) -> str:
    return f"=_voice_{voice.token}"  # "_" is in no base64 text [RFC 2045 §6.7 gives "=_" too]


def _top(voice: VoiceMessage) -> bytes:
    head = b"".join(fold(name, value) for name, value in _head(voice))
    audio_head = b"".join(fold(name, value) for name, value in _audio_head(voice))
    border = b"\r\n--" + _boundary(voice).encode() + b"\r\n"
    return head + border + _text_part(voice) + border + audio_head + b"\r\n"


def _bottom(voice: VoiceMessage) -> bytes:
    return b"--" + _boundary(voice).encode() + b"--\r\n"


def _head(voice: VoiceMessage) -> Iterator[tuple[str, str]]:
    name, number = clean_name(voice.caller_name), clean_number(voice.caller_number)
    yield "From", mailbox_of(voice.display_name, voice.from_address)
    to = mailbox_of(clean_name(voice.to_name) or voice.mailbox, voice.to_address)
    yield "To", ", ".join((to, *voice.also_to))
    yield "Subject", voice.subject
    if voice.clock_set:  # a mail has a date [RFC 5322 §3.6], but not a wrong one
        from email.utils import format_datetime

        yield "Date", format_datetime(voice.ended_at)
    yield "Message-ID", voice.message_id
    yield "MIME-Version", "1.0"
    yield "Message-Context", "voice-message"
    if voice.urgent:  # both, for programs know one or the other
        yield "Importance", "high"  # [RFC 3801 §4.2.11, RFC 4021 §2.1.54]
        yield "X-Priority", "1"
    yield "Content-Duration", str(voice.whole_seconds)
    if voice.private:
        yield "Sensitivity", "private"  # [RFC 3801 §4.2.12]
    if number:
        yield "X-CallingTelephoneNumber", number
    if name:
        yield "X-VoiceMessageSenderName", name
    yield "X-VoiceMessageDuration", str(voice.whole_seconds)
    if voice.broken_off:
        yield "X-VoiceMessage-Broken-Off", "yes"
    if voice.missing:
        yield "X-VoiceMessage-Missing", ", ".join(f"{a}-{b}" for a, b in voice.missing)
    yield "Content-Type", f'multipart/mixed; boundary="{_boundary(voice)}"'
    if voice.enclosed_s:  # whatever octets it has [RFC 2045 §6.4]
        yield "Content-Transfer-Encoding", "8bit"


def _audio_head(voice: VoiceMessage) -> Iterator[tuple[str, str]]:
    yield "Content-Type", f'audio/wav; name="{voice.file_name}"'
    yield "Content-Transfer-Encoding", "base64"
    yield "Content-Disposition", f'attachment; filename="{voice.file_name}"'
    yield "Content-Duration", str(voice.seconds)


_WHEN_UNKNOWN = N_("at a time that is not known, for the clock of the box was not set")
_WHERE_MISSING = N_("%(where)s, which could not be kept: there is silence, or the end")
_BROKEN_OFF = N_("where line or power failed while it was said")


def _text_part(voice: VoiceMessage) -> bytes:
    in_words = voice.in_words
    to = clean_name(voice.to_name) or ""
    rows = [
        (N_("Caller"), voice.caller),
        (N_("For"), in_words(N_("%(name)s (mailbox %(mailbox)s)"), name=to, mailbox=voice.mailbox)),
        (
            N_("Received"),
            f"{voice.ended_at:%Y-%m-%d %H:%M:%S %z}"
            if voice.clock_set
            else in_words(_WHEN_UNKNOWN),
        ),
        (N_("Length"), _minutes(voice.seconds)),
    ]
    if voice.urgent:
        rows.append((N_("Urgent"), in_words(N_("yes, says the caller"))))
    if voice.broken_off:
        rows.append((N_("Ends"), in_words(_BROKEN_OFF)))
    if voice.missing:
        rows.append((N_("Missing"), in_words(_WHERE_MISSING, where=_spans(voice))))
    labels = [f"{in_words(label)}:" for label, _ in rows]
    width = max(map(len, labels[:4]))
    lines = [f"{label:<{width}} {value}" for label, (_, value) in zip(labels, rows, strict=True)]
    text = "".join(line + "\r\n" for line in (*lines, *_said(voice)))
    return text_part(text.encode("utf-8"))


def _spans(voice: VoiceMessage) -> str:
    """From when to when nothing was kept."""
    return ", ".join(
        voice.in_words(N_("%(start)s to %(end)s"), start=_minutes(start), end=_minutes(end))
        for start, end in voice.missing
    )


def _said(voice: VoiceMessage) -> Iterator[str]:
    """The lines with what is said in it."""
    if voice.said:
        yield ""
        yield voice.in_words(N_("Written down by a machine, which may have misheard:"))
        yield from wrapped(voice.said)
    if voice.said_number:
        yield ""
        number = clean_number(voice.said_number)
        yield voice.in_words(N_("Possible number, said in the message: %(number)s"), number=number)


def _minutes(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02}"
