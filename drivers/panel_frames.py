"""Frames on the panel's serial line: the box's end of board/panel/frames.py, which draws them.

7E  kind  sequence  payload, at most 60 octets  CRC high  CRC low  7E
"""

from binascii import crc_hqx
from dataclasses import dataclass

FLAG, ESCAPE, FLIP = 0x7E, 0x7D, 0x20
LONGEST = 60
"""Octets of payload."""
_MOST = LONGEST + 4


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame that has arrived whole."""

    kind: str
    """A letter; board/panel/protocol.py lists them."""
    sequence: int
    """A number of one octet."""
    payload: bytes


def frame(kind: str, sequence: int, payload: bytes = b"") -> bytes:
    """The octets of one frame [ISO/IEC 13239, 4.3.2.2]. Raises ValueError for a long payload."""
    if len(payload) > LONGEST:
        raise ValueError(f"a frame holds {LONGEST} octets, not {len(payload)}")
    body = bytes((ord(kind), sequence & 0xFF)) + payload
    out = bytearray((FLAG,))
    for octet in body + crc_hqx(body, 0xFFFF).to_bytes(2, "big"):
        out += bytes((ESCAPE, octet ^ FLIP)) if octet in (FLAG, ESCAPE) else bytes((octet,))
    out.append(FLAG)
    return bytes(out)


class Decoder:
    """Takes octets as they come and gives whole frames; what is none is counted and ignored."""

    def __init__(self) -> None:
        self.bad = 0
        """Pieces between two flags that were no frame."""
        self._body = bytearray()
        self._escaped = self._too_long = False

    def receive(self, octets: bytes) -> list[Frame]:
        """The frames that are complete now."""
        found: list[Frame] = []
        for octet in octets:
            if octet == FLAG:
                self._end(found)
            elif octet == ESCAPE:
                self._escaped = True
            elif len(self._body) == _MOST:
                self._too_long = True
            else:
                self._body.append(octet ^ FLIP if self._escaped else octet)
                self._escaped = False
        return found

    def _end(self, found: list[Frame]) -> None:
        body, broken = bytes(self._body), self._escaped or self._too_long
        self._body.clear()
        self._escaped = self._too_long = False
        if not body and not broken:
            return  # the flag that ends one frame and that which begins the next
        if broken or len(body) < 4 or crc_hqx(body, 0xFFFF) != 0:
            self.bad += 1  # a body with its own CRC behind it has the CRC 0
            return
        found.append(Frame(chr(body[0]), body[1], body[2:-2]))
