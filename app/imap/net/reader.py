"""Octets in, responses out [RFC 3501 §7, RFC 9051 §7]: the one reader of what a server says.

    reader = ResponseReader()
    reader.feed(b"* 3 EXISTS\\r\\n* 1 FETCH (UID 7 BODY[] {5}\\r\\nhello)\\r\\n")
    reader.next()       # Data("EXISTS", 3, [])
    reader.next()       # Data("FETCH", 1, [[b"UID", b"7", b"BODY[]", b"hello"]])
    reader.next()       # None: wait for more octets

Whatever a server sends, no more than one response of `LINE_LIMIT` octets of text and
`LITERALS_LIMIT` octets of literals is kept. Messages are asked for in pieces that fit.
"""

import re
from dataclasses import dataclass

from app.imap.net.tokens import Token, parse, parse_code

LINE_LIMIT = 1 << 20
"""Octets of a response's text: a SEARCH of 150,000 mails fits, and of any number as ranges."""
LITERALS_LIMIT = 1 << 20
"""Octets of all literals of a response: a piece of a message, or a header."""
LITERALS = 100
"""Literals of one response."""
GREATEST = 2**63 - 1
"""The greatest number there is, a modseq [RFC 7162 §7]."""

_LITERAL = re.compile(rb"\{(\d{1,20})\+?\}\Z")
_STATUS = (b"OK", b"NO", b"BAD", b"BYE", b"PREAUTH")
_TAG = re.compile(rb"[!-~]{1,32}\Z")


class BadResponse(Exception):
    """What came is no response, or more than is taken; the text says why."""


@dataclass(frozen=True)
class Continue:
    """ "+": the server waits for the rest of a command [RFC 3501 §7.5]."""

    text: bytes


@dataclass(frozen=True)
class Status:
    """OK, NO, BAD, BYE or PREAUTH [RFC 3501 §7.1]."""

    tag: bytes
    """Of the command that this answers; empty: untagged."""
    kind: str
    code: list[Token]
    """The code in brackets, its name in capitals first; empty: there is none."""
    text: str

    @property
    def name(self) -> str:
        """The code's name; "" if there is none."""
        return self.code[0].decode("ascii") if self.code and isinstance(self.code[0], bytes) else ""


@dataclass(frozen=True)
class Data:
    """Anything else, untagged [RFC 3501 §7.2 to 7.4]."""

    name: str
    """In capitals."""
    number: int | None
    """What stands before the name in EXISTS, EXPUNGE, FETCH."""
    fields: list[Token]


Response = Continue | Status | Data


class ResponseReader:
    """Collects octets and gives responses; after BadResponse it gives no more."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._seen = 0  # octets of the buffer that hold no line end
        self._parts: list[bytes] = []  # of the present response: text, literal, text ...
        self._wanted: int | None = None  # octets of the literal that is coming
        self._text = 0  # octets of text in the parts
        self._literals = 0

    @property
    def buffered(self) -> int:
        """Octets that were fed and are in no response yet."""
        return len(self._buffer) + sum(map(len, self._parts))

    def feed(self, data: bytes) -> None:
        """Take octets as they came, cut anywhere."""
        self._buffer += data

    def next(self) -> Response | None:
        """The next response; None if it has not all come. Raises BadResponse."""
        while True:
            if self._wanted is not None:
                if not self._literal(self._wanted):
                    return None
                continue
            line = self._line()
            if line is None:
                return None
            self._parts.append(line)
            if announced := self._announced(line):
                self._wanted = announced[0]
                continue
            parts, self._parts = self._parts, []
            self._text = self._literals = 0
            return _response(parts)

    def _line(self) -> bytes | None:
        """The next line without its end."""
        end = self._buffer.find(b"\r\n", max(self._seen - 1, 0))
        if (len(self._buffer) if end < 0 else end) + self._text > LINE_LIMIT:
            raise BadResponse(f"a response of more than {LINE_LIMIT} octets")
        if end < 0:
            self._seen = len(self._buffer)
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        self._seen = 0
        self._text += end
        return line

    def _announced(self, line: bytes) -> list[int]:
        """The octets of a literal that follows, if one does; texts for people announce none."""
        if len(self._parts) == 1 and not _may_have_literals(line):
            return []
        found = _LITERAL.search(line[-24:])
        if found is None:
            return []
        size = int(found[1])
        self._literals += size
        if self._literals > LITERALS_LIMIT or len(self._parts) > 2 * LITERALS:
            raise BadResponse(f"more than {LITERALS} literals, or {LITERALS_LIMIT} octets of them")
        return [size]

    def _literal(self, size: int) -> bool:
        if len(self._buffer) < size:
            return False
        self._parts.append(bytes(self._buffer[:size]))
        del self._buffer[:size]
        self._wanted = None
        return True


def _may_have_literals(line: bytes) -> bool:
    words = line.split(b" ", 2)
    return words[0] == b"*" and len(words) > 1 and words[1].upper() not in _STATUS


def _response(parts: list[bytes]) -> Response:
    """What the lines and literals of a response say. Raises BadResponse."""
    head, _, rest = parts[0].partition(b" ")
    if head == b"+":
        return Continue(rest)
    word, _, after = rest.partition(b" ")
    kind = word.upper()
    if kind in _STATUS and _TAG.match(head):
        return _status(b"" if head == b"*" else head, kind, after)
    if head != b"*":
        raise BadResponse(f"no response: {parts[0][:80]!r}")
    number = None
    if word.isdigit():
        if len(word) > 19 or int(word) > GREATEST:
            raise BadResponse("a number without end")
        number = int(word)
        word, _, after = after.partition(b" ")
    if not re.fullmatch(rb"[A-Za-z][A-Za-z0-9.\-]*", word):
        raise BadResponse(f"no response: {parts[0][:80]!r}")
    try:
        fields = parse([after, *parts[1:]])
    except ValueError as problem:
        raise BadResponse(f"{problem}: {parts[0][:80]!r}") from problem
    return Data(word.decode("ascii").upper(), number, fields)


def _status(tag: bytes, kind: bytes, text: bytes) -> Status:
    if kind in (b"BYE", b"PREAUTH") and tag:
        raise BadResponse(f"{kind.decode()} with a tag")
    code: list[Token] = []
    if text.startswith(b"["):
        try:
            code, text = parse_code(text)
        except ValueError as problem:
            raise BadResponse(f"{problem}: {text[:80]!r}") from problem
    return Status(tag, kind.decode("ascii"), code, text.strip().decode("utf-8", "replace"))
