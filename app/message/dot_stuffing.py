"""The body of a multi-line POP3 answer: byte-stuffing and TOP, piece by piece.

Pieces are cut anywhere, also between CR and LF, so both functions carry the last octets of one
piece to the next. Their input is message octets with CRLF line ends; their output is what goes on
the wire before the final `.CRLF`.
"""

from collections.abc import Iterable, Iterator

CRLF = b"\r\n"


def stuffed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Double the dot that begins a line [RFC 1939 3]."""
    tail = CRLF  # the first octet begins a line
    for piece in pieces:
        after = (tail + piece)[-2:]
        if piece[:1] == b"." and tail == CRLF:
            piece = b"." + piece
        elif piece[:2] == b"\n." and tail[-1:] == b"\r":
            piece = b"\n.." + piece[2:]
        yield piece.replace(b"\r\n.", b"\r\n..")
        tail = after


def top(pieces: Iterable[bytes], lines: int) -> Iterator[bytes]:
    """Header, empty line and the first `lines` lines of the body [RFC 1939 7, TOP]."""
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


def ended(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Close the answer with `.CRLF`, on a line of its own even if the message ends without CRLF."""
    tail = CRLF
    for piece in pieces:
        yield piece
        tail = (tail + piece)[-2:]
    yield b".\r\n" if tail == CRLF else b"\r\n.\r\n"
