"""Where in the PCM frame a chip's voice lies, and how it is coded there.

A start count is the number of PCLKs after FSYNC's rising edge at which the most significant bit
begins [Si3215 DS, figures 27 and 28]. In DSP-A framing 16-bit slot k begins at count 1 + 16k, in
DSP B at 16k; a line in 8-bit law mode may use the upper octet of a slot (the same count) or the
lower one (8 later).
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from drivers.buses import Samples
from drivers.models.g711 import A_DECODE, A_ENCODE, MU_DECODE, MU_ENCODE

FIRST_COUNT = 1
"""In DSP-A framing: one bit clock after the frame begins. In DSP B it is 0."""
SLOT_BITS = 16
OCTET_BITS = 8


class Coding(Enum):
    """PCMF of both chips, as they number it."""

    A_LAW = 0b00
    MU_LAW = 0b01
    LINEAR = 0b11


CODECS = {Coding.A_LAW: (A_ENCODE, A_DECODE), Coding.MU_LAW: (MU_ENCODE, MU_DECODE)}


@dataclass(frozen=True, slots=True)
class SlotPosition:
    """One direction of one line in the frame."""

    slot: int
    coding: Coding
    upper: bool = True
    """8-bit laws: in the upper octet of the slot."""


class Misplaced(Exception):
    """A start count at which no slot of this frame begins; the text says why."""


def place_at(count: int, coding: Coding, slots: int, first_bit: int = FIRST_COUNT) -> SlotPosition:
    """The place that begins at this count of bit clocks in a frame with a number of 16-bit slots.

    The first slot begins at `first_bit`.

    Raises Misplaced.
    """
    step = SLOT_BITS if coding is Coding.LINEAR else OCTET_BITS
    steps, rest = divmod(count - first_bit, step)
    if count < first_bit or rest:
        raise Misplaced(f"count {count} is not the start of a slot ({first_bit} + {step}k)")
    slot, lower = (steps, 0) if coding is Coding.LINEAR else divmod(steps, 2)
    if slot >= slots:
        raise Misplaced(f"count {count} is slot {slot}; the port has {slots}")
    return SlotPosition(slot, coding, upper=not lower)


def take(played: Samples, place: SlotPosition) -> Samples:
    """The samples that a chip receives at its place."""
    row: Samples = played[place.slot]
    if place.coding is Coding.LINEAR:
        return row
    words = row.view(np.uint16)
    octets = (words >> OCTET_BITS) if place.upper else (words & 0xFF)
    decoded: Samples = CODECS[place.coding][1][octets]
    return decoded


def put(heard: Samples, place: SlotPosition, row: Samples) -> None:
    """Transmit samples at a place; the other octet of an 8-bit slot keeps what it has."""
    if place.coding is Coding.LINEAR:
        heard[place.slot] = row
        return
    codes = CODECS[place.coding][0][row.view(np.uint16)].astype(np.uint16)
    heard[place.slot].view(np.uint16)[:] |= codes << OCTET_BITS if place.upper else codes


def scaled(row: Samples, gain: float) -> Samples:
    """Samples times a gain, saturated to 16 bits."""
    louder: Samples = np.clip(np.rint(row * gain), -32_768, 32_767).astype(np.int16)
    return louder
