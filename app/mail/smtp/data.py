r"""Receiving a message: where it ends, what is in it, without a loop over its lines.

Rules, in the order they matter:

- After DATA, only CR LF . CR LF ends a message, for every peer [RFC 5321 §4.1.1.4]. Nothing else
  ever does: a server that also takes LF . LF or the like can be tricked into reading one mail's
  text as the commands of another (SMTP smuggling). Chunks of BDAT [RFC 3030] end where they say.
- A bare CR, a bare LF or a NUL makes the message bad [RFC 5321 §2.3.8]. It is read to its end,
  kept nowhere, and refused then.
- A peer from the LAN may send bare LF (scanners, fax machines): each becomes CR LF, after the
  message's end has been found in the octets as they came. `LF . LF` from such a peer is therefore
  text, not the end; like any line that begins with a dot it loses that dot.
- A dot that begins a line is taken away [RFC 5321 §4.5.2], but in chunks. What is kept are the
  octets as the author meant them, with CR LF, and a count of lines that begin with a dot, for POP3.
- Lines that mail programs could not take are broken (app/message/long_lines.py).

Blocks are searched with `find`, `count` and `replace`; a pattern cut by a block border is held
back and put before the next block.
"""

from dataclasses import dataclass

from app.message.dot_stuffing import CRLF, DotCounter, unstuffed
from app.message.long_lines import LineBreaker

END = b"\r\n.\r\n"
# Endings of a block that may be the start of something: longest first.
_UNDECIDED = (b"\r\n.\r", b"\r\n.", b"\r\n", b"\n.", b"\r", b"\n")
# The line end of the DATA command itself stands before the first line, so a dot at the very
# beginning needs no rule of its own.
_BEFORE = b"\r\n"


@dataclass
class Findings:
    """What is known of a message so far: octets (CR LF line ends, dots removed) and faults."""

    size: int = 0
    """Octets so far."""
    dotted: int = 0
    """Number of lines that begin with a dot."""
    bare: bool = False
    """A bare CR or LF that must not be was found."""
    nul: bool = False
    too_big: bool = False

    @property
    def bad(self) -> bool:
        """True when the message will be refused, so its octets need not be kept."""
        return self.bare or self.nul or self.too_big


class _Text:
    """What is common to both ways: line ends, what must not be, lines that are too long."""

    def __init__(self, max_octets: int, lf_allowed: bool) -> None:
        self.found = Findings()
        self._max_octets = max_octets
        self._lf_allowed = lf_allowed
        self._breaker = LineBreaker()

    def with_line_ends(self, piece: bytes) -> bytes:
        """The piece with CR LF only, or `bare` noted. A piece never ends inside a CR LF."""
        pairs = piece.count(CRLF)
        if piece.count(b"\r") != pairs:
            self.found.bare = True
        elif piece.count(b"\n") != pairs:
            if not self._lf_allowed:
                self.found.bare = True
            return piece.replace(CRLF, b"\n").replace(b"\n", CRLF)
        return piece

    def kept(self, piece: bytes, last: bool) -> bytes:
        """What is kept of a piece, everything counted; the last one ends with a line end."""
        piece = self._breaker.feed(piece)
        if last and (rest := self._breaker.end()):
            piece += rest + CRLF
        found = self.found
        found.size += len(piece)
        found.nul = found.nul or b"\0" in piece
        found.too_big = found.size > self._max_octets
        return b"" if found.bad else piece


class DataReader:
    """Takes blocks, gives the message's octets; `ended` once CR LF . CR LF has come.

    A message of more than `max_octets` is found too big; `lf_allowed` mends bare LF.
    """

    def __init__(self, max_octets: int, lf_allowed: bool) -> None:
        self._text = _Text(max_octets, lf_allowed)
        self.found = self._text.found
        self.ended = False
        self._held = _BEFORE
        self._first = True

    def feed(self, block: bytes) -> tuple[bytes, bytes]:
        """Take a block: (octets of the message, octets after its end)."""
        data = self._held + block
        end = data.find(END) if b"." in data else -1
        if end >= 0:
            self.ended = True
            self._held = b""
            return self._clean(data[: end + 2], last=True), data[end + len(END) :]
        keep = self._undecided(data)
        self._held = data[len(data) - keep :]
        return self._clean(data[: len(data) - keep]), b""

    def _undecided(self, data: bytes) -> int:
        for ending in _UNDECIDED:
            if data.endswith(ending):
                return len(ending)
        return 0

    def _clean(self, piece: bytes, last: bool = False) -> bytes:
        """Line ends checked or mended, dots removed, long lines broken, everything counted."""
        piece, dotted = unstuffed(self._text.with_line_ends(piece))
        self.found.dotted += dotted
        if self._first and piece:
            piece = piece[len(_BEFORE) :]
            self._first = False
        return self._text.kept(piece, last)


class ChunkReader:
    """Takes the chunks of one message, each announced by `begin`; its findings as DataReader's.

    `ended` once the last one has come; a message without a line end at its end gets one.
    """

    def __init__(self, max_octets: int, lf_allowed: bool) -> None:
        self._text = _Text(max_octets, lf_allowed)
        self.found = self._text.found
        self.ended = False
        self.left = 0
        """Octets of the chunk that have not come."""
        self._last = False
        self._held = b""  # a CR whose LF may begin the next block
        self._dots = DotCounter()

    def begin(self, octets: int, last: bool) -> None:
        """A chunk of so many octets follows."""
        self.left, self._last = octets, last

    def feed(self, block: bytes) -> tuple[bytes, bytes]:
        """Take a block: (octets of the message, octets after the chunk)."""
        data, rest = self._held + block[: self.left], block[self.left :]
        self.left -= len(block) - len(rest)
        self.ended = self._last and self.left == 0
        cut = len(data) - (data.endswith(b"\r") and not self.ended)
        piece, self._held = self._text.with_line_ends(data[:cut]), data[cut:]
        self._dots.feed(piece)
        self.found.dotted = self._dots.count
        return self._text.kept(piece, self.ended), rest
