"""Recording one party: pieces to a sink; it ends by a digit, silence, the limit or a hang-up.

Samples are held back for a moment, so that the tone of the digit that ended a recording can be
cut off: a digit is recognized up to 50 ms after its tone began.
"""

from collections.abc import Callable

import numpy as np

from app.phone.calls.line import Recorded, RecordingEnd
from app.phone.sound import audio
from drivers.buses import PERIOD, Samples

PIECE = 100
"""Periods handed to the sink at a time: 1 s."""
DIGIT_CUT = 5
"""Periods before a digit's report that are its tone."""
SILENCE_DBM0 = -45.0
"""Below this a period is silence; a quiet line's noise lies near -60 dBm0, speech at -15 to -30."""
_LOOK = 25
"""Periods examined for silence at a time: four times a second cost less than a hundred."""


class Recorder:
    """One recording, of at most `limit` periods (10 ms); `silence` periods without speech end it.

    `sink` gets S16LE octets in pieces of at most 1 s; `ended` is called once, after the last piece.
    """

    def __init__(
        self,
        sink: Callable[[bytes], None],
        limit: int,
        silence: int,
        ended: Callable[[Recorded], None],
    ) -> None:
        self._sink = sink
        self._limit = limit
        self._silence = silence
        self._ended = ended
        self._kept = np.zeros((PIECE + DIGIT_CUT, PERIOD), np.int16)
        self._count = 0
        self._given = 0
        self._quiet = 0
        self._look = _LOOK

    def hear(self, row: Samples) -> None:
        """Record one period, (80,)."""
        self._kept[self._count] = row
        self._count += 1
        self._look -= 1
        if not self._look:
            self._listen_for_silence()
        if self._count == PIECE + DIGIT_CUT:
            self._give(PIECE)
        if self._given + self._count >= self._limit:
            self.end("limit")
        elif self._quiet >= self._silence:
            self.end("silence")

    def end(self, why: RecordingEnd, digit: str = "") -> None:
        """Give the rest to the sink and report the end; for a digit, without its tone."""
        cut = DIGIT_CUT if why == "digit" else 0
        self._give(max(self._count - cut, 0))
        self._ended(Recorded(self._given, why, digit))

    def _give(self, count: int) -> None:
        if count > PIECE:  # at most 1 s a piece
            self._give(PIECE)
            count -= PIECE
        if count:
            self._sink(audio.to_bytes(self._kept[:count]))
            self._given += count
            self._kept[: self._count - count] = self._kept[count : self._count]
            self._count -= count

    def _listen_for_silence(self) -> None:
        self._look = _LOOK
        latest = self._kept[self._count - _LOOK : self._count].astype(np.float32)
        loud = np.flatnonzero(np.einsum("ij,ij->i", latest, latest) > _FLOOR)
        quiet_at_end = len(latest) - 1 - int(loud[-1]) if len(loud) else len(latest)
        self._quiet = quiet_at_end if len(loud) else self._quiet + len(latest)


_FLOOR = audio.mean_square(SILENCE_DBM0) * PERIOD
