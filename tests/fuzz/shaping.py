"""Turns the engine's octets into inputs: long ones by repetition, and the same one cut into pieces.

The first octet says how often the rest is repeated, so that a cost that grows with the square of a
length shows although the engine only mutates a few octets.
"""

from collections.abc import Iterator
from itertools import cycle

REPEATING = 0xE0
"""First octets from here on repeat: 0xE1 twice, 0xE2 four times ..."""
WHOLE = 0xF0
"""Below this an input is repeated up to LONG_ENOUGH only: most inputs must be cheap."""
LONG_ENOUGH = 16_384
MARK = b"\x1c"
"""With two of these only what lies between them is repeated."""


def grown(data: bytes, most: int) -> bytes:
    """The input these octets stand for, at most `most` octets; the first octet is used up."""
    count, body = data[:1], data[1:]
    if not count or count[0] < REPEATING:
        return body[:most]
    if count[0] < WHOLE:
        most = min(most, LONG_ENOUGH)
    before, _, rest = body.partition(MARK)
    unit, _, after = rest.partition(MARK)
    if not unit:
        before, unit, after = b"", body, b""
    room = max(0, most - len(before) - len(after)) // max(1, len(unit))
    times = min(1 << (count[0] - REPEATING), room)
    return (before + unit * times + after)[:most]


def cut(octets: bytes) -> Iterator[bytes]:
    """The same octets in pieces whose lengths follow from the input."""
    sizes = cycle((1, 1 + len(octets) % 7, 2, 1 + len(octets) // 3))
    at = 0
    for size in sizes:
        if at >= len(octets):
            return
        yield octets[at : at + size]
        at += size
