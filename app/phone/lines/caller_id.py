"""Caller ID and message-waiting messages [GR-30, SDMF and MDMF] as bytes, and by DTMF digits.

On the wire, which app.phone.sound.dsp sends and receives as FSK:

    type | length of what follows | parameters | checksum (made and checked by the modem)
    MDMF parameter:  type | length | text

By DTMF [ETSI EN 300 659-1, annex B] a code letter says what the digits behind it are; C or # ends:

    A number, D number that was called first, B reason (10 private, 00 unknown)    Sweden, Finland
    A number, D reason (1 private)                                                  Denmark, ends #
    D number                                                                        Netherlands
"""

from itertools import pairwise

from app.phone.calls.line import Caller, Reason
from drivers.countries.base import DigitCodes

SDMF_CALLER, SDMF_WAITING = 0x04, 0x06
MDMF_CALLER, MDMF_WAITING = 0x80, 0x82

NTT_CALLER = 0x40
NTT_HEAD = bytes((0x10, 0x01, 0x07, 0x10, 0x02, NTT_CALLER))
"""DLE SOH, header, DLE STX, caller ID; length, parameters and DLE ETX follow [NTT]. What else than
P may be behind NO_NUMBER (O, C, S) says that the network cannot show it."""

DATE, NUMBER, NO_NUMBER, NAME, NO_NAME = 0x01, 0x02, 0x04, 0x07, 0x08
WAITING = 0x0B
SDMF_ON, SDMF_OFF = b"\x42" * 3, b"\x6f" * 3
"""Body of a single message by which a lamp is lit or darkened [GR-1401]."""
NO_DATE = "01010000"
"""A single message has a date, known or not."""

START_CODES, END_CODES = "ABD", "C#"
MOST_DIGITS = 20
"""Of a number sent by DTMF [ETSI EN 300 659-1, annex B]."""
LEAST_DIGITS = 3
"""A shorter one behind D is a reason; no network's number is so short."""

LONGEST = 15
"""Most characters of a name or number that common telephones show [GR-30: name 15]."""


def parse(message: bytes) -> Caller | None:
    """Who calls, from one message as received; None if it is no caller-ID message."""
    if len(message) < 2:
        return None
    if message[: len(NTT_HEAD)] == NTT_HEAD:
        found = _parameters(message[len(NTT_HEAD) + 1 : -2])
        number = found.get(NUMBER)
        withheld: Reason = "private" if found.get(NO_NUMBER) == "P" else "out of area"
        return Caller(number) if number else Caller(reason=withheld)
    body = message[2:]
    if message[0] == SDMF_CALLER:
        number = _text(body[8:])
        reason = _reason(number)
        return Caller(None if reason else number or None, None, reason)
    if message[0] == MDMF_CALLER:
        return _from_parameters(_parameters(body))
    return None


def caller_message(caller: Caller, date: str = "") -> bytes:
    """An MDMF caller-ID message; `date` is MMDDHHMM of local time, or "" to leave it out."""
    parameters = []
    if date:
        parameters.append((DATE, date))
    if caller.number:
        parameters.append((NUMBER, _dialled(caller.number)))
    else:
        parameters.append((NO_NUMBER, "P" if caller.reason == "private" else "O"))
    if caller.name:
        parameters.append((NAME, _clean(caller.name)))
    body = b"".join(
        bytes((kind, len(text))) + text.encode("ascii", "replace") for kind, text in parameters
    )
    return bytes((MDMF_CALLER, len(body))) + body


def single_caller_message(caller: Caller, date: str = "") -> bytes:
    """The same as an SDMF message, which has no place for a name."""
    shown = _dialled(caller.number or "") or ("P" if caller.reason == "private" else "O")
    body = (date or NO_DATE) + shown
    return bytes((SDMF_CALLER, len(body))) + body.encode("ascii")


def display_message(caller: Caller) -> bytes:
    """What a number display in Japan shows; the modem makes NTT's frame round it."""
    number = "".join(c for c in caller.number or "" if c in "0123456789")[:MOST_DIGITS]
    text = (number or ("P" if caller.reason == "private" else "O")).encode("ascii")
    body = bytes((NUMBER if number else NO_NUMBER, len(text))) + text
    return bytes((NTT_CALLER, len(body))) + body


def caller_digits(caller: Caller, codes: DigitCodes) -> str:
    """The DTMF digits that show a caller; they have no name."""
    number = "".join(c for c in caller.number or "" if c in "0123456789")[:MOST_DIGITS]
    if number:
        return codes.start + number + codes.end
    return (codes.private if caller.reason == "private" else codes.unknown) + codes.end


def parse_digits(text: str) -> Caller | None:
    """Who calls, from the DTMF digits as received with their end; None if they say nothing.

    Any country's code is understood, also none at all before the number.
    """
    if not text or text[-1] not in END_CODES:
        return None
    starts = [0, *(n for n, c in enumerate(text) if c in START_CODES and n), len(text) - 1]
    found: dict[str, str] = {}
    for begin, end in pairwise(starts):
        piece = text[begin:end]
        digits = piece.lstrip(START_CODES)
        if digits.isdigit():
            found.setdefault(piece[: -len(digits)], digits)
    first = ("A",) if "B" in found else ("A", "D", "")
    number = next((found[code] for code in first if code in found), "")
    if len(number) >= LEAST_DIGITS and number.strip("0"):
        return Caller(number)
    if not found:
        return None
    withheld = found.get("B") == "10" or found.get("D") == "1"
    return Caller(reason="private" if withheld else "out of area")


def waiting_message(waiting: bool, single: bool = False) -> bytes:
    """A message that turns a telephone's message lamp on or off (VMWI), MDMF or `single` SDMF."""
    if single:
        body = SDMF_ON if waiting else SDMF_OFF
        return bytes((SDMF_WAITING, len(body))) + body
    return bytes((MDMF_WAITING, 3, WAITING, 1, 0xFF if waiting else 0x00))


def _from_parameters(parameters: dict[int, str]) -> Caller:
    number = parameters.get(NUMBER) or None
    name = parameters.get(NAME) or None
    # Some exchanges say why there is no number, or no name, in its own place.
    reason = _reason(number or parameters.get(NO_NUMBER, "O"))
    if _reason(name or ""):
        name = None
    return Caller(None if reason else number, name, reason)


def _parameters(body: bytes) -> dict[int, str]:
    found: dict[int, str] = {}
    place = 0
    while place + 2 <= len(body):
        kind, length = body[place], body[place + 1]
        found[kind] = _text(body[place + 2 : place + 2 + length])
        place += 2 + length
    return found


_REASONS: dict[str, Reason] = {"P": "private", "O": "out of area"}


def _reason(code: str) -> Reason | None:
    return _REASONS.get(code)


def _text(octets: bytes) -> str:
    """Printable text only: what comes from the line must never reach a header or a log as is."""
    return "".join(c for c in octets.decode("latin-1") if c.isprintable()).strip()


def _dialled(number: str) -> str:
    """A number without what makes it readable; without its "+" where it would be too long."""
    digits = "".join(c for c in number if c in "+0123456789*#")
    return (digits if len(digits) <= LONGEST else digits.removeprefix("+"))[:LONGEST]


def _clean(text: str) -> str:
    return "".join(c for c in text if " " <= c <= "~")[:LONGEST]
