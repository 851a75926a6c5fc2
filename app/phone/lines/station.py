"""A handset's line: its state table, its hook, its ringing and its lamp."""

from collections.abc import Callable
from enum import StrEnum
from typing import Literal

from app.core.fsm import Machine, Row, Table
from app.core.timers import TimerQueue
from app.phone.calls.line import Caller
from app.phone.lines import line_events
from app.phone.lines.hook import Break, judge, pulsed_digit
from app.phone.lines.line_events import Fact
from app.phone.lines.message_waiting import MessageWaiting
from app.phone.lines.ringer import Ringer
from app.phone.sound.mixer import Channel
from app.phone.sound.sounds import Tone
from app.phone.sound.tones import HOWLER as HOWLER_TONE
from app.phone.sound.tones import TonePlan
from app.phone.timers import BUSY_TONE, HANG_UP, HOWLER, PULSE_END
from drivers.ports import Feed, HookChanged, PortEvent, PortFault, PortRecovered, StationPort


class St(StrEnum):
    """States of a station line."""

    DOWN = "down"
    ON_HOOK = "on hook"
    RINGING = "ringing"
    OFF_HOOK = "off hook"
    LOWERED = "lowered"
    PULSING = "pulsing"
    DISMISSED = "dismissed"
    HOWLING = "howling"
    SILENT = "silent"


class Ev(StrEnum):
    """Events of a station line."""

    READY = "ready"
    FAULT = "fault"
    LIFT = "lift"
    LOWER = "lower"
    PULSE = "pulse"
    FLASH = "flash"
    BLIP = "blip"
    DIGIT_DONE = "digit done"
    HANG_UP_DUE = "hang-up due"
    RING = "ring"
    STOP = "stop"
    DISMISS = "dismiss"
    HOWL = "howl"
    GIVE_UP = "give up"


_TO_REST = {Ev.LOWER: St.ON_HOOK, Ev.FAULT: St.DOWN}

# LOWERED: on hook, but not long enough to know what it is. DISMISSED to SILENT: the call is over
# and the handset still off hook; busy tone, then howler, then nothing.
STATION: Table[St, Ev] = Table(
    "station",
    {
        St.DOWN: Row(
            {Ev.READY: St.ON_HOOK},
            stay=frozenset({Ev.FAULT, Ev.LIFT, Ev.LOWER, Ev.STOP, Ev.DISMISS}),
        ),
        St.ON_HOOK: Row(
            {Ev.LIFT: St.OFF_HOOK, Ev.RING: St.RINGING, Ev.FAULT: St.DOWN},
            stay=frozenset({Ev.LOWER, Ev.STOP, Ev.DISMISS}),
        ),
        St.RINGING: Row(
            {Ev.LIFT: St.OFF_HOOK, Ev.STOP: St.ON_HOOK, Ev.FAULT: St.DOWN},
            stay=frozenset({Ev.LOWER}),
        ),
        St.OFF_HOOK: Row(
            {Ev.LOWER: St.LOWERED, Ev.DISMISS: St.DISMISSED, Ev.FAULT: St.DOWN},
            stay=frozenset({Ev.STOP}),
        ),
        St.LOWERED: Row(
            {
                Ev.PULSE: St.PULSING,
                Ev.FLASH: St.OFF_HOOK,
                Ev.BLIP: St.OFF_HOOK,
                Ev.DISMISS: St.ON_HOOK,
                Ev.HANG_UP_DUE: St.ON_HOOK,
                Ev.FAULT: St.DOWN,
            },
            timer=HANG_UP,
            due=Ev.HANG_UP_DUE,
        ),
        St.PULSING: Row(
            {
                Ev.LOWER: St.LOWERED,
                Ev.DIGIT_DONE: St.OFF_HOOK,
                Ev.DISMISS: St.DISMISSED,
                Ev.FAULT: St.DOWN,
            },
            timer=PULSE_END,
            due=Ev.DIGIT_DONE,
        ),
        St.DISMISSED: Row({**_TO_REST, Ev.HOWL: St.HOWLING}, timer=BUSY_TONE, due=Ev.HOWL),
        St.HOWLING: Row({**_TO_REST, Ev.GIVE_UP: St.SILENT}, timer=HOWLER, due=Ev.GIVE_UP),
        St.SILENT: Row(dict(_TO_REST)),
    },
)

_IN_CALL = (St.OFF_HOOK, St.LOWERED, St.PULSING)


class StationLine:
    """One handset; `told(line, fact)` hears what the person with the handset does."""

    kind: Literal["station"] = "station"

    def __init__(
        self,
        port: StationPort,
        channel: Channel,
        queue: TimerQueue,
        plan: TonePlan,
        told: Callable[["StationLine", Fact], None],
        date: Callable[[], str],
    ) -> None:
        self.name = port.name
        self.channel = channel
        self.plan = plan
        self.caller = Caller(number=port.name)
        self._waiting = False
        self.fault = "not powered up"
        self._port, self._queue, self._told = port, queue, told
        self._lamp = MessageWaiting(port, channel, queue)
        self._ringer = Ringer(port, channel, queue, plan.ring_ms, date)
        self._rung_by = Caller()
        self._lowered_at = 0
        self._pulses = 0
        self._farewell: Tone = plan.busy
        self.machine = Machine(STATION, self.name, St.DOWN, queue, self._moved)

    @property
    def message_waiting(self) -> bool:
        """Whether the owner has unheard voicemail: dial tone stutters, the lamp is lit."""
        return self._waiting

    @message_waiting.setter
    def message_waiting(self, waiting: bool) -> None:
        """Told by the clerk through Switch.message_waiting."""
        self._waiting = waiting
        self._lamp.set(waiting)

    @property
    def idle(self) -> bool:
        """Whether it can be rung."""
        return self.machine.state is St.ON_HOOK

    def ready(self) -> None:
        """The port has been powered up."""
        self.machine.event(Ev.READY)
        if self._port.off_hook:
            self.machine.event(Ev.LIFT)

    def port_event(self, event: PortEvent) -> None:
        """What the driver saw."""
        if isinstance(event, HookChanged):
            self.machine.event(self._lift() if event.off_hook else Ev.LOWER)
        elif isinstance(event, PortFault):
            self.fault = event.what
            self.machine.event(Ev.FAULT)
        elif isinstance(event, PortRecovered):
            self.ready()

    def ring(self, caller: Caller) -> bool:
        """Ring it, showing this caller; False if it is not idle."""
        if not self.idle:
            return False
        self._rung_by = caller
        return self.machine.event(Ev.RING)

    def show(self, caller: Caller) -> None:
        """The caller has become known while it rings."""
        if self.machine.state is St.RINGING:
            self._ringer.caller_known(caller)

    def stop_ringing(self) -> None:
        """Nobody wants it any more."""
        self.machine.event(Ev.STOP)

    def dismiss(self, tone: Tone | None = None) -> None:
        """The call is over: this tone (busy), then howler, then silence, until it is put down."""
        self._farewell = tone or self.plan.busy
        self.machine.event(Ev.DISMISS)

    def dial_tone(self) -> Tone:
        """What the owner hears on lifting."""
        return self.plan.stutter if self.message_waiting else self.plan.dial

    def digits_wanted(self, wanted: bool, dial_tone: bool = False) -> None:
        """Whether dialled digits are told; `dial_tone`: it is being played."""
        self.channel.listen(self._digit if wanted else None, dial_tone)

    def _lift(self) -> Ev:
        if self.machine.state is not St.LOWERED:
            return Ev.LIFT
        return {Break.PULSE: Ev.PULSE, Break.FLASH: Ev.FLASH, Break.NEITHER: Ev.BLIP}[
            judge(self._queue.now - self._lowered_at)
        ]

    def _digit(self, digit: str) -> None:
        self._told(self, line_events.Digit(digit))

    def _moved(self, old: St, event: Ev, new: St) -> None:
        if old is St.RINGING:
            self._ringer.stop()
        if old is St.ON_HOOK:
            self._lamp.busy()
        if new in (St.ON_HOOK, St.DOWN) and old in _IN_CALL:
            self._told(
                self, line_events.HungUp()
            )  # before quiet(): a recording has an end to write
        if new is St.DOWN:
            self.channel.quiet()
        else:
            self.fault = ""
        action = _ACTIONS.get((old, event)) or _ACTIONS.get(new)
        if action is not None:
            action(self)

    def _ring(self) -> None:
        self._ringer.start(self._rung_by)

    def _came_off_hook(self) -> None:
        self._pulses = 0
        self._told(self, line_events.OffHook())

    def _lower(self) -> None:
        self._lowered_at = self._queue.now

    def _pulse(self) -> None:
        self._pulses += 1

    def _digit_done(self) -> None:
        digit, self._pulses = pulsed_digit(self._pulses), 0
        if digit:
            self._digit(digit)

    def _flash(self) -> None:
        self._pulses = 0
        self._told(self, line_events.Flash())

    def _blip(self) -> None:
        self._pulses = 0

    def _rest(self) -> None:
        self.channel.quiet()
        self._port.feed(Feed.ACTIVE)
        self._lamp.rest()

    def _say_farewell(self) -> None:
        self.channel.quiet()
        self.channel.tone(self._farewell)

    def _howl(self) -> None:
        self.channel.tone(HOWLER_TONE)

    def _fall_silent(self) -> None:
        self.channel.tone(None)


_ACTIONS: dict[St | tuple[St, Ev], Callable[[StationLine], None]] = {
    St.ON_HOOK: StationLine._rest,
    (St.ON_HOOK, Ev.LIFT): StationLine._came_off_hook,
    (St.RINGING, Ev.LIFT): StationLine._came_off_hook,
    St.RINGING: StationLine._ring,
    St.LOWERED: StationLine._lower,
    (St.LOWERED, Ev.PULSE): StationLine._pulse,
    (St.LOWERED, Ev.FLASH): StationLine._flash,
    (St.LOWERED, Ev.BLIP): StationLine._blip,
    (St.PULSING, Ev.DIGIT_DONE): StationLine._digit_done,
    St.DISMISSED: StationLine._say_farewell,
    St.HOWLING: StationLine._howl,
    St.SILENT: StationLine._fall_silent,
}
