"""Caller ID over Bell 202 or V.23: the office's sender and the telephone's receiver.

1200 bit/s, continuous phase [GR-30; ETSI EN 300 659-1]. An octet on the line, sent left
to right:   0  b0 b1 b2 b3 b4 b5 b6 b7  1      (start bit, least significant bit first, stop bit)
A transmission: 300 bits 0101… (channel seizure), 180 marks, then type, length, payload, checksum
(all octets of the message add up to 0 modulo 256).
"""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from drivers.buses import SAMPLE_RATE, Samples
from drivers.countries.base import Modem
from drivers.sampling import amplitude

BAUD = 1200
_V23_HZ = (1300.0, 2100.0)
FREQUENCIES_HZ = {
    Modem.BELL_202: (1200.0, 2200.0),
    Modem.V23: _V23_HZ,
    Modem.V23_NTT: _V23_HZ,
}
"""Mark (1) and space (0)."""
SENT_DBM0 = -13.5
SEIZURE_BITS, MARK_BITS, TRAILING_BITS = 300, 180, 12

MDMF_CALLER_ID, SDMF_CALLER_ID, SDMF_WAITING, MDMF_WAITING = 0x80, 0x04, 0x06, 0x82
DATE, NUMBER, NO_NUMBER, NAME, NO_NAME, LAMP = 0x01, 0x02, 0x04, 0x07, 0x08, 0x0B
OUT_OF_AREA, PRIVATE = "O", "P"
NUMBER_MOST, NAME_MOST = 20, 15
"""What displays hold; longer texts are cut."""


@dataclass(frozen=True, slots=True)
class CallerId:
    """What a caller ID message says; a missing number or name is a reason, 'O' or 'P'."""

    when: str = ""
    """MMDDHHMM."""
    number: str = ""
    name: str = ""
    no_number: str = ""
    no_name: str = ""


def checksummed(kind: int, payload: bytes) -> bytes:
    """A whole message: type octet `kind`, length, payload, checksum [GR-30]."""
    message = bytes((kind, len(payload))) + payload
    return message + bytes((-sum(message) & 0xFF,))


def mdmf(parameters: list[tuple[int, bytes]], kind: int = MDMF_CALLER_ID) -> bytes:
    """A message of the multiple data message format [GR-30], its type the octet `kind`.

    Each parameter is its type octet and its text.
    """
    return checksummed(kind, b"".join(bytes((k, len(v))) + v for k, v in parameters))


def caller_id_message(when: datetime, number: str | None, name: str | None) -> bytes:
    """MDMF caller ID; None is out of area, "private" withheld."""
    parameters = [(DATE, when.strftime("%m%d%H%M").encode("ascii"))]
    for value, kind, absent, most in (
        (number, NUMBER, NO_NUMBER, NUMBER_MOST),
        (name, NAME, NO_NAME, NAME_MOST),
    ):
        if value and value.lower() != "private":
            parameters.append((kind, value.encode("ascii", "replace")[:most]))
        else:
            reason = PRIVATE if value or (number or "").lower() == "private" else OUT_OF_AREA
            parameters.append((absent, reason.encode("ascii")))
    return mdmf(parameters)


def modulate(message: bytes, modem: Modem = Modem.BELL_202) -> Samples:
    """A whole transmission as samples.

    The phase at each bit's beginning is known exactly; a sample's phase is that of its bit plus
    the bit's frequency times the time since (a bit is 6 2/3 samples).
    """
    octets = np.frombuffer(message, np.uint8)
    framed = np.ones((len(octets), 10), np.int8)
    framed[:, 0] = 0
    framed[:, 1:9] = np.unpackbits(octets[:, None], axis=1, bitorder="little")
    seizure = np.arange(SEIZURE_BITS, dtype=np.int8) % 2
    marks = np.ones(MARK_BITS, np.int8)
    trailing = np.ones(TRAILING_BITS, np.int8)
    bits = np.concatenate((seizure, marks, framed.ravel(), trailing))
    hertz = np.where(bits == 1, *FREQUENCIES_HZ[modem])
    begins = np.concatenate(([0.0], np.cumsum(hertz)[:-1])) / BAUD
    n = np.arange(len(bits) * SAMPLE_RATE // BAUD)
    bit = n * BAUD // SAMPLE_RATE
    cycles = begins[bit] + hertz[bit] * (n / SAMPLE_RATE - bit / BAUD)
    return np.rint(amplitude(SENT_DBM0) * np.sin(2 * np.pi * cycles)).astype(np.int16)


# ---------------------------------------------------------------------- receiving


def demodulate(samples: Samples, modem: Modem = Modem.BELL_202) -> list[bytes]:
    """The messages with a right checksum in a piece of sound."""
    return _messages(octets_of(samples, modem))


def octets_of(samples: Samples, modem: Modem = Modem.BELL_202) -> list[int]:
    """What is between start and stop bits in a piece of sound, right or wrong."""
    soft = _mark_minus_space(samples, *FREQUENCIES_HZ[modem])
    octets: list[int] = []
    at = 0
    step = SAMPLE_RATE / BAUD
    while at + 10 * step < len(soft):
        if soft[at] >= 0:  # not a start bit
            at += 1
            continue
        centres = (at + step * (np.arange(10) + 0.5)).astype(int)
        bits = soft[centres] > 0
        if bits[0] or not bits[9]:
            at += 1
            continue
        octets.append(int(np.packbits(bits[1:9], bitorder="little")[0]))
        at = int(at + 9.5 * step)
    return octets


def _mark_minus_space(samples: Samples, mark_hz: float, space_hz: float) -> NDArray[np.float64]:
    """Per sample, how much more mark than space lies in the bit around it."""
    n = np.arange(len(samples))
    half = 3
    energies = []
    for hertz in (mark_hz, space_hz):
        mixed = samples * np.exp(-2j * np.pi * hertz / SAMPLE_RATE * n)
        total = np.concatenate((np.zeros(half + 1), np.cumsum(mixed)))
        total = np.concatenate((total, np.full(half, total[-1])))
        energies.append(np.abs(total[2 * half + 1 :] - total[: -2 * half - 1]) ** 2)
    difference: NDArray[np.float64] = energies[0] - energies[1]
    return difference


def _messages(octets: list[int]) -> list[bytes]:
    found, at = [], 0
    known = (MDMF_CALLER_ID, SDMF_CALLER_ID, SDMF_WAITING, MDMF_WAITING)
    while at + 2 < len(octets):
        end = at + octets[at + 1] + 3
        message = bytes(octets[at:end])
        if octets[at] in known and end <= len(octets) and sum(message) & 0xFF == 0:
            found.append(message)
            at = end
        else:
            at += 1
    return found


def parameters_of(message: bytes) -> dict[int, bytes]:
    """The parameters of an MDMF message by type."""
    found, at = {}, 2
    while at + 1 < len(message) - 1:
        size = message[at + 1]
        found[message[at]] = message[at + 2 : at + 2 + size]
        at += 2 + size
    return found


def caller_id_of(message: bytes) -> CallerId | None:
    """What a caller ID message says, or None if it is another kind of message."""
    if message[0] == SDMF_CALLER_ID:
        when, number = message[2:10].decode("latin-1"), message[10:-1].decode("latin-1")
        absent = number if number in (OUT_OF_AREA, PRIVATE) else ""
        return CallerId(when, "" if absent else number, no_number=absent)
    if message[0] != MDMF_CALLER_ID:
        return None
    texts = {kind: value.decode("latin-1") for kind, value in parameters_of(message).items()}
    return CallerId(*(texts.get(kind, "") for kind in (DATE, NUMBER, NAME, NO_NUMBER, NO_NAME)))


def lamp_of(message: bytes) -> bool | None:
    """Whether a message-waiting message lights the lamp, or None for another kind of message."""
    if message[0] == SDMF_WAITING:
        return message[2] == 0x42
    if message[0] == MDMF_WAITING:
        return parameters_of(message).get(LAMP, b"\0") == b"\xff"
    return None
