"""A message in the form in which DKIM and ARC sign it [RFC 6376 §3.4], while it goes by in pieces.

"simple" leaves header and body as they are, "relaxed" evens out blanks; both leave out empty lines
at the end of the body. No more than one piece of the body is held, however long it is.
"""

import hashlib
import re

from app.message.headers import Field

_BLANKS = re.compile(rb"[ \t]+")
_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_MANY = b"\r\n" * 4096


class BodyHash:
    """SHA-256 of a canonical body: feed it all octets after the empty line, then ask."""

    def __init__(self, relaxed: bool) -> None:
        self._relaxed = relaxed
        self._hash = hashlib.sha256()
        self._held = b""  # what may become part of a line end, or of a run of blanks
        self._empty_lines = 0  # line ends that count only if something follows
        self._any = False  # something was hashed
        self._digest: bytes | None = None

    def feed(self, octets: bytes) -> None:
        """Take the next octets, cut anywhere."""
        data = self._held + octets
        if self._relaxed:
            data = _even(data)
            kept = len(data) - 2 if data.endswith(b" \r") else len(data)
            kept = kept if kept < len(data) else len(data) - data.endswith((b"\r", b" "))
        else:
            kept = len(data) - data.endswith(b"\r")
        self._held = data[kept:]
        self._take(data[:kept])

    def digest(self) -> bytes:
        """The hash; nothing may be fed after it."""
        if self._digest is None:
            rest = self._held
            if self._relaxed:
                rest = rest.replace(b" ", b"")
            self._take(rest)
            # A body without a last line end gets one; an empty one is CRLF, relaxed it is nothing.
            if self._any or not self._relaxed:
                self._hash.update(b"\r\n")
            self._digest = self._hash.digest()
        return self._digest

    def _take(self, data: bytes) -> None:
        text = data.rstrip(b"\r\n")
        if text:
            self._put_empty_lines()
            self._hash.update(text)
            self._any = True
        self._empty_lines += (len(data) - len(text)) // 2

    def _put_empty_lines(self) -> None:
        while self._empty_lines:
            some = min(self._empty_lines, len(_MANY) // 2)
            self._hash.update(_MANY[: 2 * some])
            self._empty_lines -= some


def _even(data: bytes) -> bytes:
    """Runs of blanks become one, and none is left at the end of a line."""
    data = data.replace(b"\t", b" ")
    while b"  " in data:
        data = data.replace(b"  ", b" ")
    return data.replace(b" \r\n", b"\r\n")


def relaxed_field(name: str, body: bytes) -> bytes:
    """A header field in relaxed form, without its line end; `body` is what follows the colon."""
    value = _BLANKS.sub(b" ", _FOLD.sub(b"", body)).strip(b" \r\n")
    return name.lower().encode("ascii") + b":" + value


def canonical_field(field: Field, relaxed: bool) -> bytes:
    """A header field as it is signed, with its line end."""
    if relaxed:
        return relaxed_field(field.name, field.body) + b"\r\n"
    return field.octets if field.octets.endswith(b"\r\n") else field.octets + b"\r\n"


def chosen(fields: list[Field], names: list[str]) -> list[Field]:
    """The fields that a list of names means: of each name the last, then the one before, ...

    [RFC 6376 §5.4.2]. A name without a field, or with none left, means nothing.
    """
    left: dict[str, list[Field]] = {}
    for field in fields:
        left.setdefault(field.name, []).append(field)
    return [left[name].pop() for name in names if left.get(name)]
