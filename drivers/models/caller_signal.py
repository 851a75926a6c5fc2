"""How the telephone office shows who calls: FSK data or DTMF digits, and what comes before them."""

from binascii import crc_hqx
from datetime import datetime

import numpy as np

from drivers.buses import SAMPLE_RATE, Samples
from drivers.countries.base import CallerIdAlert, CallerIdService, DigitCodes, Modem
from drivers.models.dtmf import HIGH_DBM0, LOW_DBM0, tones_of
from drivers.models.fsk import NO_NUMBER, NUMBER, CallerId, caller_id_message, modulate
from drivers.models.tones import sines

AFTER_REVERSAL_MS, DT_AS_MS, AFTER_DT_AS_MS = 300, 100, 60
DT_AS_HZ, DT_AS_DBM0 = (2130.0, 2750.0), -18.0  # the level is [unverified]
DIGIT_MS = 70
"""Of a DTMF digit, and of the pause behind it [ETSI EN 300 659-1, annex B: 65 to 75 ms]."""


def caller_sound(
    service: CallerIdService, when: datetime, number: str | None, name: str | None
) -> Samples:
    """Caller ID as this country's offices send it; None is out of area, "private" withheld."""
    if service.modem is Modem.DTMF:
        return _pressed(caller_digits(service.digits, number))
    if service.modem is Modem.V23_NTT:
        return modulate(ntt_message(number), service.modem)
    return modulate(caller_id_message(when, number, name), service.modem)


def ntt_message(number: str | None) -> bytes:
    """Japan's frame round a number, or round why there is none [NTT, number display].

    DLE SOH header DLE STX type length parameters DLE ETX, each octet of even parity, and the CRC of
    16 bits of all that follows DLE SOH, in which the least significant bit goes first.
    """
    shown = number if number and number.isdigit() else ""
    text = shown.encode() or (b"P" if number else b"O")
    body = bytes((NUMBER if shown else NO_NUMBER, len(text))) + text
    frame = b"\x10\x01\x07\x10\x02\x40" + bytes((len(body),)) + body + b"\x10\x03"
    octets = bytes(each | (each.bit_count() & 1) << 7 for each in frame)
    turned = bytes(int(f"{each:08b}"[::-1], 2) for each in octets[2:])
    check = f"{crc_hqx(turned, 0):016b}"[::-1]
    return octets + int(check, 2).to_bytes(2, "little")


def ntt_caller_of(octets: bytes) -> CallerId | None:
    """What a number display shows of these octets; None if no whole frame is among them."""
    head = ntt_message("0")[:6]
    begin = octets.find(head)
    if begin < 0 or begin + 9 > len(octets):
        return None
    kind, size = (octet & 0x7F for octet in octets[begin + 7 : begin + 9])
    text = bytes(octet & 0x7F for octet in octets[begin + 9 : begin + 9 + size]).decode("ascii")
    number = {NUMBER: text, NO_NUMBER: {"P": "private"}.get(text)}.get(kind)
    if not octets[begin:].startswith(ntt_message(number)):
        return None  # parity or CRC is wrong
    return CallerId(number=text) if kind == NUMBER else CallerId(no_number=text)


def caller_digits(codes: DigitCodes, number: str | None) -> str:
    """The digits that show a number; without one, the code that says why."""
    if number and number.isdigit():
        return f"{codes.start}{number}{codes.end}"
    return (codes.private if number else codes.unknown) + codes.end


def announced(sound: Samples, service: CallerIdService) -> Samples:
    """Caller ID before the first ring: what alerts the telephone, then the data.

    Line reversal is the office's; 300 ms after it comes DT-AS if the country has it, 100 ms of
    2130 and 2750 Hz, and 60 ms after that the data [ETSI EN 300 659-1: 100 to 110 ms of DT-AS, 45
    to 500 ms to the data].
    """
    pieces = [_silence(AFTER_REVERSAL_MS)]
    if CallerIdAlert.DT_AS in service.alerts:
        pieces += [sines(DT_AS_HZ, DT_AS_DBM0, DT_AS_MS * SAMPLE_RATE // 1000)]
        pieces += [_silence(AFTER_DT_AS_MS)]
    return np.concatenate((*pieces, sound))


def caller_of_digits(codes: DigitCodes, text: str) -> CallerId | None:
    """What a telephone of the country shows for these digits, or None if they are no caller ID."""
    if not text.endswith(codes.end):
        return None
    text = text.removesuffix(codes.end)
    if text in (codes.private, codes.unknown):
        reasons = {codes.unknown: "O", codes.private: "P"}
        return CallerId(no_number=reasons[text])
    number = text.removeprefix(codes.start)
    return CallerId(number=number) if number != text and number.isdigit() else None


def _pressed(digits: str) -> Samples:
    samples = DIGIT_MS * SAMPLE_RATE // 1000
    pieces = []
    for digit in digits:
        pieces += [sines(tones_of(digit), (LOW_DBM0, HIGH_DBM0), samples), _silence(DIGIT_MS)]
    return np.concatenate(pieces)


def _silence(ms: int) -> Samples:
    return np.zeros(ms * SAMPLE_RATE // 1000, np.int16)
