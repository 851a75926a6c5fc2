"""Taking out of what a line sends back the echo of what we play to it.

A line is two wires: a part of what we send returns with what the far end says, 6 to 30 dB softer.
So that a digit pressed during a prompt is heard, and a caller's own voice does not come back to
them in a bridged call, the echo is learned and subtracted before anybody hears the line: detectors,
recorders and the other parties of its call hear rows without echo. Nothing is cut or muted.

Lines take part in it that somebody listens to and to which something was played in the last half
second; others cost nothing. Both directions are emphasized before they are compared, since speech
has most of its power at low frequencies and a filter learns an even spectrum soonest; the emphasis
is undone in what is given out.
"""

import numpy as np
from numpy.typing import NDArray

from app.phone.sound.echo_delay import KEPT, WINDOW, DelayFinder
from app.phone.sound.echo_filter import ERROR, FRAME, FilterBank, Rows, Slots
from drivers.buses import PERIOD, Samples

EMPHASIS = 0.9
"""Part of each sample that is taken off the next one."""
SOFT = 32
"""Samples up to this are no sound: their echo, -63 dBm0 and less, disturbs nobody."""
PAUSE = 50
"""Periods without sound after which a line takes no part: words have shorter pauses."""
NEW_CALL = 0.1
"""How much of its variance a filter gets back with a new call: most lines are as they were."""
_AWAKE = max(PAUSE, KEPT // PERIOD) + 1
"""Periods of silence on all lines after which nothing is done, for all that is kept is silence."""
_SILENCE: Samples = np.zeros(PERIOD, np.int16)
_LOOK = 2 * WINDOW // PERIOD
"""Periods between two looks at the delay."""


class EchoCanceller:
    """The echo of all lines, in a number of `slots`."""

    def __init__(self, slots: int) -> None:
        self._bank = FilterBank(slots)
        self._finder = DelayFinder()
        self._wanted = np.zeros(slots, np.bool_)
        self._active = np.zeros(slots, np.bool_)
        self._pause = np.full(slots, PAUSE)
        self._sent = _History(slots, KEPT + PERIOD)
        self._heard = _History(slots, WINDOW + PERIOD)
        self._frames, self._errors = np.zeros((2, 0, 0), np.float32)
        """What the bank needs of what was sent to its chosen slots, and of what was heard."""
        self._anew = True
        """Whether these are not those of the period before."""
        self._last_given: NDArray[np.float32] = np.zeros(slots, np.float32)
        self._silent = _AWAKE
        """Periods since something was sent to any line."""
        self._beat = 0

    @property
    def active(self) -> list[int]:
        """Slots whose echo is being taken out now."""
        slots: list[int] = self._bank.chosen.tolist()
        return slots

    @property
    def delay(self) -> int:
        """Samples between the playing of a sound and the begin of its echo, of this board."""
        return self._finder.delay

    def want(self, slot: int, wanted: bool) -> None:
        """Whether anybody hears what comes from this line."""
        self._wanted[slot] = wanted

    def new_call(self, slot: int) -> None:
        """The line may be connected to something else now."""
        self._bank.doubt(np.array([slot]), NEW_CALL)

    def sent(self, played: Samples | None) -> None:
        """A period is sent to all lines, (slots, 80); None is silence."""
        if played is not None:
            if self._silent >= _AWAKE:
                self._heard.clear()
                self._last_given[:] = 0
            self._silent = 0
        elif self._silent < _AWAKE:
            self._silent += 1
        else:
            return
        self._pause += 1
        self._sent.add(_SILENCE if played is None else played)
        if played is not None:
            self._pause[played.max(axis=1) > SOFT] = 0

    def cancel(self, heard: Samples) -> None:
        """Take the echo out of a period of all lines, (slots, 80), in place."""
        if self._silent >= _AWAKE:
            return
        self._heard.add(heard)
        active = self._pause < PAUSE
        active &= self._wanted
        if (active != self._active).any():
            self._active = active
            self._bank.choose(np.flatnonzero(active))
            self._anew = True
        if len(self._bank.chosen):
            self._beat += 1
            if self._beat % _LOOK == 0:
                self._look()
            self._cancel(self._bank.chosen, heard)
        np.multiply(heard[:, -1], EMPHASIS, out=self._last_given)

    def _look(self) -> None:
        """Measure the delay on one of the lines; another one makes all that is known useless."""
        slot = self._finder.choose(self._bank.chosen)
        sent, heard = self._sent.emphasized([slot], KEPT), self._heard.emphasized([slot], WINDOW)
        if self._finder.look(sent[0], heard[0]):
            self._bank.forget(np.arange(len(self._wanted)))
            self._anew = True

    def _cancel(self, who: Slots, heard: Samples) -> None:
        delay = self._finder.delay
        if self._anew:
            self._frames = self._sent.emphasized(who, FRAME, delay)
            self._errors = self._heard.emphasized(who, ERROR)
            self._anew = False
        else:
            _go_on(self._frames, self._sent.emphasized(who, PERIOD, delay))
            _go_on(self._errors, self._heard.emphasized(who, PERIOD))
        error = self._bank.cancelled(self._frames, self._errors)
        error[:, 0] += self._last_given[who]
        wide = error @ _UNDO
        np.rint(wide, out=wide)
        np.maximum(wide, -32_768, out=wide)
        np.minimum(wide, 32_767, out=wide)
        heard[who] = wide


class _History:
    """The last `samples` of each of a number of `slots`."""

    def __init__(self, slots: int, samples: int) -> None:
        self._periods = samples // PERIOD
        # All is kept twice, so that any _periods in a row lie in a row.
        self._rows: Samples = np.zeros((slots, 2 * self._periods * PERIOD), np.int16)
        self._at = 0

    def clear(self) -> None:
        """Let all have been silence."""
        self._rows[:] = 0

    def add(self, rows: Samples) -> None:
        """Another period, (slots, 80), or (80,) for all alike."""
        self._at = (self._at + 1) % self._periods
        for place in (self._at, self._at + self._periods):
            self._rows[:, place * PERIOD : (place + 1) * PERIOD] = rows

    def emphasized(self, who: Slots | list[int], samples: int, before: int = 0) -> Rows:
        """So many samples of some slots, up to those that came `before` the last ones."""
        end = (self._at + self._periods + 1) * PERIOD - before
        rows = self._rows[who, end - samples - 1 : end].astype(np.float32)
        emphasized = rows[:, :-1] * -EMPHASIS
        emphasized += rows[:, 1:]
        return emphasized


def _go_on(rows: Rows, latest: Rows) -> None:
    """Put a period at the end of all rows, instead of the first one."""
    rows[:, :-PERIOD] = rows[:, PERIOD:]
    rows[:, -PERIOD:] = latest


_POWERS = EMPHASIS ** np.arange(PERIOD)
_UNDO: Rows = np.array(
    [[_POWERS[to - at] if to >= at else 0.0 for to in range(PERIOD)] for at in range(PERIOD)],
    np.float32,
)
"""What each sample of a period adds to the others without the emphasis."""
