"""What a POP3 session has to say: answers as octets, and the rest of one that is long.

Short answers are octets at once. A long one, such as a message or a listing, is an iterator that
gives its pieces as there is room for them, and nothing else is said before its end.
"""

from collections.abc import Iterator


class Output:
    """Octets that wait to be sent, in order."""

    __slots__ = ("pieces", "sent", "size", "stream")

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.size = 0
        """Octets in `pieces`."""
        self.stream: Iterator[bytes] | None = None
        """The rest of the answer under way."""
        self.sent = 0
        """Octets taken so far."""

    def send(self, octets: bytes) -> None:
        """Add octets as they go on the wire."""
        self.pieces.append(octets)
        self.size += len(octets)

    def ok(self, text: str) -> None:
        """Add a positive answer of one line."""
        self.send(f"+OK {text}\r\n".encode())

    def lines(self, text: str, lines: list[str]) -> None:
        """Add a positive answer with lines, none of which begins with a dot, and its end."""
        self.ok("\r\n".join((text, *lines, ".")))

    def answer(self, text: str, stream: Iterator[bytes]) -> None:
        """Begin a long answer; `stream` gives the octets after its first line, and its end."""
        self.ok(text)
        self.stream = stream

    def pull(self, stream: Iterator[bytes]) -> None:
        """Take the next piece of the answer under way."""
        piece = next(stream, None)
        if piece is None:
            self.stream = None
        else:
            self.send(piece)

    def take(self) -> bytes:
        """All octets so far; they count as sent."""
        pieces = self.pieces
        if not pieces:
            return b""
        octets = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self.sent += self.size
        self.size = 0
        return octets
