"""Bytes in, lines out: the one reader that every line protocol of the mail service uses.

A line ends with CRLF. Nothing a peer sends can make the reader keep more than one line of the
allowed length: a longer one is reported once and skipped to its end, however long it is. NUL is
refused [RFC 5321 §4.5.2: transparency is for 1..127; RFC 1939 §3: printable ASCII]. Whether a bare
LF may end a line is the session's choice (`lf_ends`), as is what to answer to each error.

    reader = LineReader(limit=POP3_COMMAND)
    reader.feed(b"STAT\\r\\nLI")
    reader.line()       # b"STAT"
    reader.line()       # None: wait for more octets
"""

POP3_COMMAND = 255
"""Longest POP3 command line in octets, CRLF included [RFC 2449 §4]."""


class LineError(Exception):
    """A line that cannot be used; it has been taken out, the next call of `line` goes on."""


class LineTooLong(LineError):
    """The line exceeds the limit; what is left of it will be skipped without a further word."""


class NulInLine(LineError):
    """The line holds a NUL octet."""


class BareLineEnd(LineError):
    """The line holds a CR that no LF follows, or ends with an LF that no CR precedes."""


class LineReader:
    """Collects octets and gives lines without their ends.

    limit    octets of the longest line, its end included; may be changed between lines
    lf_ends  True: an LF alone ends a line as well; False: such a line raises BareLineEnd
    """

    __slots__ = ("_at", "_buffer", "_skipping", "lf_ends", "limit")

    def __init__(self, limit: int, *, lf_ends: bool = False) -> None:
        """`limit` is in octets; see the class."""
        self.limit = limit
        self.lf_ends = lf_ends
        self._buffer = b""
        self._at = 0  # where in the buffer the next line begins
        self._skipping = False  # within a line that was already reported as too long

    @property
    def buffered(self) -> int:
        """Octets fed and not yet given out."""
        return len(self._buffer) - self._at

    def feed(self, data: bytes) -> None:
        """Add what has arrived; any cut between octets is allowed."""
        if self._skipping:
            data = self._skip(data)
        if self._at == len(self._buffer):
            self._buffer = data
        else:
            self._buffer = self._buffer[self._at :] + data
        self._at = 0

    def line(self) -> bytes | None:
        """Take the next whole line, without its end; None when it has not all arrived.

        Raises LineTooLong, NulInLine or BareLineEnd, each once for the line at fault.
        """
        buffer, start = self._buffer, self._at
        end = buffer.find(b"\n", start)
        if end < 0:
            if len(buffer) - start >= self.limit:
                self._buffer, self._at, self._skipping = b"", 0, True
                raise LineTooLong
            return None
        self._at = end + 1
        if self._at - start > self.limit:
            raise LineTooLong
        return self._checked(buffer[start:end])

    def take(self, most: int | None = None) -> bytes:
        """Take up to `most` octets (all when None) as they lie: for what is not commands."""
        end = len(self._buffer) if most is None else min(self._at + most, len(self._buffer))
        octets = self._buffer[self._at : end]
        self._at = end
        return octets

    def _checked(self, line: bytes) -> bytes:
        if line[-1:] == b"\r":
            line = line[:-1]
        elif not self.lf_ends:
            raise BareLineEnd
        if b"\0" in line:
            raise NulInLine
        if b"\r" in line:
            raise BareLineEnd
        return line

    def _skip(self, data: bytes) -> bytes:
        """Drop the rest of the overlong line; what follows it is kept."""
        end = data.find(b"\n")
        if end < 0:
            return b""
        self._skipping = False
        return data[end + 1 :]
