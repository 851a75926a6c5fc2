"""Reading a message that a POP3 server sends [RFC 1939 §3]: where it ends, and what is kept of it.

What an old server holds is taken as it is, for nobody else could mend it: NUL is left out, a CR or
LF alone becomes CRLF, and lines that mail programs cannot take are broken
(app/message/long_lines.py). The end is looked for before that, in the octets as they came.
"""

import re

from app.message.dot_stuffing import DotCounter, unstuffed
from app.message.long_lines import LineBreaker

END = b"\r\n.\r\n"
_NULS = re.compile(rb"\0{2,}")
_UNDECIDED = re.compile(rb"(?:\r\0?\n\0?\.\0?\r|\r\0?\n\0?\.?|\n\0?\.|\r|\n)\0?\Z")
"""The end of a block that may be the start of something; a NUL in it will be left out."""
_LONGEST = 8
"""Octets of it."""
_BEFORE = b"\r\n"  # the end of the status line stands before the first line


class MessageReader:
    """Takes blocks cut anywhere, gives the message's octets; `ended` once its end has come."""

    def __init__(self) -> None:
        self.ended = False
        self.size = 0
        """Octets so far, as they are kept."""
        self._dots = DotCounter()
        self._held = _BEFORE
        self._first = True
        self._breaker = LineBreaker()

    @property
    def dotted(self) -> int:
        """Number of lines so far that begin with a dot."""
        return self._dots.count

    def feed(self, block: bytes) -> tuple[bytes, bytes]:
        """Take a block: (octets of the message, octets after its end)."""
        data = self._held + block
        end = data.find(END) if b"." in data else -1
        if end >= 0:
            self.ended, self._held = True, b""
            return self._clean(data[: end + 2], last=True), data[end + len(END) :]
        if b"\0" in data:
            data = _NULS.sub(b"\0", data)  # one of them breaks an end as well as many
        undecided = _UNDECIDED.search(data[-_LONGEST:])
        keep = len(undecided[0]) if undecided else 0
        self._held = data[len(data) - keep :]
        return self._clean(data[: len(data) - keep]), b""

    def _clean(self, piece: bytes, last: bool = False) -> bytes:
        piece, _ = unstuffed(piece)
        if self._first and piece:
            piece, self._first = piece[len(_BEFORE) :], False
        if b"\0" in piece:
            piece = piece.replace(b"\0", b"")
        pairs = piece.count(b"\r\n")
        if not pairs == piece.count(b"\r") == piece.count(b"\n"):
            piece = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
        piece = self._breaker.feed(piece)
        if last:
            piece += self._breaker.end()
        self._dots.feed(piece)
        self.size += len(piece)
        return piece
