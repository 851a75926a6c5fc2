"""An outside line: its state table, supervision and caller ID."""

from collections.abc import Callable
from enum import StrEnum
from typing import Literal

from app.core.fsm import Machine, Row, Table
from app.core.timers import TimerQueue
from app.phone.calls.line import Caller
from app.phone.lines import caller_id, line_events
from app.phone.lines.line_events import Fact
from app.phone.sound.mixer import Channel
from app.phone.timers import CPC, RING_GAP, SETTLE
from drivers.ports import (
    BatteryChanged,
    PolarityReversed,
    PortEvent,
    PortFault,
    PortRecovered,
    RingBurst,
    TrunkPort,
)


class St(StrEnum):
    """States of a trunk line."""

    DOWN = "down"
    DEAD = "dead"
    IDLE = "idle"
    RINGING = "ringing"
    PAUSING = "between bursts"
    SEIZED = "seized"
    NO_BATTERY = "no battery"
    SETTLING = "settling"


class Ev(StrEnum):
    """Events of a trunk line."""

    READY = "ready"
    FAULT = "fault"
    RING_ON = "ring on"
    RING_OFF = "ring off"
    GAP = "gap"
    SEIZE = "seize"
    RELEASE = "release"
    BATTERY_LOST = "battery lost"
    BATTERY_BACK = "battery back"
    FAR_END_GONE = "far end gone"
    SETTLED = "settled"
    POLARITY = "polarity"


_QUIET = frozenset({Ev.RING_OFF, Ev.BATTERY_BACK, Ev.POLARITY, Ev.RELEASE})

# DEAD: nothing plugged in. NO_BATTERY: seized, and the far end may be hanging up (CPC).
# SETTLING: just released; what the voltage does now means nothing.
TRUNK: Table[St, Ev] = Table(
    "trunk",
    {
        St.DOWN: Row({Ev.READY: St.IDLE}, stay=frozenset(Ev) - {Ev.READY, Ev.SEIZE}),
        St.DEAD: Row(
            {Ev.BATTERY_BACK: St.IDLE, Ev.FAULT: St.DOWN},
            stay=frozenset({Ev.BATTERY_LOST, Ev.RING_ON, Ev.RING_OFF, Ev.POLARITY, Ev.RELEASE}),
        ),
        St.IDLE: Row(
            {
                Ev.RING_ON: St.RINGING,
                Ev.SEIZE: St.SEIZED,
                Ev.BATTERY_LOST: St.DEAD,
                Ev.FAULT: St.DOWN,
            },
            stay=_QUIET,
        ),
        St.RINGING: Row(
            {
                Ev.RING_OFF: St.PAUSING,
                Ev.GAP: St.IDLE,
                Ev.SEIZE: St.SEIZED,
                Ev.BATTERY_LOST: St.DEAD,
                Ev.FAULT: St.DOWN,
            },
            stay=_QUIET - {Ev.RING_OFF} | {Ev.RING_ON},
            timer=RING_GAP,
            due=Ev.GAP,
        ),
        St.PAUSING: Row(
            {
                Ev.RING_ON: St.RINGING,
                Ev.GAP: St.IDLE,
                Ev.SEIZE: St.SEIZED,
                Ev.BATTERY_LOST: St.DEAD,
                Ev.FAULT: St.DOWN,
            },
            stay=_QUIET,
            timer=RING_GAP,
            due=Ev.GAP,
        ),
        St.SEIZED: Row(
            {Ev.RELEASE: St.SETTLING, Ev.BATTERY_LOST: St.NO_BATTERY, Ev.FAULT: St.DOWN},
            stay=_QUIET - {Ev.RELEASE} | {Ev.RING_ON},
        ),
        St.NO_BATTERY: Row(
            {
                Ev.BATTERY_BACK: St.SEIZED,
                Ev.FAR_END_GONE: St.SETTLING,
                Ev.RELEASE: St.SETTLING,
                Ev.FAULT: St.DOWN,
            },
            stay=frozenset({Ev.RING_ON, Ev.RING_OFF, Ev.POLARITY, Ev.BATTERY_LOST}),
            timer=CPC,
            due=Ev.FAR_END_GONE,
        ),
        St.SETTLING: Row(
            {Ev.SETTLED: St.IDLE, Ev.FAULT: St.DOWN},
            stay=_QUIET | {Ev.RING_ON, Ev.BATTERY_LOST},
            timer=SETTLE,
            due=Ev.SETTLED,
        ),
    },
)

BATTERY_VOLTS = 3
"""Less is no battery [DAHDI]."""

_RUNG = (St.RINGING, St.PAUSING)
_WITH_CALLER = (*_RUNG, St.SEIZED, St.NO_BATTERY)


class TrunkLine:
    """One outside line; `told(line, fact)` hears what its far end does."""

    kind: Literal["trunk"] = "trunk"

    def __init__(
        self,
        port: TrunkPort,
        channel: Channel,
        queue: TimerQueue,
        told: Callable[["TrunkLine", Fact], None],
    ) -> None:
        self.name = port.name
        self.channel = channel
        self.caller = Caller()
        self.fault = "not powered up"
        self._port, self._told = port, told
        self.machine = Machine(TRUNK, self.name, St.DOWN, queue, self._moved)

    @property
    def ringing(self) -> bool:
        """Whether a burst of ringing is under way: there is a caller at this very moment."""
        return self.machine.state is St.RINGING

    def ready(self) -> None:
        """The port has been powered up."""
        self.machine.event(Ev.READY)

    def port_event(self, event: PortEvent) -> None:
        """What the driver saw."""
        if isinstance(event, RingBurst):
            self.machine.event(Ev.RING_ON if event.on else Ev.RING_OFF)
        elif isinstance(event, BatteryChanged):
            self.machine.event(Ev.BATTERY_BACK if event.present else Ev.BATTERY_LOST)
        elif isinstance(event, PolarityReversed):
            self.machine.event(Ev.POLARITY)
        elif isinstance(event, PortFault):
            self.fault = event.what
            self.machine.event(Ev.FAULT)
        elif isinstance(event, PortRecovered):
            self.ready()

    def seize(self) -> bool:
        """Answer it, or take it for a call; False if it is in no state for that."""
        return self.machine.event(Ev.SEIZE)

    def release(self) -> None:
        """Hang up."""
        self.machine.event(Ev.RELEASE)

    def digits_wanted(self, wanted: bool) -> None:
        """Whether the far end's digits are told."""
        self.channel.listen(self._digit if wanted else None)

    def _digit(self, digit: str) -> None:
        self._told(self, line_events.Digit(digit))

    def _message(self, message: bytes) -> None:
        caller = caller_id.parse(message)
        if caller is not None:
            self.caller = caller
            self._told(self, line_events.CallerKnown(caller))

    def _moved(self, old: St, event: Ev, new: St) -> None:
        if old in _WITH_CALLER and new not in _WITH_CALLER and event is not Ev.RELEASE:
            self._told(
                self, line_events.CallerGone()
            )  # before quiet(): a recording has an end to write
        if new is not St.DOWN:
            self.fault = "no line voltage: is it plugged in?" if new is St.DEAD else ""
        if new in _RUNG:
            self._ring(old, event)
        elif new is St.SEIZED and event is Ev.SEIZE:
            self.channel.receive(None)
            self._port.seize()
        elif new not in _WITH_CALLER:
            self.channel.quiet()
        if new is St.SETTLING:
            self._port.release()
        elif event is Ev.SETTLED and abs(self._port.line_voltage()) < BATTERY_VOLTS:
            self.machine.event(Ev.BATTERY_LOST)  # unplugged during the call: no further event

    def _ring(self, old: St, event: Ev) -> None:
        # Data can only come between bursts; a burst would only confuse the modem.
        self.channel.receive(self._message if event is Ev.RING_OFF else None)
        if old not in _RUNG:
            self.caller = Caller()
            self._told(self, line_events.Ringing())
        elif event is Ev.RING_ON:
            self._told(self, line_events.RingsOn())
