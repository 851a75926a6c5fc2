"""Where each line's voice lies in the PCM frame, and how it is coded there.

A start count is the number of bit clocks from the rising edge of frame sync to the most significant
bit [Si3215 DS, figures 27 and 28]. A board file chooses among three framings, of which none has
been seen on a scope; whether a chip goes on shifting when its last bit lies in the next frame's
sync cycle, as the first one needs it for its last slot, is unverified:

    DSP A, 32 bits      first_bit = 1, slot_bits = 16    counts 1 and 17
    DSP A, 64 bits      first_bit = 1, slot_bits = 32    counts 1 and 33
    DSP B, 32 bits      first_bit = 0, slot_bits = 16    counts 0 and 16
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Coding(StrEnum):
    """How one sample is written in its slot, as a board file names it."""

    LINEAR = "linear"
    """16 bits, two's complement, most significant bit first."""
    MU_LAW = "mu-law"
    A_LAW = "a-law"


PCM_FORMAT: Mapping[Coding, int] = {Coding.A_LAW: 0, Coding.MU_LAW: 1, Coding.LINEAR: 3}
"""The field PCMF, the same in both line chips [Si3215 DS, register 1; Si3050 DS, register 33]."""

VOICE_BITS: Mapping[Coding, int] = {Coding.LINEAR: 16, Coding.MU_LAW: 8, Coding.A_LAW: 8}
"""Bits that one line takes in a frame."""


@dataclass(frozen=True, slots=True)
class SlotMap:
    """The slots of one board's frame; slot 0 comes first."""

    coding: Coding = Coding.LINEAR
    first_bit: int = 1
    """Start count of slot 0: 1 in DSP A framing, 0 in DSP B."""
    slot_bits: int = 16
    """From the start of one slot to the start of the next."""

    def start(self, slot: int) -> int:
        """The start count of a slot, in bit clocks. DSP A linear slot 1: 17; mu-law slot 7: 57."""
        return self.first_bit + self.slot_bits * slot


LINEAR_SLOTS = SlotMap()
"""One 16-bit slot behind the other, from one bit clock after frame sync on."""


@dataclass(frozen=True, slots=True)
class Stream:
    """How the frames of a number of slots lie in a sound card's memory.

    Linear slots are channels of 16 bits. Slots of a law are octets, most significant first in the
    two words of a stereo frame; little-endian words have them in memory from the last to the first:

        8 slots, S32_LE     octets of a frame in memory: slots 3 2 1 0  7 6 5 4
        4 slots, S16_LE     slots 1 0  3 2
    """

    slots: int
    coding: Coding = Coding.LINEAR

    @property
    def channels(self) -> int:
        """Of the sound card."""
        return self.slots if self.coding is Coding.LINEAR else WORDS

    @property
    def word_octets(self) -> int:
        """Octets of one channel in one frame: 2 or 4."""
        return 2 if self.coding is Coding.LINEAR else self.slots // WORDS

    @property
    def format(self) -> str:
        """ALSA's name of the sample format."""
        return f"S{8 * self.word_octets}_LE"

    @property
    def frame_octets(self) -> int:
        """Octets of one frame of all slots."""
        return self.channels * self.word_octets


WORDS = 2
"""Words that a Raspberry Pi's PCM port moves a frame, of up to 32 bits [Linux, bcm2835-i2s]."""
LAW_SLOTS = (4, 8)
"""So many octets make two words of 16 or 32 bits."""
