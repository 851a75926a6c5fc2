"""Lines of a message's body, and what they were before they were encoded [RFC 2045 §6].

Mail that people really send is read, too: base64 in several blocks that each end with "=", stray
characters in it, no padding; uuencode. Nothing here raises, and nothing holds more than a few
lines.
"""

import binascii
import re
from collections.abc import Iterable, Iterator

LINE_LIMIT = 65_536
"""Octets of a line that are looked at at once; longer ones come in pieces."""
DECODE_AT_ONCE = 32_768
"""Octets of base64 text that are decoded in one go."""
UUENCODE = ("x-uuencode", "uuencode", "x-uue")
"""Names of that transfer encoding, which no RFC defines."""

_NOT_BASE64 = bytes(
    set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
)
_UUENCODED = re.compile(rb"begin [0-7]{3,4} ([^\r\n]{1,255})\r?\n")


class Lines:
    """The lines of a text that comes in pieces, each with its line end; one can be put back."""

    def __init__(self, octets: Iterable[bytes]) -> None:
        self._lines = _lines(octets)
        self._again: bytes | None = None

    def __iter__(self) -> Iterator[bytes]:
        """Those that are left; whoever iterates next goes on where this was left off."""
        if self._again is not None:
            line, self._again = self._again, None
            yield line
        for line in self._lines:  # "yield from" would close them with whoever has read enough
            yield line

    def unread(self, line: bytes) -> None:
        """Give this line, the last one, once more to whoever iterates next."""
        self._again = line


def _lines(octets: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in octets:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line + b"\n"
        while len(rest) > LINE_LIMIT:
            yield rest[:LINE_LIMIT]
            rest = rest[LINE_LIMIT:]
    if rest:
        yield rest


def decoded(lines: Iterator[bytes], coding: str) -> Iterator[bytes]:
    """The octets behind these lines, in pieces; a coding that nobody knows is none."""
    if coding == "base64":
        return _from_base64(lines)
    if coding == "quoted-printable":
        return (binascii.a2b_qp(line) for line in lines)
    if coding in UUENCODE:
        return from_uuencode(lines)
    return lines


def _from_base64(lines: Iterator[bytes]) -> Iterator[bytes]:
    kept = bytearray()
    for line in lines:
        kept += line
        if len(kept) < DECODE_AT_ONCE:
            continue
        *blocks, rest = kept.translate(None, _NOT_BASE64).split(b"=")
        whole = len(rest) // 4 * 4
        yield b"".join(map(_block, blocks)) + binascii.a2b_base64(rest[:whole])
        kept = rest[whole:]
    yield b"".join(map(_block, kept.translate(None, _NOT_BASE64).split(b"=")))


def _block(text: bytearray) -> bytes:
    """The octets of a block of base64 without its padding; a lone character carries none."""
    if len(text) % 4 == 1:
        text = text[:-1]
    return binascii.a2b_base64(text + b"=" * (-len(text) % 4))


def uuencoded_name(line: bytes) -> str:
    """The name of the file that begins with this line; "" if none does."""
    found = _UUENCODED.fullmatch(line) if line.startswith(b"begin ") else None
    return "" if found is None else found[1].decode("utf-8", "replace").strip()


def from_uuencode(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The octets of a uuencoded file, up to its end or to a line that belongs to none."""
    for line in lines:
        line = line.rstrip(b"\r\n")
        if line == b"end":
            return
        if not line or uuencoded_name(line + b"\n"):
            continue
        carried = (((line[0] - 32) & 63) + 2) // 3 * 4  # some programs add a check sign
        try:
            yield binascii.a2b_uu(line[: 1 + carried])
        except binascii.Error:
            return
