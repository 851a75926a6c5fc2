"""A handset's line: its state table, its hook, its ringing and its message-waiting lamp.

Loop-start supervision of a station as in GR-506: closed loop is off hook, a break of the loop is a
dial pulse, a flash or a hang-up by its length; receiver-off-hook tone after a call. When the far
end has gone the loop may be opened for a moment (OSI, CPC), by which machines hang up.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Literal

from app.core.fsm import Actions, Machine, Row, Table
from app.core.sentences import sentence
from app.core.timers import Timer, TimerQueue
from app.phone.calls.line import Caller
from app.phone.config import NORTH_AMERICA, Lamps
from app.phone.lines import line_events
from app.phone.lines.display_ring import DisplayRing
from app.phone.lines.hook import Break, classify, pulsed_digit
from app.phone.lines.line_events import LineEvent
from app.phone.lines.line_test import Tests
from app.phone.lines.message_waiting import ALL_LAMPS, MessageWaiting, named
from app.phone.lines.ring_kinds import RingKind
from app.phone.lines.ringer import Ringer
from app.phone.lines.second_caller import SecondCaller
from app.phone.sound.mixer import Channel
from app.phone.sound.sounds import Tone
from app.phone.timers import BUSY_TONE, HANG_UP, HOWLER, LOOP_OPEN, PULSE_END
from drivers.countries import Country
from drivers.countries.base import CallerIdAlert
from drivers.ports import Feed, HookChanged, PortEvent, PortFault, PortRecovered, StationPort


class StationState(StrEnum):
    """States of a station line."""

    DOWN = "down"
    ON_HOOK = "on hook"
    RINGING = "ringing"
    OFF_HOOK = "off hook"
    LOOP_BREAK = "loop break"
    PULSING = "pulsing"
    FAR_END_GONE = "far end gone"
    CALL_OVER = "call over"
    HOWLING = "howling"
    SILENT = "silent"
    UNDER_TEST = "under test"


class StationEvent(StrEnum):
    """Events of a station line."""

    READY = "ready"
    FAULT = "fault"
    LIFT = "lift"
    LOWER = "lower"
    PULSE = "pulse"
    FLASH = "flash"
    UNCLEAR_BREAK = "unclear break"
    DIGIT_DONE = "digit done"
    HANG_UP_DUE = "hang-up due"
    RING = "ring"
    STOP = "stop"
    END_CALL = "end call"
    OPEN_LOOP = "open loop"
    CLOSE_LOOP = "close loop"
    HOWL = "howl"
    GIVE_UP = "give up"
    TEST = "test"
    TEST_OVER = "test over"


_TO_REST = {
    StationEvent.LOWER: StationState.ON_HOOK,
    StationEvent.TEST: StationState.UNDER_TEST,
    StationEvent.FAULT: StationState.DOWN,
}

# CALL_OVER to SILENT: the call is over and the handset still off hook; busy tone, then howler, then
# nothing.
STATION: Table[StationState, StationEvent] = Table(
    "station",
    {
        StationState.DOWN: Row(
            {StationEvent.READY: StationState.ON_HOOK},
            stay=frozenset(
                {
                    StationEvent.FAULT,
                    StationEvent.LIFT,
                    StationEvent.LOWER,
                    StationEvent.STOP,
                    StationEvent.END_CALL,
                }
            ),
            meaning="The port is being set up, or has failed; a port that failed is set up again "
            "for ever.",
        ),
        StationState.ON_HOOK: Row(
            {
                StationEvent.LIFT: StationState.OFF_HOOK,
                StationEvent.RING: StationState.RINGING,
                StationEvent.TEST: StationState.UNDER_TEST,
                StationEvent.FAULT: StationState.DOWN,
            },
            stay=frozenset({StationEvent.LOWER, StationEvent.STOP, StationEvent.END_CALL}),
            meaning="The telephone rests; its lamp may be switched.",
        ),
        StationState.RINGING: Row(
            {
                StationEvent.LIFT: StationState.OFF_HOOK,
                StationEvent.STOP: StationState.ON_HOOK,
                StationEvent.FAULT: StationState.DOWN,
            },
            stay=frozenset({StationEvent.LOWER}),
            meaning="It is rung; see Ringer.",
        ),
        StationState.OFF_HOOK: Row(
            {
                StationEvent.LOWER: StationState.LOOP_BREAK,
                StationEvent.END_CALL: StationState.CALL_OVER,
                StationEvent.OPEN_LOOP: StationState.FAR_END_GONE,
                StationEvent.FAULT: StationState.DOWN,
            },
            stay=frozenset({StationEvent.STOP}),
            meaning="Somebody listens, dials or talks.",
        ),
        StationState.LOOP_BREAK: Row(
            {
                StationEvent.PULSE: StationState.PULSING,
                StationEvent.FLASH: StationState.OFF_HOOK,
                StationEvent.UNCLEAR_BREAK: StationState.OFF_HOOK,
                StationEvent.END_CALL: StationState.ON_HOOK,
                StationEvent.HANG_UP_DUE: StationState.ON_HOOK,
                StationEvent.FAULT: StationState.DOWN,
            },
            timer=HANG_UP,
            due=StationEvent.HANG_UP_DUE,
            meaning="On hook, but not long enough to know what it is.",
        ),
        StationState.PULSING: Row(
            {
                StationEvent.LOWER: StationState.LOOP_BREAK,
                StationEvent.DIGIT_DONE: StationState.OFF_HOOK,
                StationEvent.END_CALL: StationState.CALL_OVER,
                StationEvent.OPEN_LOOP: StationState.FAR_END_GONE,
                StationEvent.FAULT: StationState.DOWN,
            },
            timer=PULSE_END,
            due=StationEvent.DIGIT_DONE,
            meaning="Pulses of one digit have been counted; more may follow.",
        ),
        StationState.FAR_END_GONE: Row(
            {
                StationEvent.CLOSE_LOOP: StationState.CALL_OVER,
                StationEvent.FAULT: StationState.DOWN,
            },
            stay=frozenset({StationEvent.LIFT, StationEvent.LOWER}),
            timer=LOOP_OPEN,
            due=StationEvent.CLOSE_LOOP,
            meaning="The loop is open, which tells that the far end has gone; what the hook says "
            "meanwhile means nothing.",
        ),
        StationState.CALL_OVER: Row(
            {**_TO_REST, StationEvent.HOWL: StationState.HOWLING},
            timer=BUSY_TONE,
            due=StationEvent.HOWL,
            meaning="The call is over and the handset off hook: busy or reorder tone.",
        ),
        StationState.HOWLING: Row(
            {**_TO_REST, StationEvent.GIVE_UP: StationState.SILENT},
            timer=HOWLER,
            due=StationEvent.GIVE_UP,
            meaning="Receiver-off-hook tone [GR-506].",
        ),
        StationState.SILENT: Row(dict(_TO_REST), meaning="Given up: off hook without any tone."),
        StationState.UNDER_TEST: Row(
            {
                StationEvent.TEST_OVER: StationState.ON_HOOK,
                StationEvent.FAULT: StationState.DOWN,
            },
            stay=frozenset(
                {
                    StationEvent.LIFT,
                    StationEvent.LOWER,
                    StationEvent.STOP,
                    StationEvent.END_CALL,
                }
            ),
            meaning="A technician's test has the line; lifting means nothing to us until it is "
            "over.",
        ),
    },
)

_IN_CALL = (StationState.OFF_HOOK, StationState.LOOP_BREAK, StationState.PULSING)


class StationLine:
    """One handset; `report(line, event)` is given what the person with the handset does."""

    kind: Literal["station"] = "station"

    def __init__(
        self,
        port: StationPort,
        channel: Channel,
        queue: TimerQueue,
        country: Country,
        report: Callable[["StationLine", LineEvent], None],
        date: Callable[[], str],
        lost: Callable[[], int] = lambda: 0,
        lamps: Lamps = ALL_LAMPS,
        distinctive: bool = False,
        loop_break_ms: int = 0,
    ) -> None:
        """`date` is MMDDHHMM for caller ID; `lost` counts periods that came too late; with
        `distinctive` it rings differently for each RingKind; `loop_break_ms` is for how long the
        loop is opened when the far end has gone, 0: not. Raises ValueError for one out of range.
        """
        self.name = port.name
        self.channel = channel
        self.tones = country.tones
        self.caller = Caller(number=port.name)
        self._waiting = False
        self._short_flash = country.code not in NORTH_AMERICA
        self.fault: str = sentence("being set up")
        self._port, self._queue, self._report = port, queue, report
        self._stutters = named(port.name, lamps.stutter)
        self._message_waiting = MessageWaiting(port, channel, queue, country.modem, lost, lamps)
        single = named(port.name, lamps.sdmf)
        self._ringer = Ringer(port, channel, queue, country, date, distinctive, single)
        self._display = None
        service = country.caller_id
        japanese = service is not None and CallerIdAlert.RING_PULSE in service.alerts
        if japanese and named(port.name, lamps.number_display):
            self._display = DisplayRing(port, channel, queue, self._ring_shown, self._held)
        self.second_caller = SecondCaller(port.name, channel, queue, country, date)
        """Shows who calls while the handset talks."""
        self._rung_by, self._rung_for = Caller(), RingKind.OUTSIDE
        self._lowered_at = 0
        self._pulses = 0
        self._end_tone: Tone = self.tones.busy
        self._loop_open = LOOP_OPEN.lasting(loop_break_ms) if loop_break_ms else None
        self.machine = Machine(STATION_ACTIONS, self, self.name, queue, self._length)
        self.tests = Tests(port, self.machine, StationEvent.TEST, StationEvent.TEST_OVER)

    @property
    def message_waiting(self) -> bool:
        """Whether the owner has unheard voicemail: dial tone stutters, the lamp is lit."""
        return self._waiting

    @message_waiting.setter
    def message_waiting(self, waiting: bool) -> None:
        """Set through Pbx.message_waiting."""
        self._waiting = waiting
        self._message_waiting.set(waiting)

    @property
    def idle(self) -> bool:
        """Whether it can be rung."""
        return self.machine.state is StationState.ON_HOOK

    @property
    def working(self) -> bool:
        """Whether its port is up."""
        return self.machine.state is not StationState.DOWN

    def ready(self) -> None:
        """The port is up, for the first time or again."""
        self.machine.event(StationEvent.READY)
        if self._port.off_hook:
            self.machine.event(StationEvent.LIFT)

    def port_event(self, event: PortEvent) -> None:
        """Handle what the driver reports."""
        if isinstance(event, HookChanged):
            if self._display is not None and self._display.takes(event.off_hook):
                return
            self.machine.event(self._lift() if event.off_hook else StationEvent.LOWER)
        elif isinstance(event, PortFault):
            self.fault = event.what
            self.machine.event(StationEvent.FAULT)
        elif isinstance(event, PortRecovered):
            self.ready()

    def ring(self, caller: Caller, kind: RingKind = RingKind.OUTSIDE) -> bool:
        """Ring it, showing this caller; False if it is not idle."""
        if not self.idle:
            return False
        self._rung_by, self._rung_for = caller, kind
        return self.machine.event(StationEvent.RING)

    def show(self, caller: Caller) -> None:
        """The caller has become known while it rings."""
        if self._display is not None and self._display.busy:
            self._rung_by = caller  # shown when it rings, if it is another one by now
            return
        if self.machine.state is StationState.RINGING:
            self._ringer.caller_known(caller)

    def stop_ringing(self) -> None:
        """Stop ringing it."""
        held = self._display is not None and self._display.busy
        self.machine.event(StationEvent.STOP)
        if held and self._port.off_hook:
            self.machine.event(StationEvent.LIFT)

    def end_call(self, tone: Tone | None = None, far_end_gone: bool = False) -> None:
        """The call is over: this tone (busy), then howler, then silence, until it is on hook.

        If the far end has gone the loop is opened before that, where settings have it so.
        """
        self._end_tone = tone or self.tones.busy
        opens = far_end_gone and self._loop_open is not None
        if opens and STATION.accepts(self.machine.state, StationEvent.OPEN_LOOP):
            self.machine.event(StationEvent.OPEN_LOOP)
        else:
            self.machine.event(StationEvent.END_CALL)

    def dial_tone(self) -> Tone:
        """What the owner hears on lifting."""
        waiting = self.message_waiting and self._stutters
        return self.tones.stutter if waiting else self.tones.dial

    def digits_wanted(self, wanted: bool, dial_tone: bool = False) -> None:
        """Whether dialled digits are reported; `dial_tone`: it is being played."""
        self.channel.listen(self._digit if wanted else None, dial_tone)

    def _length(self, timer: Timer) -> int:
        loop_open = timer is LOOP_OPEN and self._loop_open
        return (loop_open or timer).periods

    def _lift(self) -> StationEvent:
        if self.machine.state is not StationState.LOOP_BREAK:
            return StationEvent.LIFT
        return {
            Break.PULSE: StationEvent.PULSE,
            Break.FLASH: StationEvent.FLASH,
            Break.NEITHER: StationEvent.UNCLEAR_BREAK,
        }[classify(self._queue.now - self._lowered_at, self._short_flash)]

    def _digit(self, digit: str) -> None:
        self._report(self, line_events.Digit(digit))

    def _pulsed(self, digit: str) -> None:
        self._report(self, line_events.Digit(digit, pulses=True))

    # Actions.

    def _start(self) -> None:
        self.fault = ""
        self._message_waiting.forget()
        self._rest()

    def _rest(self) -> None:
        self._stop_ringer()
        self.channel.quiet()
        self._port.feed(Feed.ACTIVE)
        self._message_waiting.line_free()
        self._report(self, line_events.AtRest())

    def _ring(self) -> None:
        self._message_waiting.line_taken()
        if self._display is not None and self._rung_by != Caller():
            self._display.start(self._rung_by)
        else:
            self._ringer.start(self._rung_by, self._rung_for)

    def _ring_shown(self, caller: Caller) -> None:
        self._ringer.start(caller, self._rung_for, shown=True)
        self._ringer.caller_known(self._rung_by)

    def _held(self) -> None:
        self.machine.event(StationEvent.LIFT)

    def _stop_ringer(self) -> None:
        if self._display is not None:
            self._display.stop()
        self._ringer.stop()

    def _lifted(self) -> None:
        self._message_waiting.line_taken()
        self._stop_ringer()
        self._pulses = 0
        self._report(self, line_events.OffHook())

    def _lowered(self) -> None:
        self._lowered_at = self._queue.now

    def _count_pulse(self) -> None:
        self._pulses += 1

    def _pulses_end(self) -> None:
        digit, self._pulses = pulsed_digit(self._pulses), 0
        if digit:
            self._pulsed(digit)

    def _flash(self) -> None:
        self._pulses = 0
        self._report(self, line_events.Flash())

    def _forget_pulses(self) -> None:
        self._pulses = 0

    def _hung_up(self) -> None:
        self._report(self, line_events.HungUp())  # before quiet(): a recording has an end to write
        self._rest()

    def _open_loop(self) -> None:
        self.channel.quiet()
        self._port.feed(Feed.OPEN)

    def _close_loop(self) -> None:
        self._port.feed(Feed.ACTIVE)
        self._busy_tone()
        if not self._port.off_hook:
            self.machine.event(StationEvent.LOWER)

    def _busy_tone(self) -> None:
        self.channel.quiet()
        self.channel.tone(self._end_tone)

    def _howl(self) -> None:
        self.channel.tone(self.tones.howler)

    def _fall_silent(self) -> None:
        self.channel.tone(None)

    def _test_begins(self) -> None:
        self._message_waiting.line_taken()
        self.channel.quiet()
        self.channel.exchange(self.tests.link)

    def _test_over(self) -> None:
        self._rest()
        if self._port.off_hook:
            self.machine.event(StationEvent.LIFT)

    def _fail_under_test(self) -> None:
        self._fail()
        self.tests.end(self.fault)

    def _fail(self) -> None:
        self._message_waiting.line_taken()
        self._stop_ringer()
        self.channel.quiet()

    def _fail_while_ringing(self) -> None:
        self._fail()
        self._report(self, line_events.RingingFailed())

    def _fail_in_call(self) -> None:
        self._report(self, line_events.HungUp())  # before quiet(): a recording has an end to write
        self._fail()


STATION_ACTIONS = Actions[StationLine, StationState, StationEvent](
    STATION,
    {
        StationEvent.READY: StationLine._start,
        StationEvent.RING: StationLine._ring,
        StationEvent.STOP: StationLine._rest,
        StationEvent.LIFT: StationLine._lifted,
        (StationState.OFF_HOOK, StationEvent.LOWER): StationLine._lowered,
        (StationState.PULSING, StationEvent.LOWER): StationLine._lowered,
        StationEvent.LOWER: StationLine._rest,
        StationEvent.PULSE: StationLine._count_pulse,
        StationEvent.FLASH: StationLine._flash,
        StationEvent.UNCLEAR_BREAK: StationLine._forget_pulses,
        StationEvent.DIGIT_DONE: StationLine._pulses_end,
        StationEvent.HANG_UP_DUE: StationLine._hung_up,
        (StationState.LOOP_BREAK, StationEvent.END_CALL): StationLine._hung_up,
        StationEvent.END_CALL: StationLine._busy_tone,
        StationEvent.OPEN_LOOP: StationLine._open_loop,
        StationEvent.CLOSE_LOOP: StationLine._close_loop,
        StationEvent.HOWL: StationLine._howl,
        StationEvent.GIVE_UP: StationLine._fall_silent,
        StationEvent.TEST: StationLine._test_begins,
        StationEvent.TEST_OVER: StationLine._test_over,
        (StationState.UNDER_TEST, StationEvent.FAULT): StationLine._fail_under_test,
        **{(state, StationEvent.FAULT): StationLine._fail_in_call for state in _IN_CALL},
        (StationState.RINGING, StationEvent.FAULT): StationLine._fail_while_ringing,
        StationEvent.FAULT: StationLine._fail,
    },
)
