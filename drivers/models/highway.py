"""The processor's PCM port as the chips see it: its samples as 16-bit words of one frame.

On most boards a word is a row of the port. With wider slots, words between them stay empty; with
slots of a law the port's memory is taken apart bit by bit, most significant first, so that a wrong
order of octets is heard.

The port may come back from a stop with the two halves of its frame exchanged
[Raspberry Pi's Linux, issues 719, 1417, 2473]: `swap_played` and `swap_heard` do that, until it is
started anew.
"""

import numpy as np

from drivers.board_spec import BoardSpec
from drivers.buses import PERIOD, Samples
from drivers.pcm import interleaved, planar
from drivers.slot_map import Coding


class Highway:
    """Between the rows of a board's port and the words of its frame."""

    def __init__(self, spec: BoardSpec) -> None:
        self._stream = spec.stream
        self._law = spec.frame.coding is not Coding.LINEAR
        self._step = spec.frame.slot_bits // 16
        """Words from one linear slot to the next."""
        self.words = spec.slots // 2 if self._law else spec.slots * self._step
        self.first_bit = spec.frame.first_bit
        self.swap_played = self.swap_heard = False
        self.stuck = False
        """Whether a new start changes nothing about the exchange."""
        self.xruns = 0

    def stop(self, swap_played: bool = False, swap_heard: bool = False) -> None:
        """An overrun or underrun, after which halves may be exchanged."""
        self.xruns += 1
        self.swap_played, self.swap_heard = swap_played, swap_heard

    def restart(self) -> None:
        """Both streams start anew, in order."""
        if not self.stuck:
            self.swap_played = self.swap_heard = False

    def silence(self) -> Samples:
        """A period of words that no chip drives."""
        return np.zeros((self.words, PERIOD), np.int16)

    def to_chips(self, rows: Samples) -> Samples:
        """What the port plays in a period, as words; the caller's array is left alone."""
        words = self._words(rows)
        return self._exchanged(words) if self.swap_played else words

    def from_chips(self, words: Samples) -> Samples:
        """What the port hears in a period, as rows."""
        return self._rows(self._exchanged(words) if self.swap_heard else words)

    def _words(self, rows: Samples) -> Samples:
        if not self._law:
            if self._step == 1:
                return rows.copy()
            words = self.silence()
            words[:: self._step] = rows
            return words
        octets = np.frombuffer(interleaved(rows, self._stream), np.uint8)
        on_wire = octets.reshape(PERIOD, 2, -1)[:, :, ::-1].reshape(PERIOD, self.words, 2)
        pairs = on_wire.astype(np.uint16)
        return (pairs[:, :, 0] << 8 | pairs[:, :, 1]).T.copy().view(np.int16)

    def _rows(self, words: Samples) -> Samples:
        if not self._law:
            return words if self._step == 1 else words[:: self._step].copy()
        pairs = words.view(np.uint16).T
        on_wire = np.stack((pairs >> 8, pairs & 0xFF), axis=2).astype(np.uint8)
        octets = on_wire.reshape(PERIOD, 2, -1)[:, :, ::-1]
        return planar(octets.tobytes(), self._stream)

    def _exchanged(self, words: Samples) -> Samples:
        return np.roll(words, self.words // 2, axis=0)
