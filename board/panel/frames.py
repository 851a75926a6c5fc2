"""Frames on the serial line, without the line: octets in, frames out, and back.

    7E  kind  sequence  payload, at most 60 octets  CRC high  CRC low  7E

All between the flags is escaped as HDLC does it: 7E and 7D become 7D and the octet XOR 20
[ISO/IEC 13239, 4.3.2.2]. The CRC is CRC-16/CCITT-FALSE (polynomial 1021, start FFFF) of kind,
sequence and payload. What is between two flags and has a wrong CRC is counted and ignored: the next
flag begins a frame whatever came before. Runs on MicroPython, which has no crc_hqx.
"""

FLAG = 0x7E
ESCAPE = 0x7D
FLIP = 0x20
LONGEST = 60
_MOST = LONGEST + 4


def crc16(octets):
    """CRC-16/CCITT-FALSE; of b"123456789" it is 29B1."""
    crc = 0xFFFF
    for octet in octets:
        crc ^= octet << 8
        for _ in range(8):
            crc = ((crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def frame(kind, sequence, payload=b""):
    """The octets of one frame; `kind` is a letter."""
    body = bytes((ord(kind), sequence)) + payload
    crc = crc16(body)
    out = bytearray((FLAG,))
    for octet in body + bytes((crc >> 8, crc & 0xFF)):
        if octet in (FLAG, ESCAPE):
            out.append(ESCAPE)
            octet ^= FLIP
        out.append(octet)
    out.append(FLAG)
    return bytes(out)


class Decoder:
    """Takes octets as they come and gives whole frames."""

    def __init__(self):
        self.bad = 0
        """What was no frame, since the start."""
        self._body = bytearray(_MOST)
        self._count = 0
        self._escaped = False

    def receive(self, octets):
        """The frames that are complete now: a list of (kind, sequence, payload)."""
        found = []
        for octet in octets:
            if octet == FLAG:
                self._end(found)
            elif octet == ESCAPE:
                self._escaped = True
            else:
                if self._escaped:
                    octet ^= FLIP
                    self._escaped = False
                if self._count < _MOST:
                    self._body[self._count] = octet
                self._count += 1
        return found

    def _end(self, found):
        count, self._count = self._count, 0
        broken, self._escaped = self._escaped, False
        if count == 0 and not broken:
            return  # the flag that ends one frame and that which begins the next
        body = bytes(self._body[:count])
        if broken or not 4 <= count <= _MOST or crc16(body[:-2]) != body[-2] << 8 | body[-1]:
            self.bad += 1
            return
        found.append((chr(body[0]), body[1], body[2:-2]))
