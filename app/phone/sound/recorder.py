"""Recording parties: pieces to a sink; one ends by a digit, silence, the limit or a hang-up.

Samples are held back for a moment, so that the tone of the digit that ended a recording can be
cut off: a digit is recognized up to 50 ms after its tone began.

The Tape keeps the latest second of all places with one copy a period. A Recorder is only called
when it has something to do: to look for silence, to give a piece, to end. Pieces are given together
in one beat of eight: a beat's first costs more than those that follow, for no code is warm then,
and the clerk commits together what comes together. Of very many lines each has its turn in the
beats that follow.
"""

from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from app.phone.calls.line import Recorded, RecordingEnd
from app.phone.sound import audio
from drivers.buses import PERIOD, Samples

PIECE = 100
"""Periods handed to the sink at a time: 1 s."""
DIGIT_CUT = 5
"""Periods before a digit's report that are its tone."""
_LOOK = 25
"""Periods from one look for silence to the next: four a second cost less than a hundred."""
_KEPT = 128
"""Periods on the tape: a piece, what is held back, and those for which a piece waits."""
_TOGETHER = 8
"""Periods from one beat in which pieces are given to the next."""
_TURNS = 4
"""Beats in which the pieces of all recorders are given, at most."""


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
        self._tape: Tape | None = None
        self.place = self._begun = self._given = 0
        self._look_at = _look_after(silence)
        """Periods heard when silence is looked for next."""

    def begin(self, tape: "Tape", place: int) -> None:
        """Record this place of a tape from now on."""
        self._tape, self.place, self._begun = tape, place, tape.now

    @property
    def due(self) -> int:
        """At which period of the tape there is something to do next."""
        heard = self._heard
        piece = (heard - DIGIT_CUT) // PIECE * PIECE + PIECE + DIGIT_CUT
        return self._begun + min(self._look_at, piece, max(self._limit, heard + 1))

    @property
    def _heard(self) -> int:
        """Periods heard."""
        return 0 if self._tape is None else self._tape.now - self._begun

    @property
    def full(self) -> bool:
        """Whether there is a piece to be given, with what is held back behind it."""
        return self._heard - self._given >= PIECE + DIGIT_CUT

    def go_on(self) -> None:
        """Do what is due, but for a piece, which give_piece() gives."""
        heard = self._heard
        if heard >= self._limit:
            self.end("limit")
        elif heard >= self._look_at and self._tape is not None:
            quiet = min(heard, self._tape.quiet(self.place))
            if quiet >= self._silence:
                self.end("silence")
            else:
                # Who talks is seldom looked at: there cannot be enough silence before.
                self._look_at = _look_after(heard + self._silence - quiet)

    def give_piece(self) -> None:
        """Give the sink a piece."""
        self._give(PIECE)

    def end(self, why: RecordingEnd, digit: str = "") -> None:
        """Give the rest to the sink and report the end; for a digit, without its tone."""
        held = self._heard - self._given
        rest = max(held - (DIGIT_CUT if why == "digit" else 0), 0)
        while rest:
            self._give(min(rest, PIECE))  # at most 1 s a piece
            rest -= min(rest, PIECE)
        self._ended(Recorded(self._given, why, digit))

    def _give(self, count: int) -> None:
        """Give the first periods of those that are held."""
        if self._tape is not None:
            held = self._heard - self._given
            self._sink(audio.to_bytes(self._tape.before(self.place, held, count)))
            self._given += count


def _look_after(periods: int) -> int:
    """The first look for silence when so many periods are over."""
    return -(-max(periods, 1) // _LOOK) * _LOOK


class Tape:
    """The latest periods of all places, and who records them; without recorders it stands still.

    `quiet` tells for how many periods a place has been silent.
    """

    def __init__(self, places: int, quiet: Callable[[int], int]) -> None:
        self._kept: Samples = np.zeros((_KEPT, places, PERIOD), np.int16)
        self.quiet = quiet
        self._recorders: dict[int, Recorder] = {}
        self._due: dict[int, list[Recorder]] = {}
        self._full: deque[Recorder] = deque()
        """Those that have a piece to give, in turn."""
        self._giving = False
        """Whether some wait for the next beat who should have given theirs in this one."""
        self.now = 0
        """Periods heard."""

    def record(self, place: int, recorder: Recorder | None) -> None:
        """Let this recorder hear a place from now on; None: nobody."""
        self._recorders.pop(place, None)
        more = place + 1 - self._kept.shape[1]
        if more > 0:
            self._kept = np.pad(self._kept, ((0, 0), (0, more), (0, 0)))
        if recorder is not None:
            self._recorders[place] = recorder
            recorder.begin(self, place)
            self._due.setdefault(recorder.due, []).append(recorder)

    def hear(self, heard: Samples, scripts: Sequence[tuple[int, Samples]] = ()) -> None:
        """Take one period of all slots, (slots, 80), and of the scripts' places, (80,) each."""
        if not self._recorders:
            self._due.clear()
            self._full.clear()
            return
        kept = self._kept[self.now % _KEPT]
        kept[: len(heard)] = heard
        for place, row in scripts:
            if place in self._recorders:
                kept[place] = row
        self.now += 1
        for recorder in self._due.pop(self.now, ()):
            if self._records(recorder):
                recorder.go_on()
                if self._records(recorder):
                    self._due.setdefault(recorder.due, []).append(recorder)
                    if recorder.full and recorder not in self._full:
                        self._full.append(recorder)
        if self._full and (self._giving or self.now % _TOGETHER == 0):
            self._hand_over()

    def _hand_over(self) -> None:
        """Let some of those that are full give a piece, and the others in the beats that follow."""
        for _ in range(min(len(self._full), 1 + len(self._recorders) // _TURNS)):
            recorder = self._full.popleft()
            if self._records(recorder):
                recorder.give_piece()
        self._giving = bool(self._full)

    def _records(self, recorder: Recorder) -> bool:
        return self._recorders.get(recorder.place) is recorder

    def before(self, place: int, ago: int, count: int) -> Samples:
        """So many periods of a place, (count, 80), the first of `ago` periods; at most _KEPT."""
        first = (self.now - ago) % _KEPT
        if first + count <= _KEPT:
            return self._kept[first : first + count, place]
        return np.concatenate(
            [self._kept[first:, place], self._kept[: first + count - _KEPT, place]]
        )
