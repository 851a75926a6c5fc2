"""An outside line: its supervision and caller ID; the table is in trunk_states.py.

Loop start [GR-506]: the exchange rings, the line is seized by closing the loop, and an open loop of
the exchange (CPC, OSI), its polarity turned round, or its busy or reorder tone, means that the far
end has hung up. Caller ID comes between the first two bursts [GR-30], in some countries before the
first [ETSI EN 300 659-1]. A call out is dialled by dialler.py; that it was answered is seen where
the network turns the polarity round, and nowhere else.
"""

from collections.abc import Callable
from typing import Literal

from app.core.fsm import Actions, Machine
from app.core.sentences import N_, sentence
from app.core.timers import TimerQueue, periods
from app.phone.calls.line import Caller
from app.phone.lines import line_events
from app.phone.lines.caller_reader import CallerReader
from app.phone.lines.dialler import Dialler
from app.phone.lines.first_answer import FirstAnswer
from app.phone.lines.kept_callers import CallerMemory, NoMemory
from app.phone.lines.line_events import LineEvent
from app.phone.lines.line_test import Tests
from app.phone.lines.trunk_states import TRUNK, TrunkEvent, TrunkState
from app.phone.sound.end_tones import end_tones
from app.phone.sound.mixer import Channel
from app.phone.timers import (
    ANNOUNCED,
    DIAL_TONE_IN_CALL,
    POLARITY_SETTLE,
    SUSPECT_TONE,
)
from drivers.countries.base import CallerIdAlert, Country
from drivers.ports import (
    BatteryChanged,
    PolarityReversed,
    PortEvent,
    PortFault,
    PortRecovered,
    RingBurst,
    TrunkPort,
)

BATTERY_VOLTS = 3
"""Less is no battery [DAHDI]."""

_WITH_CALLER = (
    TrunkState.RINGING,
    TrunkState.BETWEEN_BURSTS,
    TrunkState.SEIZED,
    TrunkState.NO_BATTERY,
)
NO_VOLTAGE = sentence("no line voltage: is it plugged in?")


class TrunkLine:
    """One outside line; `report(line, event)` is given what its far end does."""

    kind: Literal["trunk"] = "trunk"

    def __init__(
        self,
        port: TrunkPort,
        channel: Channel,
        queue: TimerQueue,
        report: Callable[["TrunkLine", LineEvent], None],
        where: Country,
        kept: CallerMemory | None = None,
    ) -> None:
        """`where` is whose network it is; `kept` has callers who rang when the service ended."""
        self.name = port.name
        self.channel = channel
        self.caller = Caller()
        self.fault: str = sentence("being set up")
        self._port, self._report = port, report
        self._queue = queue
        self._end_tones = end_tones(where.tones)
        service = where.caller_id
        self._early = service is not None and service.early
        self._reader = CallerReader(channel, queue, where, self._named)
        self._first = None
        if service is not None and CallerIdAlert.RING_PULSE in service.alerts:
            self._first = FirstAnswer(port, queue, self._reader, self._rings)
        self._announced: tuple[int, Caller] | None = None  # period, and who is about to ring
        self._seized_at = 0  # period
        self._reversals_left = 0  # until the far end has hung up
        self._kept = kept or NoMemory()
        self._dial_tone = where.tones.dial
        self._dialler = Dialler(port.name, port, channel, queue)
        self._flash_periods = periods(where.flash_ms)
        self.ended_by_tone = False
        """Whether the last call ended by the office's busy or reorder tone."""
        self.number_unknown = False
        """Whether the office has said of the last call that its number does not exist."""
        self.machine = Machine(TRUNK_ACTIONS, self, self.name, queue)
        self.tests = Tests(port, self.machine, TrunkEvent.TEST, TrunkEvent.TEST_OVER)

    @property
    def ringing(self) -> bool:
        """Whether a burst of ringing is under way: there is a caller at this very moment."""
        return self.machine.state is TrunkState.RINGING

    @property
    def idle(self) -> bool:
        """Whether it can be called out on; not while a telephone beside us talks on its wires."""
        announced = self._first is not None and self._first.busy
        return self.machine.state is TrunkState.IDLE and not announced and not self._port.taken

    @property
    def in_use(self) -> bool:
        """Whether it rings, is in a call, or was so a moment ago; a dead line is not in use."""
        return self.machine.state not in (TrunkState.DOWN, TrunkState.DEAD, TrunkState.IDLE)

    @property
    def rings_in(self) -> bool:
        """Whether somebody calls in, in a burst or between two."""
        return self.machine.state in (TrunkState.RINGING, TrunkState.BETWEEN_BURSTS)

    @property
    def up(self) -> bool:
        """Whether the loop is closed: its far end is, or was a moment ago, in a call with us."""
        return self.machine.state in (TrunkState.SEIZED, TrunkState.NO_BATTERY)

    @property
    def working(self) -> bool:
        """Whether its port is up."""
        return self.machine.state is not TrunkState.DOWN

    def ready(self) -> None:
        """The port is up, for the first time or again."""
        self.machine.event(TrunkEvent.READY)

    def port_event(self, event: PortEvent) -> None:
        """Handle what the driver reports."""
        at_rest = self.machine.state is TrunkState.IDLE
        if at_rest and self._first is not None and self._first.takes(event):
            return
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

    def call(self, number: str, pulses: bool, dialled: Callable[[], None]) -> bool:
        """Seize the line, which is idle, and dial; False if it is not. `dialled`: all is sent."""
        if not self.idle or not self.seize():
            return False
        self.caller = Caller(number)

        def sent() -> None:
            self._watch_for_dial_tone()
            self.channel.listen_for_information(self._no_number)
            dialled()

        self._dialler.dial(number, self._dial_tone.hz, pulses, sent)
        return True

    @property
    def dial_tone_sounds(self) -> bool:
        """Whether the office gives dial tone in a call: nobody is at the far end any more."""
        return self.channel.dial_tone_periods >= SUSPECT_TONE.periods

    def flash(self) -> bool:
        """Open the loop for a moment: the exchange offers a service. False if no call is up.

        From then on tones of the exchange mean something to who listens, and end nothing.
        """
        if self.machine.state is not TrunkState.SEIZED:
            return False
        self._reversals_left = 2  # the first may mean that a second party has answered
        self.channel.watch(None)
        if not self._dial_tone.cadence_ms:
            self.channel.watch_dial_tone(self._dial_tone.hz, SUSPECT_TONE.periods, lambda: None)
        self._port.flash(self._flash_periods)
        return True

    def release(self) -> None:
        """Hang up."""
        self.machine.event(TrunkEvent.RELEASE)

    def digits_wanted(self, wanted: bool) -> None:
        """Whether the far end's digits are reported."""
        self.channel.listen(self._digit if wanted else None)

    def _digit(self, digit: str) -> None:
        self._report(self, line_events.Digit(digit))

    def _named(self, caller: Caller) -> None:
        if self.machine.state in (TrunkState.IDLE, TrunkState.RELEASE_GUARD):
            self._announced = self._queue.now, caller
            if self._first is not None:
                self._first.named(caller)
        else:
            self.caller = caller
            self._kept.keep(self.name, caller)
            self._report(self, line_events.CallerKnown(caller))

    def _rings(self) -> None:
        self.machine.event(TrunkEvent.RING_ON)

    # Actions.

    def _start(self) -> None:
        self._port.release()  # a call that was up when the port failed is over
        self._quiet()

    def _quiet(self) -> None:
        self.fault = ""
        self._rest()

    def _rest(self) -> None:
        """Nothing goes on; where callers are named before the first burst they are listened for.

        That may be as soon as the line is free: the next caller may be waiting already.
        """
        self.channel.quiet()
        if self._early and self._first is None:
            self._reader.begin()

    def _first_burst(self) -> None:
        # After a restart, or a repair, this may be a further burst of a caller who was known.
        self.caller = self._kept.take(self.name) or self._take_announced() or Caller()
        self._reader.end()
        self._report(self, line_events.Ringing())
        self._keep_caller()

    def _take_announced(self) -> Caller | None:
        """Who was named a moment ago; what is older belongs to nobody who rings now."""
        announced, self._announced = self._announced, None
        if announced is None or self._queue.now - announced[0] > ANNOUNCED.periods:
            return None
        return announced[1]

    def _burst_over(self) -> None:
        # Data can only come between bursts; a burst would only confuse the modem.
        self._reader.begin()

    def _keep_caller(self) -> None:
        if self.caller != Caller():
            self._kept.keep(self.name, self.caller)

    def _further_burst(self) -> None:
        self._keep_caller()
        self._reader.end()
        self._report(self, line_events.RingsOn())

    def _answer(self) -> None:
        self._reversals_left = 1
        self._seize()
        self._watch_for_dial_tone()

    def _call_out(self) -> None:
        self._reversals_left = 2  # the first means that the far end has answered
        self._seize()

    def _reversed(self) -> None:
        if self._queue.now - self._seized_at >= POLARITY_SETTLE.periods:
            self._reversals_left -= 1
            if self._reversals_left:
                self.channel.listen_for_information(None)
                self._report(self, line_events.FarAnswered())
            else:
                self.machine.event(TrunkEvent.FAR_END_GONE)

    def _watch_for_dial_tone(self) -> None:
        """A dial tone with a beat of its own is left out: no part of it is long enough."""
        if not self._dial_tone.cadence_ms:
            periods = DIAL_TONE_IN_CALL.periods
            self.channel.watch_dial_tone(self._dial_tone.hz, periods, self._end_tone_heard)

    def _end_tone_heard(self) -> None:
        self.ended_by_tone = True
        self.machine.event(TrunkEvent.FAR_END_GONE)

    def _no_number(self) -> None:
        """What follows, an announcement mostly, is left to whoever listens."""
        self.number_unknown = True

    def _seize(self) -> None:
        self._seized_at = self._queue.now
        self.ended_by_tone = self.number_unknown = False
        self._kept.drop(self.name)
        self._reader.end()
        self.channel.watch(self._end_tones, self._end_tone_heard)
        self._port.seize()

    def _release(self) -> None:
        self._dialler.stop()
        self._rest()
        self._port.release()

    def _caller_gone(self) -> None:
        self._dialler.stop()
        # Before quiet(): a recording has an end to write.
        self._report(self, line_events.CallerGone())
        self.channel.quiet()

    def _far_end_gone(self) -> None:
        self._caller_gone()
        self._rest()
        self._port.release()

    def _test_begins(self) -> None:
        self.fault = ""
        self.channel.quiet()
        self.channel.exchange(self.tests.link)

    def _rung_under_test(self) -> None:
        self.channel.quiet()
        self.tests.end(N_("somebody calls on this line"))
        self._first_burst()

    def _fail_under_test(self) -> None:
        self.channel.quiet()
        self.tests.end(self.fault)

    def _unplugged(self) -> None:
        self.channel.quiet()
        self.fault = NO_VOLTAGE

    def _gave_up(self) -> None:
        self._kept.drop(self.name)
        self._caller_gone()

    def _rang_in_vain(self) -> None:
        self._gave_up()
        self._rest()

    def _unplugged_while_ringing(self) -> None:
        self._gave_up()
        self.fault = NO_VOLTAGE

    def _fail(self) -> None:
        self.channel.quiet()

    def _guard_over(self) -> None:
        if abs(self._port.line_voltage()) < BATTERY_VOLTS:
            # Unplugged during the call: no further event will come.
            self.machine.event(TrunkEvent.BATTERY_LOST)


TRUNK_ACTIONS = Actions[TrunkLine, TrunkState, TrunkEvent](
    TRUNK,
    {
        TrunkEvent.READY: TrunkLine._start,
        (TrunkState.DEAD, TrunkEvent.BATTERY_BACK): TrunkLine._quiet,
        TrunkEvent.RING_ON: TrunkLine._first_burst,
        TrunkEvent.RING_OFF: TrunkLine._burst_over,
        (TrunkState.BETWEEN_BURSTS, TrunkEvent.RING_ON): TrunkLine._further_burst,
        TrunkEvent.RINGING_STOPPED: TrunkLine._rang_in_vain,
        TrunkEvent.SEIZE: TrunkLine._answer,
        (TrunkState.IDLE, TrunkEvent.SEIZE): TrunkLine._call_out,
        (TrunkState.SEIZED, TrunkEvent.POLARITY): TrunkLine._reversed,
        TrunkEvent.RELEASE: TrunkLine._release,
        TrunkEvent.FAR_END_GONE: TrunkLine._far_end_gone,
        (TrunkState.IDLE, TrunkEvent.BATTERY_LOST): TrunkLine._unplugged,
        (TrunkState.RINGING, TrunkEvent.BATTERY_LOST): TrunkLine._unplugged_while_ringing,
        (TrunkState.BETWEEN_BURSTS, TrunkEvent.BATTERY_LOST): TrunkLine._unplugged_while_ringing,
        TrunkEvent.GUARD_OVER: TrunkLine._guard_over,
        TrunkEvent.TEST: TrunkLine._test_begins,
        TrunkEvent.TEST_OVER: TrunkLine._release,
        (TrunkState.UNDER_TEST, TrunkEvent.RING_ON): TrunkLine._rung_under_test,
        (TrunkState.UNDER_TEST, TrunkEvent.FAULT): TrunkLine._fail_under_test,
        **{(state, TrunkEvent.FAULT): TrunkLine._caller_gone for state in _WITH_CALLER},
        TrunkEvent.FAULT: TrunkLine._fail,
    },
)
