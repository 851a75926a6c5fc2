"""Lines too long for mail programs, broken where they come in: none of the others is touched.

A sender must not write lines of over 998 octets [RFC 5322 §2.1.1, RFC 5321 §4.5.3.1.6]; some
write a whole web page in one. A receiver should take them [§4.5.3.1], and cannot hand them out:
programs that read a line into a buffer, as Python's poplib does (2,048 octets), stop at such a mail
for ever. So a line that is too long for them is broken, as relays do that keep to the limit on
their way out. Signatures [RFC 6376 §3.4] of mail that keeps to the standard, or nearly does,
stay good.

A line is broken before a blank, which is folding in a header [RFC 5322 §2.2.3]; where it has none,
anywhere, and the rest begins with a blank: a header stays one, base64 decodes alike [RFC 2045
§6.8], no line becomes one that begins with a dot.
"""

LONGEST = 2_000
"""Octets of a line, with CRLF, that are left as they are; of a broken one, one more at most."""


class LineBreaker:
    """Takes octets with CRLF line ends in pieces cut anywhere, and breaks lines over LONGEST."""

    def __init__(self) -> None:
        self._held = b""  # the line that has not ended

    def feed(self, octets: bytes) -> bytes:
        """Take the next octets; give whole lines, and what is broken off a longer one."""
        data = self._held + octets if self._held else octets
        out: list[bytes] = []
        done = at = 0  # octets given out; where the next line begins
        while len(data) - at > LONGEST:
            end = data.rfind(b"\n", at, at + LONGEST)  # the last of the lines that are no longer
            if end >= 0:
                at = end + 1
            else:
                cut = _place(data, at)
                out += [data[done:cut], b"\r\n" if data[cut] in b" \t" else b"\r\n "]
                done = at = cut
        last = data.rfind(b"\n", at) + 1 or at
        self._held = data[last:]
        out.append(data[done:last])
        return b"".join(out) if len(out) > 1 else out[0]

    def end(self) -> bytes:
        """The message is over; gives what was held back."""
        held, self._held = self._held, b""
        return held


def _place(data: bytes, at: int) -> int:
    """Where to break the line that begins at `at`: at its last blank, or between characters."""
    most = at + LONGEST - 2
    cut = max(data.rfind(b" ", at + 1, most + 1), data.rfind(b"\t", at + 1, most + 1))
    if cut > 0:
        return cut
    for cut in range(most, most - 4, -1):
        if data[cut] & 0xC0 != 0x80:  # not within a character of UTF-8 [RFC 3629 §3]
            return cut
    return most
