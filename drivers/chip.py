"""What both line chips have in common: when they are polled, set-up, and set-up anew after a fault.

A chip is looked at when its interrupt pin is low, when its periodic check is due, and each beat
while it is *eager* (it is set up, or debounces something). Else nothing goes over the bus.

A chip that cannot be set up, or fails later, is set up again for ever, at growing intervals. One
that answers nothing is reset by its pin before, unless a chip that works shares the pin.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import StrEnum
from typing import ClassVar, Protocol

from app.core.fsm import Actions, Machine, Row, Table
from app.core.sentences import sentence
from drivers.buses import InputPin
from drivers.errors import BusClosed, ChipMissing, ChipTimeout, HardwareError
from drivers.ports import PortEvent, PortFault, PortRecovered, Steps
from drivers.reset_line import ResetLine, pulse

CHECK_PERIODS = 25
"""Periodic check each 250 ms, as the open drivers do [DAHDI wctdm24xxp]."""

RETRY_PERIODS = (1, 100, 200, 400, 800, 1600, 3000)
"""From each failure of a chip to its next repair; the last one for all that follow (30 s)."""

STEADY_PERIODS = 6000
"""A chip that has worked for a minute is repaired at once, as if it had never failed."""

REPAIRS_AT_ONCE = 2
"""So many chips are set up again side by side, others wait: a step of each holds the bus for up to
1 ms, and a beat has 10 ms for all lines."""

log = logging.getLogger(__name__)


class RepairState(StrEnum):
    """States of a chip."""

    STARTING = "starting"
    WORKING = "working"
    BROKEN = "broken"
    REPAIRING = "repairing"


class RepairEvent(StrEnum):
    """Events of a chip."""

    FAULT = "fault"
    RETRY = "retry"
    READY = "ready"


REPAIR: Table[RepairState, RepairEvent] = Table(
    "chip",
    {
        RepairState.STARTING: Row(
            {RepairEvent.READY: RepairState.WORKING, RepairEvent.FAULT: RepairState.BROKEN},
            meaning="It is set up for the first time, all chips side by side.",
        ),
        RepairState.WORKING: Row(
            {RepairEvent.FAULT: RepairState.BROKEN},
            meaning="It is looked at for what happens on the line.",
        ),
        RepairState.BROKEN: Row(
            {RepairEvent.RETRY: RepairState.REPAIRING},
            meaning="Nothing goes over the bus until the repair is due: after 10 ms, then 1, 2, 4, "
            "8, 16 and for ever each 30 s. Two chips are repaired at once, others wait.",
        ),
        RepairState.REPAIRING: Row(
            {RepairEvent.FAULT: RepairState.BROKEN, RepairEvent.READY: RepairState.WORKING},
            meaning="It is set up again, one step in a poll.",
        ),
    },
)


class Beats:
    """The lines' clock: periods of 10 ms since start; whoever polls the board advances it."""

    def __init__(self) -> None:
        self.now = 0
        self.repairs = 0
        """How many chips are being set up again."""


def wait_for(place: str, what: str, ready: Callable[[], bool], periods: int) -> Steps:
    """Look once a poll until ready, at most `periods` times (10 ms each if no poll is late).

    Raises ChipTimeout naming what was waited for.
    """
    for _ in range(periods):
        if ready():
            return
        yield 1
    raise ChipTimeout(
        sentence(
            "%(place)s: %(what)s not within %(periods)s ms",
            place=place,
            what=what,
            periods=periods * 10,
        )
    )


class Debounced:
    """A yes or no that counts only once it has been seen for so many periods without a break."""

    def __init__(self, value: bool) -> None:
        self.value = value
        self._since: int | None = None

    @property
    def pending(self) -> bool:
        """The other value has been seen, but not yet for long enough."""
        return self._since is not None

    def forget(self) -> None:
        """Drop what was seen of another value."""
        self._since = None

    def see(self, seen: bool, now: int, periods: int) -> bool:
        """Tell what is seen now; True when the value has just changed."""
        if seen == self.value:
            self._since = None
            return False
        if self._since is None:
            self._since = now
        if now - self._since < periods:
            return False
        self.value = seen
        self._since = None
        return True


_WORKING = RepairState.WORKING
"""Read for every chip in every beat, and a member costs more through its class [Python 3.11]."""


class JackSpec(Protocol):
    """The part of a line's description that says where it is."""

    @property
    def name(self) -> str:
        """The jack's label."""
        ...

    @property
    def slot(self) -> int:
        """Its place in the PCM frame."""
        ...

    @property
    def place(self) -> str:
        """Jack, chip and bus as error texts name them."""
        ...


class ChipPort(ABC):
    """A line chip as the board polls it."""

    loops_back: ClassVar[bool] = False
    """Whether its slot can be proved."""

    def __init__(self, spec: JackSpec, interrupt: InputPin, beats: Beats) -> None:
        self.name = spec.name
        self.slot = spec.slot
        self.place = spec.place
        self._interrupt = interrupt
        self._beats = beats
        self._next_check = 0
        self._steps: Steps | None = None
        self._step_at = 0
        self._looped = False
        """Whether the slot is looped back, to be proved."""
        self._reset: ResetLine | None = None
        self._silent = False
        """Whether the latest fault was that no chip answers, or another one than ours."""
        self._failures = 0
        """In a row, without a steady time between them."""
        self._ready_at = 0
        self._reported = ""
        """The fault that was reported last: one that is seen again and again is reported once."""
        self._refused = ""
        """The fault of a slot that has not been proved since."""
        self.machine = Machine(REPAIR_ACTIONS, self, spec.name, moves=logging.DEBUG)

    @property
    def eager(self) -> bool:
        """Wants a look each beat for now."""
        return self.machine.state is not _WORKING or self._debouncing()

    @property
    def starting(self) -> bool:
        """Whether the first set-up is not over yet, well or badly."""
        return self.machine.state is RepairState.STARTING

    @property
    def _working(self) -> bool:
        return self.machine.state is _WORKING

    def reset_by(self, line: ResetLine) -> None:
        """The pin that resets the chip; without one it is set up again by its registers alone."""
        self._reset = line
        line.chips.append(self)

    @property
    def broken(self) -> bool:
        """Whether it neither works nor is being set up, so that a reset takes nothing from it."""
        return self.machine.state is RepairState.BROKEN

    @property
    def interval(self) -> int:
        """Periods between two checks while nothing happens, at most 31."""
        return CHECK_PERIODS

    def poll(self) -> list[PortEvent]:
        """What happened since the last poll; the bus is touched only if asked for or due.

        Raises BusClosed; other trouble comes as PortFault.
        """
        asked = not self._interrupt.read()
        events = self.look(True) if asked else []
        # A busy neighbour on the same pin must not put off our own check for ever.
        if self._beats.now >= self._next_check or (self.eager and not asked):
            self._next_check = self._beats.now + self.interval
            if self.eager or not self.quiet():
                events += self.look(False)
        return events

    def look(self, asked: bool) -> list[PortEvent]:
        """Look at the chip now; `asked` says that its interrupt pin is low. Raises BusClosed."""
        try:
            if self._working:
                return self._look(asked)
            return self._go_on_with_set_up()
        except BusClosed:
            raise
        except HardwareError as error:
            self._silent = isinstance(error, ChipMissing)
            return self._fail(error.text)

    def quiet(self) -> bool:
        """A check of a chip that is not eager: whether nothing has changed, as nearly always.

        It costs less than look(), which goes on where this says False. Raises BusClosed.
        """
        try:
            return self._quiet()
        except BusClosed:
            raise
        except HardwareError:
            return False  # look() meets it, too, and says what it is

    def _quiet(self) -> bool:
        return False

    def _start_repair(self, what: str) -> list[PortEvent]:
        """The chip must be set up again; done in small steps over the next beats."""
        return self._fail(sentence("%(place)s: %(what)s", place=self.place, what=what))

    def _fail(self, what: str) -> list[PortEvent]:
        """Let the repair come when it is due."""
        now = self._beats.now
        if self._working and now - self._ready_at >= STEADY_PERIODS:
            self._failures = 0
        self._step_at = now + RETRY_PERIODS[min(self._failures, len(RETRY_PERIODS) - 1)]
        self._failures += 1
        self.machine.event(RepairEvent.FAULT)
        if what == self._reported:
            return []
        self._reported = what
        if what != self._refused:
            self._refused = ""
        log.warning("%s", what)
        return [PortFault(what)]

    def _go_on_with_set_up(self) -> list[PortEvent]:
        if self._beats.now < self._step_at:
            return []
        if self.machine.state is RepairState.BROKEN:
            if self._beats.repairs >= REPAIRS_AT_ONCE or (self._reset and self._reset.busy):
                return []
            self.machine.event(RepairEvent.RETRY)
        self._looped = False
        if self._steps is None:
            self._steps = self.power_up()
        periods = next(self._steps, None)
        if periods is not None:
            self._step_at = self._beats.now + periods
            return []
        self.machine.event(RepairEvent.READY)
        return [PortRecovered()]

    # Actions.

    def _start_again(self) -> None:
        self._beats.repairs += 1
        if self._silent and self._reset is not None and self._reset.free_for(self):
            self._steps = self._through_reset(self._reset)
        else:
            self._steps = self._again()

    def _through_reset(self, line: ResetLine) -> Steps:
        yield from pulse((line,))
        yield from self._again()

    def _repair_failed(self) -> None:
        self._beats.repairs -= 1

    def _started(self) -> None:
        self._ready_at = self._beats.now

    def _put_back(self) -> None:
        self._beats.repairs -= 1
        self._ready_at = self._beats.now
        self._reported = self._refused
        self._restore()
        if not self._refused:
            log.info("%s: works again", self.place)

    def loop_back(self, on: bool) -> None:
        """Send what is played in this line's slot straight back in it, or stop doing so.

        Forgotten when the chip is set up. Raises BusClosed.
        """
        self._looped = on
        if self._working:
            self._put_loop(on)

    def _put_loop(self, on: bool) -> None:
        """Switch the chip's digital loopback. Raises HardwareError for a part without one."""
        raise HardwareError(f"{self.place}: cannot loop its slot back")

    def refuse(self, what: str) -> list[PortEvent]:
        """The slot of a chip that works was not proved; it is set up again, and told once."""
        self._refused = what
        return self._fail(what)

    def accept(self) -> None:
        """The slot was proved: the next fault is told, whatever it is."""
        self._refused = self._reported = ""

    @abstractmethod
    def power_up(self) -> Steps:
        """Bring the chip from reset to ready. Raises HardwareError naming what failed."""

    @abstractmethod
    def _again(self) -> Steps:
        """The sequence after a fault, from whatever state the chip is in."""

    @abstractmethod
    def _restore(self) -> None:
        """After a repair: put on the line what was there before."""

    @abstractmethod
    def _debouncing(self) -> bool:
        """Something is being debounced."""

    @abstractmethod
    def _look(self, asked: bool) -> list[PortEvent]:
        """Read the chip. Raises HardwareError when it cannot do its work."""


REPAIR_ACTIONS = Actions[ChipPort, RepairState, RepairEvent](
    REPAIR,
    {
        RepairEvent.RETRY: ChipPort._start_again,
        (RepairState.STARTING, RepairEvent.READY): ChipPort._started,
        RepairEvent.READY: ChipPort._put_back,
        (RepairState.REPAIRING, RepairEvent.FAULT): ChipPort._repair_failed,
    },
)
