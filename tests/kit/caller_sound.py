"""Caller ID made by other means than ours: a modulator at 48 kHz, DTMF, and Japan's frame.

Shares nothing with app/ and drivers/, so that what both have wrong in the same way is seen.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

RATE, FINE = 8000, 48_000
"""Samples a second of the result, and of the modulator: a bit of 1200 bit/s is 40 of those."""
FULL_SCALE_DBM0 = 3.17
"""A sine of 32767 [G.711]."""
ROWS, COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
KEYS = "123A456B789C*0#D"

Sound = NDArray[np.int16]


def peak(dbm0: float) -> float:
    """The amplitude of a sine of this level."""
    return float(32767 * 10 ** ((dbm0 - FULL_SCALE_DBM0) / 20))


def silence(ms: float) -> Sound:
    """Nothing, for so many ms."""
    return np.zeros(int(ms * RATE / 1000), np.int16)


def fsk(
    octets: bytes,
    mark_hz: float,
    space_hz: float,
    dbm0: float = -13.5,
    seizure: int = 300,
    marks: int = 180,
    baud: float = 1200.0,
) -> Sound:
    """Octets by start and stop bit with continuous phase, after seizure and marks."""
    bits = [n % 2 for n in range(seizure)] + [1] * marks
    for octet in octets:
        bits += [0, *((octet >> place) & 1 for place in range(8)), 1]
    bits += [1] * 12
    place = (np.arange(int(len(bits) * FINE / baud)) * baud / FINE).astype(int)
    hertz = np.where(np.array(bits)[place] == 1, mark_hz, space_hz)
    wave = np.sin(2 * np.pi * np.cumsum(hertz) / FINE)
    return np.rint(peak(dbm0) * wave[:: FINE // RATE]).astype(np.int16)


def parameters(*parts: tuple[int, bytes]) -> bytes:
    """Parameters with type and length."""
    return b"".join(bytes((kind, len(text))) + text for kind, text in parts)


def message(kind: int, body: bytes) -> bytes:
    """Type, length, body, and the octet that makes the sum of all 0 [GR-30; EN 300 659-3]."""
    whole = bytes((kind, len(body))) + body
    return whole + bytes((256 - sum(whole) % 256 & 0xFF,))


def etsi(number: str, name: str = "", when: str = "11241530") -> bytes:
    """A call set-up message with the call type that GR-30 does not have [EN 300 659-3]."""
    parts = [(0x11, b"\x01"), (0x01, when.encode()), (0x02, number.encode())]
    return message(0x80, parameters(*parts, *([(0x07, name.encode())] if name else [])))


def japanese(*parts: tuple[int, bytes]) -> bytes:
    """NTT's frame: DLE SOH header DLE STX message DLE ETX, even parity, CRC behind it.

    The CRC is ITU-T's of 16 bits, least significant bit first, over all that follows DLE SOH.
    """
    body = parameters(*parts)
    text = b"\x10\x01\x07\x10\x02\x40" + bytes((len(body),)) + body + b"\x10\x03"
    framed = bytes(octet | (octet.bit_count() % 2) << 7 for octet in text)
    crc = 0
    for octet in framed[2:]:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ (0x8408 if crc & 1 else 0)
    return framed + crc.to_bytes(2, "little")


def dtmf(
    digits: Iterable[str],
    on_ms: float = 70,
    off_ms: float = 70,
    dbm0: float = -10.0,
    twist_db: float = 2.0,
) -> Sound:
    """DTMF; the high group is `twist_db` above the low one, which has `dbm0`."""
    time = np.arange(int(on_ms * RATE / 1000)) / RATE
    pieces = []
    for digit in digits:
        row, column = divmod(KEYS.index(digit), 4)
        low = peak(dbm0) * np.sin(2 * np.pi * ROWS[row] * time)
        high = peak(dbm0 + twist_db) * np.sin(2 * np.pi * COLUMNS[column] * time)
        pieces += [np.rint(low + high).astype(np.int16), silence(off_ms)]
    return np.concatenate(pieces)
