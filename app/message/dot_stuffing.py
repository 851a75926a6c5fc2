"""Lines that begin with a dot, in POP3 and in SMTP: doubled on the wire, counted at rest.

A line that holds a dot alone ends a multi-line answer of POP3 [RFC 1939 §3] and a message of SMTP
[RFC 5321 §4.5.2], so a dot that begins a line of text is doubled on its way out and taken away on
its way in. At rest a message keeps its octets as the author meant them, with the number of lines
that begin with a dot: where that is 0, and it nearly always is, the octets can be sent as they lie.

Octets have CRLF line ends. Pieces are cut anywhere, also between CR and LF, so what takes pieces
carries the last octets of one to the next.
"""

from collections.abc import Iterable, Iterator

CRLF = b"\r\n"


class DotCounter:
    """Counts lines that begin with a dot in octets that come in pieces."""

    def __init__(self) -> None:
        self.count = 0
        self._tail = CRLF  # the first line begins a line, too

    def feed(self, octets: bytes) -> None:
        """Take the next piece, of any length, cut anywhere."""
        # A line end cut by the seam is looked for in the few octets around it; two of the new
        # ones cannot hold a whole "CRLF dot", so nothing is counted twice.
        self.count += (self._tail + octets[:2]).count(b"\r\n.") + octets.count(b"\r\n.")
        self._tail = (self._tail + octets[-2:])[-2:]


def dots_in(octets: bytes) -> int:
    """Lines of a whole piece of text that begin with a dot."""
    counter = DotCounter()
    counter.feed(octets)
    return counter.count


def stuffed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Double the dot that begins a line."""
    tail = CRLF  # the first octet begins a line
    for piece in pieces:
        after = (tail + piece[-2:])[-2:]
        if piece[:1] == b"." and tail == CRLF:
            piece = b"." + piece
        elif piece[:2] == b"\n." and tail[-1:] == b"\r":
            piece = b"\n.." + piece[2:]
        yield piece.replace(b"\r\n.", b"\r\n..")
        tail = after


def unstuffed(octets: bytes) -> tuple[bytes, int]:
    """Take away the dot that begins each line after a CRLF in `octets`.

    Gives the text and how many of its lines still begin with a dot. The octets must not end within
    CRLF and dot, and a dot at their very beginning is left alone: put the CRLF before it.
    """
    if b"." not in octets:
        return octets, 0
    return octets.replace(b"\r\n.", CRLF), octets.count(b"\r\n..")


def top(pieces: Iterable[bytes], lines: int) -> Iterator[bytes]:
    """Header, empty line and the first `lines` lines of the body [RFC 1939 §7, TOP]."""
    tail = CRLF  # an empty first line ends an empty header
    in_body = False
    for piece in pieces:
        begins = 0
        if not in_body:
            seen = tail + piece
            found = seen.find(b"\r\n\r\n")
            tail = seen[-3:]
            if found < 0:
                yield piece
                continue
            in_body = True
            begins = found + 4 - (len(seen) - len(piece))
        here = piece.count(b"\n", begins)
        if here < lines:
            lines -= here
            yield piece
            continue
        yield piece[: _after_lines(piece, begins, lines)]
        return


def _after_lines(piece: bytes, begins: int, lines: int) -> int:
    """Where the octet after the `lines`-th line end lies."""
    end = begins
    for _ in range(lines):
        end = piece.index(b"\n", end) + 1
    return end


def whole_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same octets, and a CRLF after them if they do not end with one."""
    tail = CRLF
    for piece in pieces:
        yield piece
        tail = (tail + piece[-2:])[-2:]
    if tail != CRLF:
        yield CRLF


def ended(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Close the answer with `.CRLF`, on a line of its own even if the message ends without CRLF."""
    yield from whole_lines(pieces)
    yield b".\r\n"
