"""Taking out of what a line sends back the echo of what we play to it.

A line is two wires: a part of what we send returns with what the far end says, 6 to 30 dB softer.
So that a digit pressed during a prompt is heard, and a caller's own voice does not come back to
them in a bridged call, the echo is learned and subtracted before anybody hears the line: detectors,
recorders and the other parties of its call hear rows without echo. Nothing is cut or muted.

Lines take part in it that somebody listens to and to which something was played in the last half
second; others cost nothing. The work itself is done in C for all lines (native/echo.c); what is
here finds out the delay of the board.
"""

from typing import Any

import numpy as np

from app.phone.sound.echo_delay import KEPT, WINDOW, DelayFinder
from app.phone.sound.native import checked, ffi, library, pointer
from drivers.buses import PERIOD, Samples

_LOOK = 2 * WINDOW // PERIOD
"""Periods between two looks at the delay."""


class EchoCanceller:
    """The echo of all lines, in a number of `slots`.

    Raises NativeMissing without its compiled part, and ValueError for slots there are not.
    """

    def __init__(self, slots: int) -> None:
        self._library = library()
        # An array's memory stays until nobody can reach it. A finalizer of cffi may run before that
        # of a call that is given up, which still says that it wants nothing.
        self._memory = np.zeros(self._library.echo_size(slots, KEPT), np.uint8)
        self._echo: Any = self._library.echo_new(pointer(self._memory, "uint8_t"), slots, KEPT)
        if not self._echo:
            raise ValueError(f"no echo canceller of {slots} lines")
        self._slots = slots
        self._finder = DelayFinder()
        self._recent = np.zeros(KEPT + WINDOW, np.float32)
        self._beat = 0
        self._asleep = True
        """Whether nothing has been sent for so long that there is nothing to do."""

    @property
    def active(self) -> list[int]:
        """Slots whose echo is being taken out now."""
        active = np.zeros(self._slots, np.uint8)
        checked(self._library.echo_active(self._echo, pointer(active, "uint8_t"), self._slots))
        return np.flatnonzero(active).tolist()

    @property
    def delay(self) -> int:
        """Samples between the playing of a sound and the begin of its echo, of this board."""
        return self._finder.delay

    def want(self, slot: int, wanted: bool) -> None:
        """Whether anybody hears what comes from this line."""
        checked(self._library.echo_want(self._echo, slot, wanted))

    def new_call(self, slot: int) -> None:
        """The line may be connected to something else now."""
        checked(self._library.echo_new_call(self._echo, slot))

    def sent(self, played: Samples | None) -> None:
        """A period is sent to all lines, (slots, 80); None is silence."""
        if played is None and self._asleep:
            return
        rows = ffi.NULL if played is None else pointer(played, "int16_t")
        samples = 0 if played is None else played.size
        self._asleep = checked(self._library.echo_sent(self._echo, rows, samples)) == 1

    def cancel(self, heard: Samples) -> None:
        """Take the echo out of a period of all lines, (slots, 80), in place."""
        if self._asleep:
            return
        rows = pointer(heard, "int16_t")
        if checked(self._library.echo_cancel(self._echo, rows, heard.size)):
            self._beat += 1
            if self._beat % _LOOK == 0:
                self._look()

    def _look(self) -> None:
        """Measure the delay on one of the lines; another one makes all that is known useless."""
        slot = self._finder.choose(np.array(self.active))
        sent, heard = self._recent[:KEPT], self._recent[KEPT:]
        checked(
            self._library.echo_recent(
                self._echo, slot, pointer(sent, "float"), KEPT, pointer(heard, "float"), WINDOW
            )
        )
        if self._finder.look(sent, heard):
            checked(self._library.echo_set_delay(self._echo, self._finder.delay))
