"""Message headers: the one reader for octets on their way in, at rest and on their way out.

    reader = HeadReader()
    octets = reader.feed(block)        # b"" until the header is complete, then all octets so far
    reader.head                        # the header, CRLF of its last field included
    scan_head(reader.head).subject     # "Grüße aus Wien"
    rewrite(head, ("from",), change)   # the same header with the values of some fields changed

No function here raises, whatever the octets are; each takes time linear in what it looks at, and
looks at HEAD_LIMIT octets and FIELDS_LIMIT fields at most, of a field at BODY_LIMIT octets before
it is unfolded and at VALUE_LIMIT before it is decoded. What is malformed is shown as it came
[RFC 2047 §6.3].
"""

import binascii
import encodings
import encodings.aliases
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple

from app.core.text import one_line

HEAD_LIMIT = 131_072
"""Octets of a header that are looked at; what follows counts as text."""

FIELDS_LIMIT = 1_000
"""Fields of a header that are looked at; mail in the field has 100 at most."""

BODY_LIMIT = 16_384
"""Octets of one field that are unfolded."""

VALUE_LIMIT = 4_000
"""Octets of one field that are decoded; RFC 5322 §2.1.1 allows 998 in a line."""

SHOWN_LIMIT = 500
"""Characters of a field that are shown."""

MARK = "switchhook-sent-on"
"""The field, in lower case, by which a box knows what it has sent on before."""

_EMPTY_LINE = re.compile(rb"\r?\n\r?\n")
_FOLD = re.compile(rb"\r?\n(?=[ \t])")
# A field-name [RFC 5322 §3.6.8, §4.5.8], a colon, and all up to a line end that no fold follows.
_FIELD = re.compile(rb"([!-9;-~]++)[ \t]*+:((?:[^\n]*+\n(?=[ \t]))*+[^\n]*+)\n?")

# The separator of a mailbox file [RFC 4155], perhaps quoted as one quotes text in it.
_MAILBOX_LINE = re.compile(rb">?From [^\n]*+\n(?=[!-9;-~]++[ \t]*+:)")

_MESSAGE_ID = re.compile(rb"<[!-;=?-~]{1,250}>")


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
        held = self._held
        seen = max(0, len(held) - 3)  # an empty line may be cut by the border of two blocks
        if held:
            held += block
        octets = held or block  # the first block nearly always has it all and is not copied
        if octets.startswith((b"\r\n", b"\n")):
            return self._finish(octets, 0)
        found = _EMPTY_LINE.search(octets, seen)
        if found is not None and found.start() < HEAD_LIMIT:
            return self._finish(octets, octets.index(b"\n", found.start()) + 1)
        if len(octets) >= HEAD_LIMIT:
            self.cut_off = True
            return self._finish(octets, HEAD_LIMIT)
        if not held:
            held += block
        return b""

    def end(self) -> bytes:
        """The message is over; gives what was still held back."""
        return b"" if self.complete else self._finish(self._held, len(self._held))

    def _finish(self, octets: bytes | bytearray, head: int) -> bytes:
        octets = bytes(octets)  # no copy is made of what is bytes already
        self._held = bytearray()
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


def without_mailbox_line(head: bytes) -> bytes:
    """The header without a first line of a mailbox file, `From ` or `>From `, if a field follows.

    Text that begins with such words is text.
    """
    found = _MAILBOX_LINE.match(head) if b"From " in head[:6] else None
    return head if found is None else head[found.end() :]


class Field(NamedTuple):
    """One header field: its name in lower case, and its octets with folds and last line end."""

    name: str
    octets: bytes
    body: bytes
    """What follows the colon, as it came."""

    @property
    def value(self) -> bytes:
        """What follows the colon, unfolded [RFC 5322 §2.2.3], without blanks around it.

        At most BODY_LIMIT octets.
        """
        return unfolded(self.body)


def unfolded(body: bytes) -> bytes:
    """As Field.value."""
    body = body[:BODY_LIMIT]
    return (_FOLD.sub(b"", body) if b"\n" in body else body).strip()


class FirstValues(Mapping[str, bytes]):
    """Values by name, each unfolded when it is asked for: most never are."""

    def __init__(self, bodies: Mapping[str, bytes]) -> None:
        self._bodies = bodies

    def __getitem__(self, name: str) -> bytes:
        return unfolded(self._bodies[name])

    def __contains__(self, name: object) -> bool:
        return name in self._bodies

    def get(self, name: str, default: Any = None) -> Any:
        """As Mapping.get, which would raise and catch for each that is missing."""
        body = self._bodies.get(name)
        return default if body is None else unfolded(body)

    def __iter__(self) -> Iterator[str]:
        return iter(self._bodies)

    def __len__(self) -> int:
        return len(self._bodies)


def fields(head: bytes) -> Iterator[Field]:
    """The fields at the start of a message, up to the empty line or the first line that is none."""
    at, limit = 0, min(len(head), HEAD_LIMIT)
    for _ in range(FIELDS_LIMIT):
        found = _FIELD.match(head, at, limit)
        if found is None:
            return
        name, body = found.groups()
        yield Field(name.decode("ascii").lower(), found[0], body)
        at = found.end()


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


def rewrite(head: bytes, names: tuple[str, ...], change: Callable[[bytes], bytes]) -> bytes:
    """The header with `change` applied to the fields (name included) of these lower-case names.

    The first FIELDS_LIMIT of them; each octet is looked at once, and `change` should do the same.

    A message that begins with text has no header: nothing of it is changed.
    """
    if _FIELD.match(head) is None:
        return head
    return _fields_named(names).sub(lambda found: change(found[0]), head, FIELDS_LIMIT)


@lru_cache
def _fields_named(names: tuple[str, ...]) -> re.Pattern[bytes]:
    """As _FIELD, at the beginning of any line."""
    either = "|".join(names).encode("ascii")
    return re.compile(
        rb"(?<![^\n])(?:%b)[ \t]*+:(?:[^\n]*+\n(?=[ \t]))*+[^\n]*+\n?" % either, re.IGNORECASE
    )


@dataclass(frozen=True)
class HeaderFacts:
    """A header, as far as delivery cares."""

    hops: int = 0
    """Received lines: one a relay [RFC 5321 §6.3]."""
    marks: frozenset[str] = frozenset()
    """Values of the fields that a box puts before what it sends on (app/inbox/loops.py)."""
    sender: str = ""
    """From, decoded, as text to show; at most SHOWN_LIMIT characters."""
    subject: str = ""
    """Subject, decoded; at most SHOWN_LIMIT characters."""
    fields: Mapping[str, bytes] = field(default_factory=dict)
    """The first value of each field, by its name in lower case."""
    message_id: str = ""
    """Message-ID with its angle brackets, if it is one [RFC 5322 §3.6.4]."""
    is_text: bool = False
    """The message begins with text: neither with a field nor with an empty line."""
    is_automatic: bool = False
    """A program has sent it, or a list: no program may answer it [RFC 3834 §2]."""


def scan_head(octets: bytes) -> HeaderFacts:
    """Read the header at the start of a message; whatever is malformed is passed over."""
    hops, marks = 0, list[str]()
    bodies: dict[str, bytes] = {}  # the first of each
    for name, _, body in fields(octets):
        if name == "received":
            hops += 1
        elif name == MARK:
            marks.append(unfolded(body).decode("ascii", "replace"))
        bodies.setdefault(name, body)
    found = FirstValues(bodies)
    return HeaderFacts(
        hops=hops,
        marks=frozenset(marks),
        sender=shown(found.get("from", b"")),
        subject=shown(found.get("subject", b"")),
        fields=found,
        message_id=_message_id(found.get("message-id", b"")),
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


def _message_id(value: bytes) -> str:
    found = _MESSAGE_ID.fullmatch(value)
    return found[0].decode("ascii") if found else ""


_LIST_FIELDS = frozenset({"list-id", "list-unsubscribe", "list-post", "list-help"})


def _is_automatic(found: Mapping[str, bytes]) -> bool:
    """RFC 3834 §2; Precedence is what senders used before it, and RFC 2919 marks lists."""
    submitted = found.get("auto-submitted", b"").partition(b";")[0].strip().lower()
    precedence = found.get("precedence", b"").lower()
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

# Half a surrogate pair, which nothing can store; NUL, and a CR alone, which no line has
# [RFC 5322 §2.2]: who writes them means to deceive a reader, or the word is broken.
_NOT_SHOWN = re.compile("[\ud800-\udfff\x00]|\r(?!\n)")

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
    codec = codec_of(words[0].charset)
    if codec is None:
        return None
    try:
        text = b"".join(octets).decode(codec)
    except (LookupError, ValueError):  # no text encoding; UnicodeError is a ValueError
        return None
    return None if _NOT_SHOWN.search(text) else text


def codec_of(charset: str) -> str | None:
    """Python's name for a charset, if it knows it."""
    if not charset.isascii():
        return None
    name = encodings.normalize_encoding(charset)
    name = encodings.aliases.aliases.get(name, name)
    return name if name in _CHARSETS else None
