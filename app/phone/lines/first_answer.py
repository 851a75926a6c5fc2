"""Japan's caller ID: the line is answered for the data, hung up, and only then rings.

The exchange reverses the line and rings in bursts of 0.5 s. Whoever can show a number closes the
loop within 6 s, gets the data [ITU-T V.23], and opens the loop again; then it rings as everywhere
[NTT, number display; the times are unverified: no standard could be opened]. A line without that
service is reversed by nobody, and rings in longer bursts.
"""

import logging
from collections.abc import Callable
from enum import StrEnum

from app.core.fsm import Actions, Machine, Row, Table
from app.core.timers import TimerQueue
from app.phone.calls.line import Caller
from app.phone.lines.caller_reader import CallerReader
from app.phone.timers import DATA_BURST, DATA_REVERSAL, DATA_WAIT, RELEASE_GUARD
from drivers.ports import (
    BatteryChanged,
    PolarityReversed,
    PortEvent,
    RingBurst,
    TrunkPort,
)


class FirstState(StrEnum):
    """States of answering for data."""

    REST = "rest"
    REVERSED = "reversed"
    BURST = "burst"
    DATA = "data"
    GUARD = "guard"


class FirstEvent(StrEnum):
    """Events of answering for data."""

    REVERSAL = "reversal"
    BURST_ON = "burst on"
    BURST_OFF = "burst off"
    TOO_LONG = "too long"
    NAMED = "named"
    TOO_LATE = "too late"
    STOP = "stop"


_STOP = {FirstEvent.STOP: FirstState.REST}
_ANY = frozenset({FirstEvent.REVERSAL, FirstEvent.BURST_ON, FirstEvent.BURST_OFF})

FIRST: Table[FirstState, FirstEvent] = Table(
    "first answer",
    {
        FirstState.REST: Row(
            {FirstEvent.REVERSAL: FirstState.REVERSED},
            stay=frozenset({FirstEvent.STOP}),
            meaning="Nothing announces a caller.",
        ),
        FirstState.REVERSED: Row(
            {
                **_STOP,
                FirstEvent.BURST_ON: FirstState.BURST,
                FirstEvent.TOO_LATE: FirstState.REST,
            },
            stay=_ANY - {FirstEvent.BURST_ON},
            timer=DATA_REVERSAL,
            due=FirstEvent.TOO_LATE,
            meaning="The line was turned round a moment ago.",
        ),
        FirstState.BURST: Row(
            {
                **_STOP,
                FirstEvent.BURST_OFF: FirstState.DATA,
                FirstEvent.TOO_LONG: FirstState.REST,
            },
            stay=_ANY - {FirstEvent.BURST_OFF},
            timer=DATA_BURST,
            due=FirstEvent.TOO_LONG,
            meaning="It rings, for data if it is short.",
        ),
        FirstState.DATA: Row(
            {**_STOP, FirstEvent.NAMED: FirstState.GUARD, FirstEvent.TOO_LATE: FirstState.GUARD},
            stay=_ANY,
            timer=DATA_WAIT,
            due=FirstEvent.TOO_LATE,
            meaning="The loop is closed for the data.",
        ),
        FirstState.GUARD: Row(
            {
                **_STOP,
                FirstEvent.BURST_ON: FirstState.REST,
                FirstEvent.TOO_LATE: FirstState.REST,
            },
            stay=_ANY - {FirstEvent.BURST_ON} | {FirstEvent.NAMED},
            timer=RELEASE_GUARD,
            due=FirstEvent.TOO_LATE,
            meaning="The loop is open again; what the voltage does now means nothing.",
        ),
    },
)


class FirstAnswer:
    """Answers for data on one line; `rings` is called for a burst that is a real one after all."""

    def __init__(
        self,
        port: TrunkPort,
        queue: TimerQueue,
        reader: CallerReader,
        rings: Callable[[], None],
    ) -> None:
        self._port, self._reader, self._rings = port, reader, rings
        self.machine = Machine(FIRST_ACTIONS, self, port.name, queue, moves=logging.DEBUG)

    @property
    def busy(self) -> bool:
        """Whether the line is not to be used: somebody is about to call."""
        return self.machine.state is not FirstState.REST

    def takes(self, event: PortEvent) -> bool:
        """Handle what a line reports that is not in use; False if it is for others."""
        if isinstance(event, PolarityReversed):
            self.machine.event(FirstEvent.REVERSAL)
            return True
        if isinstance(event, RingBurst) and self.busy:
            self.machine.event(FirstEvent.BURST_ON if event.on else FirstEvent.BURST_OFF)
            return True
        seized = self.machine.state in (FirstState.DATA, FirstState.GUARD)
        if isinstance(event, BatteryChanged) and seized:
            return True
        if self.busy:
            self.stop()
        return False

    def named(self, _: Caller) -> None:
        """The data have come."""
        if self.machine.state is FirstState.DATA:
            self.machine.event(FirstEvent.NAMED)

    def stop(self) -> None:
        """The port has failed, or the line is unplugged."""
        self.machine.event(FirstEvent.STOP)

    # Actions.

    def _seize(self) -> None:
        self._port.seize()
        self._reader.begin()

    def _release(self) -> None:
        self._reader.end()
        self._port.release()

    def _ring(self) -> None:
        self._rings()


FIRST_ACTIONS = Actions[FirstAnswer, FirstState, FirstEvent](
    FIRST,
    {
        FirstEvent.BURST_OFF: FirstAnswer._seize,
        FirstEvent.TOO_LONG: FirstAnswer._ring,
        FirstEvent.NAMED: FirstAnswer._release,
        (FirstState.DATA, FirstEvent.TOO_LATE): FirstAnswer._release,
        (FirstState.DATA, FirstEvent.STOP): FirstAnswer._release,
        (FirstState.GUARD, FirstEvent.BURST_ON): FirstAnswer._ring,
    },
)
