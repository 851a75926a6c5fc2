"""Recording parties: pieces to a sink; one ends by a digit, silence, the limit or a hang-up.

Samples are held back for a moment, so that the tone of the digit that ended a recording can be
cut off: a digit is recognized up to 50 ms after its tone began.

The Tape keeps the latest second of all places with one copy a period. A Recorder is only called
when it has something to do: to look for silence, to give a piece, to end.
"""

from collections.abc import Callable, Sequence

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
_KEPT = 128
"""Periods on the tape: a piece, what is held back, and a few."""


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
        self.place = self._begun = self._given = self._quiet = 0

    def begin(self, tape: "Tape", place: int) -> None:
        """Record this place of a tape from now on."""
        self._tape, self.place, self._begun = tape, place, tape.now

    @property
    def due(self) -> int:
        """At which period of the tape there is something to do next."""
        heard = self._given + self._held
        look = heard // _LOOK * _LOOK + _LOOK
        return self._begun + min(look, self._given + PIECE + DIGIT_CUT, max(self._limit, heard + 1))

    @property
    def _held(self) -> int:
        """Periods heard and not yet given."""
        return 0 if self._tape is None else self._tape.now - self._begun - self._given

    def go_on(self) -> None:
        """Do what is due."""
        if (self._given + self._held) % _LOOK == 0:
            self._listen_for_silence()
        if self._held == PIECE + DIGIT_CUT:
            self._give(PIECE)
        if self._given + self._held >= self._limit:
            self.end("limit")
        elif self._quiet >= self._silence:
            self.end("silence")

    def end(self, why: RecordingEnd, digit: str = "") -> None:
        """Give the rest to the sink and report the end; for a digit, without its tone."""
        rest = max(self._held - (DIGIT_CUT if why == "digit" else 0), 0)
        while rest:
            self._give(min(rest, PIECE))  # at most 1 s a piece
            rest -= min(rest, PIECE)
        self._ended(Recorded(self._given, why, digit))

    def _give(self, count: int) -> None:
        """Give the first periods of those that are held."""
        if self._tape is not None:
            self._sink(audio.to_bytes(self._tape.latest(self.place, self._held)[:count]))
            self._given += count

    def _listen_for_silence(self) -> None:
        if self._tape is None:
            return
        latest = self._tape.latest(self.place, _LOOK).astype(np.float32)
        loud = (np.vecdot(latest, latest) > _FLOOR).nonzero()[0]
        quiet_at_end = len(latest) - 1 - int(loud[-1]) if len(loud) else len(latest)
        self._quiet = quiet_at_end if len(loud) else self._quiet + len(latest)


class Tape:
    """The latest periods of all places, and who records them; without recorders it stands still."""

    def __init__(self, places: int) -> None:
        self._kept: Samples = np.zeros((places, _KEPT, PERIOD), np.int16)
        self._recorders: dict[int, Recorder] = {}
        self._due: dict[int, list[Recorder]] = {}
        self.now = 0
        """Periods heard."""

    def record(self, place: int, recorder: Recorder | None) -> None:
        """Let this recorder hear a place from now on; None: nobody."""
        self._recorders.pop(place, None)
        if place >= len(self._kept):
            more = place + 1 - len(self._kept)
            self._kept = np.pad(self._kept, ((0, more), (0, 0), (0, 0)))
        if recorder is not None:
            self._recorders[place] = recorder
            recorder.begin(self, place)
            self._due.setdefault(recorder.due, []).append(recorder)

    def hear(self, heard: Samples, scripts: Sequence[tuple[int, Samples]] = ()) -> None:
        """Take one period of all slots, (slots, 80), and of the scripts' places, (80,) each."""
        if not self._recorders:
            self._due.clear()
            return
        at = self.now % _KEPT
        self._kept[: len(heard), at] = heard
        for place, row in scripts:
            if place in self._recorders:
                self._kept[place, at] = row
        self.now += 1
        for recorder in self._due.pop(self.now, ()):
            if self._records(recorder):
                recorder.go_on()
                if self._records(recorder):
                    self._due.setdefault(recorder.due, []).append(recorder)

    def _records(self, recorder: Recorder) -> bool:
        return self._recorders.get(recorder.place) is recorder

    def latest(self, place: int, periods: int) -> Samples:
        """The latest periods of a place, (periods, 80); at most _KEPT."""
        first = (self.now - periods) % _KEPT
        if first + periods <= _KEPT:
            return self._kept[place, first : first + periods]
        return np.concatenate(
            [self._kept[place, first:], self._kept[place, : first + periods - _KEPT]]
        )


_FLOOR = audio.mean_square(SILENCE_DBM0) * PERIOD
