"""A fax that came in as one RFC 5322 message: a text part and the pages as a PDF [RFC 3458].

    head                          From, To, Subject, Date, Message-Context: fax-message ...
    --boundary  text/plain        from whom, for whom, how many pages, in its owner's language
    --boundary  application/pdf   the pages, base64 in lines of 76 characters
    --boundary--

A page at a time is in memory. Line ends are CRLF.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from app.core.fax_page import FaxPage
from app.core.sentences import N_
from app.message import fax_reasons
from app.message.composing import RAW_LINE, base64_lines, fold, mailbox_of, text_part
from app.message.fax_pdf import fax_pdf
from app.message.voice import BLOCK_LINES, clean_name, clean_number
from app.message.words import said, say, wrapped

MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class FaxMessage:
    """What the head of a fax says. `ended_at` is aware."""

    to_name: str
    to_address: str
    mailbox: str
    from_address: str
    """The address that stands behind the sender's name; must belong to this box."""
    caller_number: str | None
    caller_name: str | None
    station: str
    """What the sending machine calls itself; it may say anything."""
    line: str
    ended_at: datetime
    seconds: int
    pages: int
    well: bool
    """Whether the fax came to its end; else more pages were to come."""
    why: str
    """Why it did not."""
    token: str
    """Random letters and digits; make the Message-ID, the boundary and the file name unique."""
    language: str = "en"
    """Of who gets it, ISO 639-1."""

    def in_words(self, text: str, **values: object) -> str:
        """A sentence in the language of who gets it."""
        return say(self.language, text, **values)

    @property
    def number(self) -> str | None:
        """The sender's number: as the network gives it, else as the machine says."""
        return clean_number(self.caller_number) or clean_number(self.station)

    @property
    def display_name(self) -> str:
        """What stands in From."""
        known = clean_name(self.caller_name) or self.number or clean_name(self.station)
        return known or self.in_words(N_("Fax"))

    @property
    def sender(self) -> str:
        """Name and number as far as they are known, for people to read."""
        known = dict.fromkeys((clean_name(self.caller_name), self.number))
        named = " ".join(part for part in known if part) or clean_name(self.station)
        return named or self.in_words(N_("unknown"))

    @property
    def length(self) -> str:
        """For example "3 pages" or "1 page, broken off"."""
        text = N_("1 page") if self.pages == 1 else N_("%(count)d pages")
        pages = self.in_words(text, count=self.pages)
        return pages if self.well else self.in_words(N_("%(pages)s, broken off"), pages=pages)

    @property
    def subject(self) -> str:
        """For example "Fax from MARTA KOVACS 5551234 (3 pages)"."""
        text = N_("Fax from %(sender)s (%(length)s)")
        return self.in_words(text, sender=self.sender, length=self.length)

    @property
    def message_id(self) -> str:
        """With its angle brackets [RFC 5322 §3.6.4]."""
        return f"<{self.token}.fax@{self.from_address.rpartition('@')[2]}>"

    @property
    def file_name(self) -> str:
        """The PDF's file name: ASCII, with date and number, unlike any other."""
        number = re.sub(r"[^0-9]", "", self.number or "") or "unknown"
        return f"fax-{self.ended_at:%Y%m%d-%H%M%S}-{number}-{self.token[:8]}.pdf"


def compose(fax: FaxMessage, pages: Iterable[FaxPage]) -> Iterator[bytes]:
    """The message's octets in blocks. Raises what `pages` raises."""
    border = b"\r\n--" + _boundary(fax).encode() + b"\r\n"
    head = b"".join(fold(name, value) for name, value in _head(fax))
    pdf_head = b"".join(fold(name, value) for name, value in _pdf_head(fax))
    yield head + border + text_part(_text(fax)) + border + pdf_head + b"\r\n"
    yield from _base64(fax_pdf(pages, fax.pages, fax.subject))
    yield b"--" + _boundary(fax).encode() + b"--\r\n"


def _base64(pieces: Iterable[bytes]) -> Iterator[bytes]:
    gathered, block = bytearray(), RAW_LINE * BLOCK_LINES
    for piece in pieces:
        gathered += piece
        while len(gathered) >= block:
            yield base64_lines(bytes(gathered[:block]))
            del gathered[:block]
    if gathered:
        yield base64_lines(bytes(gathered))


def _boundary(fax: FaxMessage) -> str:
    return f"=_fax_{fax.token}"  # "_" is in no base64 text [RFC 2045 §6.7 gives "=_" too]


def _head(fax: FaxMessage) -> Iterator[tuple[str, str]]:
    yield "From", mailbox_of(fax.display_name, fax.from_address)
    yield "To", mailbox_of(clean_name(fax.to_name) or fax.mailbox, fax.to_address)
    yield "Subject", fax.subject
    from email.utils import format_datetime

    yield "Date", format_datetime(fax.ended_at)
    yield "Message-ID", fax.message_id
    yield "MIME-Version", "1.0"
    yield "Message-Context", "fax-message"
    if fax.number:
        yield "X-CallingTelephoneNumber", fax.number
    yield "X-FaxPages", str(fax.pages)
    yield "Content-Type", f'multipart/mixed; boundary="{_boundary(fax)}"'


def _pdf_head(fax: FaxMessage) -> Iterator[tuple[str, str]]:
    yield "Content-Type", f'application/pdf; name="{fax.file_name}"'
    yield "Content-Transfer-Encoding", "base64"
    yield "Content-Disposition", f'attachment; filename="{fax.file_name}"'


_MISSING = N_(
    "More pages were to come when the call broke off: %(why)s. What had arrived is in the"
    " attachment; ask the sender for the rest."
)


def _text(fax: FaxMessage) -> bytes:
    in_words, to = fax.in_words, clean_name(fax.to_name) or ""
    machine = clean_name(fax.station) or in_words(N_("does not say who it is"))
    whom = N_("%(name)s (mailbox %(mailbox)s), line %(line)s")
    lasted = f"{fax.seconds // MINUTE_S}:{fax.seconds % MINUTE_S:02}"
    rows = [
        (N_("Sender"), fax.sender),
        (N_("Machine"), machine),
        (N_("For"), in_words(whom, name=to, mailbox=fax.mailbox, line=fax.line)),
        (N_("Received"), f"{fax.ended_at:%Y-%m-%d %H:%M:%S %z}"),
        (N_("Pages"), in_words(N_("%(count)d, in %(minutes)s"), count=fax.pages, minutes=lasted)),
    ]
    labels = [f"{in_words(label)}:" for label, _ in rows]
    width = max(map(len, labels))
    lines = [f"{label:<{width}} {value}" for label, (_, value) in zip(labels, rows, strict=True)]
    if not fax.well:
        why = said(fax.language, fax_reasons.meant(fax.why))
        lines += ["", *wrapped(in_words(_MISSING, why=why))]
    return "".join(line + "\r\n" for line in lines).encode("utf-8")
