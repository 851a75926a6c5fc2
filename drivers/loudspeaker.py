"""A loudspeaker at a sound output of its own, fed one period in each beat of the lines.

The output's clock is not the lines': of two quartzes one is always faster. The output is kept full,
and what it does not take yet waits here, so the length of that queue tells how the clocks differ:
when it grows a period is left out, when it is empty one is played twice, each in a pause of the
words if there is one in time. Nothing here waits for the output.
"""

import logging
from collections.abc import Callable

import numpy as np

from drivers.buses import PERIOD, PERIODS_PER_SECOND, Samples, SoundOutput
from drivers.errors import HardwareError

log = logging.getLogger(__name__)

LEAD_MOST = 20
"""Periods of silence that are written to begin with, at the most: an output holds a few."""
SPARE, SPARE_MOST = 2, 5
"""Periods that may wait here: with more than SPARE one is left out in a pause, above SPARE_MOST in
the middle of a word."""
PAUSE_PEAK = 200
"""No sample of a period in a pause of the words is greater: -41 dBm0."""
STUCK_PERIODS = PERIODS_PER_SECOND
"""An output that takes nothing for so long is as good as gone."""
WRITES_MOST = 4
"""In one beat."""
WRONG_MOST = PERIODS_PER_SECOND // 4
"""Periods in a second that may be left out or played twice: no two quartzes differ by so much."""
RETRY_S = (1, 2, 4, 8, 16, 32, 64)
"""Seconds until an output that is gone is opened again; the last of them for ever."""

_SILENCE: Samples = np.zeros(PERIOD, np.int16)


class Loudspeaker:
    """One loudspeaker, whether it is there or not. `open_output` raises HardwareError."""

    def __init__(self, open_output: Callable[[], SoundOutput]) -> None:
        self._open_output = open_output
        self._output: SoundOutput | None = None
        self._queue: Samples = _SILENCE[:0]
        self._taken_nothing = 0
        self._beats = self._wrong = 0
        """In this second: beats, and periods left out or played twice."""
        self._tries = 0
        self._next_try = 0
        """Beats until then."""
        self.fault = ""
        """What is wrong with it; "" if nothing is known."""
        self.dropped = self.repeated = 0
        """Periods since start that were left out, or played twice."""
        self._open()

    def begin(self) -> bool:
        """Something is about to be played: fill the output. False if it is gone, see `fault`.

        An output that was pulled out and put back is another one, which is opened here.
        """
        if self._output is not None and self._lead():
            return True
        if self._output is None:
            self._open()
        return self._output is not None and self._lead()

    def play(self, row: Samples) -> bool:
        """The next period, in each beat while something is played. False if the output is gone."""
        if self._output is None:
            return False
        waiting = len(self._queue) // PERIOD
        in_pause = int(np.abs(row.astype(np.int32)).max()) <= PAUSE_PEAK
        spare = waiting >= SPARE_MOST or (in_pause and waiting >= SPARE)
        if not spare:
            self._queue = np.concatenate((self._queue, row))
        if not self._write():
            return False
        left = len(self._queue)
        lack = left == 0 or (in_pause and left < PERIOD // 2)
        if lack:
            self._queue = np.concatenate((self._queue, row))
        self.dropped += spare
        self.repeated += lack
        return self._keeps_pace(spare or lack) and (not lack or self._write())

    def idle(self) -> None:
        """A beat in which nothing is played: the rest goes out, a lost output is looked for."""
        if len(self._queue):
            self._write()
        elif self._output is None:
            self._next_try -= 1
            if self._next_try <= 0:
                self._open()

    def close(self) -> None:
        """Let the output go."""
        output, self._output = self._output, None
        self._queue, self._taken_nothing = _SILENCE[:0], 0
        if output is not None:
            output.close()

    # How it works.

    def _keeps_pace(self, wrong: bool) -> bool:
        """Whether its clock may be a clock of 8 kHz; `wrong`: in this beat it was not quite."""
        self._beats += 1
        self._wrong += wrong and not self._taken_nothing
        if self._wrong > WRONG_MOST:
            self._fail(f"it does not keep pace: {self._wrong} of {self._beats} periods were wrong")
            return False
        if self._beats >= PERIODS_PER_SECOND:
            self._beats = self._wrong = 0
        return True

    def _lead(self) -> bool:
        """Fill the output with silence, until it takes no more."""
        self._queue, self._taken_nothing = _SILENCE[:0], 0
        self._beats = self._wrong = 0
        for _ in range(LEAD_MOST):
            self._queue = _SILENCE
            if not self._write():
                return False
            if len(self._queue):
                self._queue = _SILENCE[:0]
                return True
        self._fail(
            f"it takes {LEAD_MOST * 10} ms of sound ahead, too much for buttons that are to be"
            " heard at once; name the card itself (plughw:...), not a mixer"
        )
        return False

    def _write(self) -> bool:
        """Hand over what waits, as much as is taken. False if the output has gone."""
        assert self._output is not None
        before = len(self._queue)
        try:
            for _ in range(WRITES_MOST):  # one that takes a part may have room for more
                taken = self._output.write(self._queue)
                # below 0: it had run empty, and begins anew with what comes
                self._queue = self._queue[max(taken, 0) :]
                if taken <= 0 or not len(self._queue):
                    break
        except HardwareError as problem:
            self._fail(str(problem))
            return False
        self._taken_nothing = 0 if len(self._queue) < before else self._taken_nothing + 1
        if self._taken_nothing > STUCK_PERIODS:
            self._fail(f"it has taken no sound for {STUCK_PERIODS // PERIODS_PER_SECOND} s")
            return False
        return True

    def _open(self) -> None:
        try:
            self._output = self._open_output()
        except HardwareError as problem:
            self._fail(str(problem))
            return
        if self.fault:
            log.info("the loudspeaker is there again")
        self.fault, self._tries = "", 0

    def _fail(self, what: str) -> None:
        """Say what is wrong, once, and try again later."""
        self.close()
        if not self.fault:
            log.warning("the loudspeaker cannot be used: %s; it is tried again", what)
        self.fault = what
        self._next_try = RETRY_S[min(self._tries, len(RETRY_S) - 1)] * PERIODS_PER_SECOND
        self._tries += 1
