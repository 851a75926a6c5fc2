"""Message headers: the one reader for octets on their way in, at rest and on their way out.

    reader = HeadReader()
    octets = reader.feed(block)        # b"" until the header is complete, then all octets so far
    reader.head                        # the header, CRLF of its last field included
    scan_head(reader.head).subject     # "Grüße aus Wien"
    rewrite(head, {"from"}, change)    # the same header with the values of some fields changed

No function here raises, whatever the octets are; each takes time linear in what it looks at, and
looks at HEAD_LIMIT octets at most. What is malformed is shown as it came [RFC 2047 §6.3].
"""

import binascii
import encodings
import encodings.aliases
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from app.core.text import one_line

HEAD_LIMIT = 131_072
"""Octets of a header that are looked at; what follows counts as text."""

VALUE_LIMIT = 4_000
"""Octets of one field that are decoded; RFC 5322 §2.1.1 allows 998 in a line."""

SHOWN_LIMIT = 500
"""Characters of a field that are shown."""

_EMPTY_LINE = re.compile(rb"\r?\n\r?\n")
_FIELD_END = re.compile(rb"\r?\n(?![ \t])")  # a line end that no folded line follows
_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_NAME = re.compile(rb"([!-9;-~]++)[ \t]*+:")  # field-name [RFC 5322 §3.6.8, §4.5.8]


class HeadReader:
    """Holds the octets of a message back until its header is known, wherever the blocks are cut.

    The header ends before the first empty line, at HEAD_LIMIT octets, or with the message.
    """

    def __init__(self) -> None:
        self.head = b""
        """The header with the CRLF of its last field; known when `complete`."""
        self.complete = False
        self.cut_off = False
        """True when the header was longer than HEAD_LIMIT, so that `head` is only its beginning."""
        self._held = bytearray()

    def feed(self, block: bytes) -> bytes:
        """Take the next octets; give those that need not be held back: b"", then all so far."""
        if self.complete:
            return block
        seen = max(0, len(self._held) - 3)  # an empty line may be cut by the border of two blocks
        self._held += block
        if self._held.startswith((b"\r\n", b"\n")):
            return self._finish(0)
        found = _EMPTY_LINE.search(self._held, seen)
        if found is not None and found.start() < HEAD_LIMIT:
            return self._finish(self._held.index(b"\n", found.start()) + 1)
        if len(self._held) < HEAD_LIMIT:
            return b""
        self.cut_off = True
        return self._finish(HEAD_LIMIT)

    def end(self) -> bytes:
        """The message is over; gives what was still held back."""
        return b"" if self.complete else self._finish(len(self._held))

    def _finish(self, head: int) -> bytes:
        octets, self._held = bytes(self._held), bytearray()
        self.head = octets[:head]
        self.complete = True
        return octets


def read_head(pieces: Iterable[bytes]) -> bytes:
    """The header of a message that comes in pieces; reads no further than it must."""
    reader = HeadReader()
    for piece in pieces:
        reader.feed(piece)
        if reader.complete:
            return reader.head
    reader.end()
    return reader.head


class Field(NamedTuple):
    """One header field: its name in lower case, and its octets with folds and last line end."""

    name: str
    octets: bytes

    @property
    def value(self) -> bytes:
        """What follows the colon, unfolded [RFC 5322 §2.2.3], without blanks around it."""
        return _FOLD.sub(b"", self.octets).partition(b":")[2].strip()


def fields(head: bytes) -> Iterator[Field]:
    """The fields at the start of a message, up to the empty line or the first line that is none."""
    at, limit = 0, min(len(head), HEAD_LIMIT)
    while at < limit:
        name = _NAME.match(head, at, limit)
        if name is None:
            return
        end = _FIELD_END.search(head, at, limit)
        after = limit if end is None else end.end()
        yield Field(name[1].decode("ascii").lower(), head[at:after])
        at = after


def rewritten(pieces: Iterable[bytes], change: Callable[[bytes], bytes]) -> Iterator[bytes]:
    """The message in these pieces with `change` applied to its header; see `HeadReader.head`."""
    reader = HeadReader()
    for piece in pieces:
        was_complete = reader.complete
        octets = reader.feed(piece)
        if was_complete:
            yield octets
        elif octets:
            yield change(reader.head) + octets[len(reader.head) :]
    if not reader.complete:
        reader.end()
        yield change(reader.head)


def rewrite(head: bytes, names: Collection[str], change: Callable[[bytes], bytes]) -> bytes:
    """The header with `change` applied to each field (name included) of these lower-case names."""
    pieces, at = [], 0
    for field in fields(head):
        pieces.append(change(field.octets) if field.name in names else field.octets)
        at += len(field.octets)
    return b"".join([*pieces, head[at:]])


@dataclass(frozen=True)
class HeaderFacts:
    """A header, as far as delivery cares."""

    hops: int = 0
    """Received lines: one a relay [RFC 5321 §6.3]."""
    delivered_to: frozenset[str] = frozenset()
    """Addresses the message has been delivered to on its way, in lower case [RFC 9228]."""
    sender: str = ""
    """From, decoded, as text to show; at most SHOWN_LIMIT characters."""
    subject: str = ""
    """Subject, decoded; at most SHOWN_LIMIT characters."""
    fields: frozenset[str] = frozenset()
    """Names of all fields, in lower case; "date" and "message-id" may be missing."""
    is_voice: bool = False
    """Message-Context says that it is a voice message [RFC 3458 §6.1], from whatever system."""
    duration_s: int | None = None
    """Content-Duration, if it is the whole seconds that RFC 3803 §3 asks for."""
    message_id: str = ""
    """Message-ID with its angle brackets, if it is one [RFC 5322 §3.6.4]."""
    is_text: bool = False
    """The message begins with text: neither with a field nor with an empty line."""
    is_automatic: bool = False
    """A program has sent it, or a list: no program may answer it [RFC 3834 §2]."""


def scan_head(octets: bytes) -> HeaderFacts:
    """Read the header at the start of a message; whatever is malformed is passed over."""
    found: dict[str, list[bytes]] = {}
    for field in fields(octets):
        found.setdefault(field.name, []).append(field.value)
    return HeaderFacts(
        hops=len(found.get("received", ())),
        delivered_to=frozenset(map(_address, found.get("delivered-to", ()))),
        sender=shown(_first(found, "from")),
        subject=shown(_first(found, "subject")),
        fields=frozenset(found),
        is_voice=_first(found, "message-context").lower() == b"voice-message",
        duration_s=_seconds(_first(found, "content-duration")),
        message_id=_message_id(_first(found, "message-id")),
        is_text=bool(octets) and not found and not octets.startswith((b"\r\n", b"\n")),
        is_automatic=_is_automatic(found),
    )


def shown(value: bytes) -> str:
    """A field's value as one line of text to show, encoded words [RFC 2047] decoded.

    At most SHOWN_LIMIT characters. What is no UTF-8 is shown with replacement characters.
    """
    text = value[:VALUE_LIMIT].decode("utf-8", "replace")
    if "=?" in text:
        text = _WORDS.sub(_decoded_words, text)
    return one_line(text, SHOWN_LIMIT)


def _first(found: dict[str, list[bytes]], name: str) -> bytes:
    values = found.get(name)
    return values[0] if values else b""


def _seconds(value: bytes) -> int | None:
    return int(value) if re.fullmatch(rb"[0-9]{1,6}", value) else None


def _message_id(value: bytes) -> str:
    found = re.fullmatch(rb"<[!-;=?-~]{1,250}>", value)
    return found[0].decode("ascii") if found else ""


def _address(value: bytes) -> str:
    return value.decode("utf-8", "replace").strip("<> \t").lower()


_LIST_FIELDS = frozenset({"list-id", "list-unsubscribe", "list-post", "list-help"})


def _is_automatic(found: dict[str, list[bytes]]) -> bool:
    """RFC 3834 §2; Precedence is what senders used before it, and RFC 2919 marks lists."""
    submitted = _first(found, "auto-submitted").partition(b";")[0].strip().lower()
    precedence = _first(found, "precedence").lower()
    return (
        submitted not in (b"", b"no")
        or precedence in (b"bulk", b"junk", b"list")
        or not _LIST_FIELDS.isdisjoint(found)
    )


# ---- encoded words [RFC 2047]

# `=?charset?B?text?=`, the charset perhaps with a language [RFC 2231 §5]. Blanks in the text are
# forbidden and common.
_WORD = r"=\?([^?\s]{1,75})\?([BbQq])\?([^?]*)\?="
# Blanks between two encoded words are not shown [RFC 2047 §6.2].
_WORDS = re.compile(rf"{_WORD}(?:[ \t]*{_WORD})*")
_ONE_WORD = re.compile(_WORD)

# Python's codecs that are charsets of mail. Others (unicode-escape, idna ...) are not in its list
# of aliases. Only these are ever looked up: Python remembers every name it is asked for, for ever.
_CHARSETS = frozenset(encodings.aliases.aliases.values())


class _Word(NamedTuple):
    """One encoded word: its charset in lower case, its octets (None: broken)."""

    charset: str
    octets: bytes | None


def _decoded_words(run: re.Match[str]) -> str:
    """Adjacent encoded words as text; those that make no sense stay as they came, all of them.

    Words of one charset are decoded together: many programs cut them in the middle of a character.
    """
    words = [_word(found) for found in _ONE_WORD.finditer(run[0])]
    texts = [_text(list(group)) for _, group in groupby(words, key=lambda word: word.charset)]
    return run[0] if None in texts else "".join(text for text in texts if text is not None)


def _word(found: re.Match[str]) -> _Word:
    charset, coding, text = found.groups()
    name = charset.partition("*")[0].lower()
    try:
        raw = text.encode("ascii")
        if coding in "Qq":
            return _Word(name, binascii.a2b_qp(raw, header=True))
        return _Word(name, binascii.a2b_base64(raw + b"=" * (-len(raw) % 4)))
    except (UnicodeEncodeError, binascii.Error):
        return _Word(name, None)


def _text(words: list[_Word]) -> str | None:
    """What these words of one charset say; None if that cannot be known."""
    octets = [word.octets for word in words if word.octets is not None]
    if len(octets) < len(words):
        return None
    codec = _codec(words[0].charset)
    if codec is None:
        return None
    try:
        text = b"".join(octets).decode(codec)
    except (LookupError, ValueError):  # no text encoding; UnicodeError is a ValueError
        return None
    return None if any("\ud800" <= char <= "\udfff" for char in text) else text


def _codec(charset: str) -> str | None:
    """Python's name for a charset, if it knows it."""
    if not charset.isascii():
        return None
    name = encodings.normalize_encoding(charset)
    name = encodings.aliases.aliases.get(name, name)
    return name if name in _CHARSETS else None
