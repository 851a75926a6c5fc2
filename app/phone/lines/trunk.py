"""An outside line: its state table, supervision and caller ID.

Loop start [GR-506]: the exchange rings, the line is seized by closing the loop, and an open loop of
the exchange (CPC, OSI) means that the far end has hung up. Caller ID comes between the first two
bursts [GR-30; ETSI EN 300 659-1].
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Literal

from app.core.fsm import Actions, Machine, Row, Table
from app.core.timers import TimerQueue
from app.phone.calls.line import Caller
from app.phone.lines import caller_id, line_events
from app.phone.lines.line_events import LineEvent
from app.phone.sound.mixer import Channel
from app.phone.timers import CPC, RELEASE_GUARD, RING_GAP
from drivers.countries.base import Modem
from drivers.ports import (
    BatteryChanged,
    PolarityReversed,
    PortEvent,
    PortFault,
    PortRecovered,
    RingBurst,
    TrunkPort,
)


class TrunkState(StrEnum):
    """States of a trunk line."""

    DOWN = "down"
    DEAD = "dead"
    IDLE = "idle"
    RINGING = "ringing"
    BETWEEN_BURSTS = "between bursts"
    SEIZED = "seized"
    NO_BATTERY = "no battery"
    RELEASE_GUARD = "release guard"


class TrunkEvent(StrEnum):
    """Events of a trunk line."""

    READY = "ready"
    FAULT = "fault"
    RING_ON = "ring on"
    RING_OFF = "ring off"
    RINGING_STOPPED = "ringing stopped"
    SEIZE = "seize"
    RELEASE = "release"
    BATTERY_LOST = "battery lost"
    BATTERY_BACK = "battery back"
    FAR_END_GONE = "far end gone"
    GUARD_OVER = "guard over"
    POLARITY = "polarity"


_QUIET = frozenset(
    {TrunkEvent.RING_OFF, TrunkEvent.BATTERY_BACK, TrunkEvent.POLARITY, TrunkEvent.RELEASE}
)

TRUNK: Table[TrunkState, TrunkEvent] = Table(
    "trunk",
    {
        TrunkState.DOWN: Row(
            {TrunkEvent.READY: TrunkState.IDLE},
            stay=frozenset(TrunkEvent) - {TrunkEvent.READY, TrunkEvent.SEIZE},
            meaning="The port has not been powered up, or has failed.",
        ),
        TrunkState.DEAD: Row(
            {TrunkEvent.BATTERY_BACK: TrunkState.IDLE, TrunkEvent.FAULT: TrunkState.DOWN},
            stay=frozenset(
                {
                    TrunkEvent.BATTERY_LOST,
                    TrunkEvent.RING_ON,
                    TrunkEvent.RING_OFF,
                    TrunkEvent.POLARITY,
                    TrunkEvent.RELEASE,
                }
            ),
            meaning="No battery: nothing is plugged in.",
        ),
        TrunkState.IDLE: Row(
            {
                TrunkEvent.RING_ON: TrunkState.RINGING,
                TrunkEvent.SEIZE: TrunkState.SEIZED,
                TrunkEvent.BATTERY_LOST: TrunkState.DEAD,
                TrunkEvent.FAULT: TrunkState.DOWN,
            },
            stay=_QUIET,
            meaning="Waits for a call.",
        ),
        TrunkState.RINGING: Row(
            {
                TrunkEvent.RING_OFF: TrunkState.BETWEEN_BURSTS,
                TrunkEvent.RINGING_STOPPED: TrunkState.IDLE,
                TrunkEvent.SEIZE: TrunkState.SEIZED,
                TrunkEvent.BATTERY_LOST: TrunkState.DEAD,
                TrunkEvent.FAULT: TrunkState.DOWN,
            },
            stay=_QUIET - {TrunkEvent.RING_OFF} | {TrunkEvent.RING_ON},
            timer=RING_GAP,
            due=TrunkEvent.RINGING_STOPPED,
            meaning="A burst of ringing is under way: there is a caller at this very moment.",
        ),
        TrunkState.BETWEEN_BURSTS: Row(
            {
                TrunkEvent.RING_ON: TrunkState.RINGING,
                TrunkEvent.RINGING_STOPPED: TrunkState.IDLE,
                TrunkEvent.SEIZE: TrunkState.SEIZED,
                TrunkEvent.BATTERY_LOST: TrunkState.DEAD,
                TrunkEvent.FAULT: TrunkState.DOWN,
            },
            stay=_QUIET,
            timer=RING_GAP,
            due=TrunkEvent.RINGING_STOPPED,
            meaning="Between two bursts, where caller ID comes; the caller may have given up.",
        ),
        TrunkState.SEIZED: Row(
            {
                TrunkEvent.RELEASE: TrunkState.RELEASE_GUARD,
                TrunkEvent.BATTERY_LOST: TrunkState.NO_BATTERY,
                TrunkEvent.FAULT: TrunkState.DOWN,
            },
            stay=_QUIET - {TrunkEvent.RELEASE} | {TrunkEvent.RING_ON},
            meaning="The loop is closed: a call is up.",
        ),
        TrunkState.NO_BATTERY: Row(
            {
                TrunkEvent.BATTERY_BACK: TrunkState.SEIZED,
                TrunkEvent.FAR_END_GONE: TrunkState.RELEASE_GUARD,
                TrunkEvent.RELEASE: TrunkState.RELEASE_GUARD,
                TrunkEvent.FAULT: TrunkState.DOWN,
            },
            stay=frozenset(
                {
                    TrunkEvent.RING_ON,
                    TrunkEvent.RING_OFF,
                    TrunkEvent.POLARITY,
                    TrunkEvent.BATTERY_LOST,
                }
            ),
            timer=CPC,
            due=TrunkEvent.FAR_END_GONE,
            meaning="Seized, and the far end may be hanging up (CPC).",
        ),
        TrunkState.RELEASE_GUARD: Row(
            {TrunkEvent.GUARD_OVER: TrunkState.IDLE, TrunkEvent.FAULT: TrunkState.DOWN},
            stay=_QUIET | {TrunkEvent.RING_ON, TrunkEvent.BATTERY_LOST},
            timer=RELEASE_GUARD,
            due=TrunkEvent.GUARD_OVER,
            meaning="Just released; what the voltage does now means nothing.",
        ),
    },
)

BATTERY_VOLTS = 3
"""Less is no battery [DAHDI]."""

_WITH_CALLER = (
    TrunkState.RINGING,
    TrunkState.BETWEEN_BURSTS,
    TrunkState.SEIZED,
    TrunkState.NO_BATTERY,
)
NO_VOLTAGE = "no line voltage: is it plugged in?"


class TrunkLine:
    """One outside line; `report(line, event)` is given what its far end does."""

    kind: Literal["trunk"] = "trunk"

    def __init__(
        self,
        port: TrunkPort,
        channel: Channel,
        queue: TimerQueue,
        report: Callable[["TrunkLine", LineEvent], None],
        modem: Modem = Modem.BELL_202,
    ) -> None:
        self.name = port.name
        self.channel = channel
        self.caller = Caller()
        self.fault = "not powered up"
        self._port, self._report, self._modem = port, report, modem
        self.machine = Machine(TRUNK_ACTIONS, self, self.name, queue)

    @property
    def ringing(self) -> bool:
        """Whether a burst of ringing is under way: there is a caller at this very moment."""
        return self.machine.state is TrunkState.RINGING

    def ready(self) -> None:
        """The port has been powered up."""
        self.machine.event(TrunkEvent.READY)

    def port_event(self, event: PortEvent) -> None:
        """Handle what the driver reports."""
        if isinstance(event, RingBurst):
            self.machine.event(TrunkEvent.RING_ON if event.on else TrunkEvent.RING_OFF)
        elif isinstance(event, BatteryChanged):
            self.machine.event(
                TrunkEvent.BATTERY_BACK if event.present else TrunkEvent.BATTERY_LOST
            )
        elif isinstance(event, PolarityReversed):
            self.machine.event(TrunkEvent.POLARITY)
        elif isinstance(event, PortFault):
            self.fault = event.what
            self.machine.event(TrunkEvent.FAULT)
        elif isinstance(event, PortRecovered):
            self.ready()

    def seize(self) -> bool:
        """Close the loop, to answer or to call; False if the line is in no state for that."""
        return self.machine.event(TrunkEvent.SEIZE)

    def release(self) -> None:
        """Hang up."""
        self.machine.event(TrunkEvent.RELEASE)

    def digits_wanted(self, wanted: bool) -> None:
        """Whether the far end's digits are reported."""
        self.channel.listen(self._digit if wanted else None)

    def _digit(self, digit: str) -> None:
        self._report(self, line_events.Digit(digit))

    def _message(self, message: bytes) -> None:
        caller = caller_id.parse(message)
        if caller is not None:
            self.caller = caller
            self._report(self, line_events.CallerKnown(caller))

    # Actions.

    def _quiet(self) -> None:
        self.fault = ""
        self.channel.quiet()

    def _first_burst(self) -> None:
        self.caller = Caller()
        self._report(self, line_events.Ringing())

    def _burst_over(self) -> None:
        # Data can only come between bursts; a burst would only confuse the modem.
        self.channel.receive(self._message, self._modem)

    def _further_burst(self) -> None:
        self.channel.receive(None)
        self._report(self, line_events.RingsOn())

    def _seize(self) -> None:
        self.channel.receive(None)
        self._port.seize()

    def _release(self) -> None:
        self.channel.quiet()
        self._port.release()

    def _caller_gone(self) -> None:
        # Before quiet(): a recording has an end to write.
        self._report(self, line_events.CallerGone())
        self.channel.quiet()

    def _far_end_gone(self) -> None:
        self._caller_gone()
        self._port.release()

    def _unplugged(self) -> None:
        self.channel.quiet()
        self.fault = NO_VOLTAGE

    def _unplugged_while_ringing(self) -> None:
        self._caller_gone()
        self.fault = NO_VOLTAGE

    def _fail(self) -> None:
        self.channel.quiet()

    def _check_voltage(self) -> None:
        if abs(self._port.line_voltage()) < BATTERY_VOLTS:
            # Unplugged during the call: no further event will come.
            self.machine.event(TrunkEvent.BATTERY_LOST)


TRUNK_ACTIONS = Actions[TrunkLine, TrunkState, TrunkEvent](
    TRUNK,
    {
        TrunkEvent.READY: TrunkLine._quiet,
        (TrunkState.DEAD, TrunkEvent.BATTERY_BACK): TrunkLine._quiet,
        TrunkEvent.RING_ON: TrunkLine._first_burst,
        TrunkEvent.RING_OFF: TrunkLine._burst_over,
        (TrunkState.BETWEEN_BURSTS, TrunkEvent.RING_ON): TrunkLine._further_burst,
        TrunkEvent.RINGING_STOPPED: TrunkLine._caller_gone,
        TrunkEvent.SEIZE: TrunkLine._seize,
        TrunkEvent.RELEASE: TrunkLine._release,
        TrunkEvent.FAR_END_GONE: TrunkLine._far_end_gone,
        (TrunkState.IDLE, TrunkEvent.BATTERY_LOST): TrunkLine._unplugged,
        (TrunkState.RINGING, TrunkEvent.BATTERY_LOST): TrunkLine._unplugged_while_ringing,
        (TrunkState.BETWEEN_BURSTS, TrunkEvent.BATTERY_LOST): TrunkLine._unplugged_while_ringing,
        TrunkEvent.GUARD_OVER: TrunkLine._check_voltage,
        **{(state, TrunkEvent.FAULT): TrunkLine._caller_gone for state in _WITH_CALLER},
        TrunkEvent.FAULT: TrunkLine._fail,
    },
)
