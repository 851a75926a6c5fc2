"""The telephone office at the far end of the outside lines, with the people who call through it.

One table says what may happen in which state; everything else is refused or ignored.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from enum import Enum, StrEnum

from drivers.buses import PERIOD, Samples
from drivers.countries import Country
from drivers.countries.base import CallerIdAlert, CallerIdService
from drivers.models.caller_signal import announced, caller_sound
from drivers.models.dtmf import DtmfReceiver
from drivers.models.loops import FEED_OHMS, TrunkLoop
from drivers.models.party import Party
from drivers.models.sound import PlayQueue
from drivers.models.subscribers import PulseReceiver, Reaction, Subscriber, Subscribers
from drivers.models.tones import no_number_periods, tone_periods
from drivers.sampling import PERIOD_MS

log = logging.getLogger(__name__)

BATTERY_VOLTS = 48.0
STARVING_OHMS = 1e6
"""What a line is fed through whose current the office has taken away."""
CLOSED_MA = 10.0
CLOSED_PERIODS = 3
"""Loop current for 30 ms: the subscriber has answered or seized."""
OPENED_PERIODS = 30
"""No loop current for 300 ms: the subscriber has gone, unless a flash means something there."""
CALLER_ID_AFTER_MS = 500
"""Between the end of the first ring and the data [GR-30: at least 500 ms]."""
RING_AFTER_MS = 400
"""Between data and the first ring, where the data come first [ETSI EN 300 659-1: 200 to 500 ms]."""


class OfficeError(Exception):
    """A caller cannot do this now; the text says in which state the line is."""


class OfficeState(StrEnum):
    """What a line of the office is doing.

    Texts, which dictionaries find sooner than other members [Python 3.11]: each line looks up its
    state in each period.
    """

    IDLE = "idle"
    WAKING = "ringing for caller ID"
    SHOWING = "sending caller ID"
    RINGING = "ringing"
    TALKING = "talking"
    CLEARING = "without battery after the caller hung up"
    ABANDONED = "still seized after the caller hung up"
    RELEASED = "waiting for the caller to hang up"
    DIAL_TONE = "seized, with dial tone"
    DIALLING = "being dialled on"
    CALLING = "ringing the party that was dialled"
    BUSY = "giving busy tone"
    REFUSED = "telling that the number is nobody's"
    RECALL = "giving dial tone, with the first party on hold"
    SECOND = "in a call with a second party, the first on hold"


class OfficeEvent(Enum):
    """What can happen to a line."""

    RING = "ring"
    WAKE = "ring for caller ID"
    LOOP_CLOSED = "the loop closes"
    LOOP_OPENED = "the loop opens"
    FAR_HANGS_UP = "hang up"
    FAR_LIFTS = "lift"
    DIGIT = "a digit is dialled"
    TIME = "the state's time is over"
    FAR_BUSY = "the party that was dialled is busy"
    NO_NUMBER = "the number is nobody's"
    FLASHED = "the loop opens for a moment"
    CHANGED = "the loop opens for a moment, with another party there"
    TAKEN_ANEW = "the closed loop is taken for a new call"


TABLE: dict[OfficeState, dict[OfficeEvent, OfficeState]] = {
    OfficeState.IDLE: {
        OfficeEvent.RING: OfficeState.RINGING,
        OfficeEvent.WAKE: OfficeState.WAKING,
        OfficeEvent.LOOP_CLOSED: OfficeState.DIAL_TONE,
    },
    OfficeState.WAKING: {
        OfficeEvent.LOOP_CLOSED: OfficeState.SHOWING,
        OfficeEvent.TIME: OfficeState.RINGING,
        OfficeEvent.FAR_HANGS_UP: OfficeState.IDLE,
    },
    OfficeState.SHOWING: {
        OfficeEvent.LOOP_OPENED: OfficeState.RINGING,
        OfficeEvent.FAR_HANGS_UP: OfficeState.ABANDONED,
    },
    OfficeState.RINGING: {
        OfficeEvent.LOOP_CLOSED: OfficeState.TALKING,
        OfficeEvent.FAR_HANGS_UP: OfficeState.IDLE,
    },
    OfficeState.TALKING: {
        OfficeEvent.LOOP_OPENED: OfficeState.RELEASED,
        OfficeEvent.FAR_HANGS_UP: OfficeState.CLEARING,
        OfficeEvent.FLASHED: OfficeState.RECALL,
        OfficeEvent.CHANGED: OfficeState.SECOND,
    },
    OfficeState.RECALL: {
        OfficeEvent.DIGIT: OfficeState.RECALL,
        OfficeEvent.TIME: OfficeState.SECOND,
        OfficeEvent.FLASHED: OfficeState.TALKING,
        OfficeEvent.LOOP_OPENED: OfficeState.IDLE,
    },
    OfficeState.SECOND: {
        OfficeEvent.CHANGED: OfficeState.TALKING,
        OfficeEvent.LOOP_OPENED: OfficeState.IDLE,
    },
    OfficeState.CLEARING: {
        OfficeEvent.TIME: OfficeState.ABANDONED,
        OfficeEvent.TAKEN_ANEW: OfficeState.DIAL_TONE,
    },
    OfficeState.ABANDONED: {OfficeEvent.LOOP_OPENED: OfficeState.IDLE},
    OfficeState.RELEASED: {
        OfficeEvent.FAR_HANGS_UP: OfficeState.IDLE,
        OfficeEvent.RING: OfficeState.RINGING,
        OfficeEvent.WAKE: OfficeState.WAKING,
        OfficeEvent.LOOP_CLOSED: OfficeState.DIAL_TONE,
    },
    OfficeState.DIAL_TONE: {
        OfficeEvent.DIGIT: OfficeState.DIALLING,
        OfficeEvent.LOOP_OPENED: OfficeState.IDLE,
    },
    OfficeState.DIALLING: {
        OfficeEvent.DIGIT: OfficeState.DIALLING,
        OfficeEvent.TIME: OfficeState.CALLING,
        OfficeEvent.FAR_BUSY: OfficeState.BUSY,
        OfficeEvent.NO_NUMBER: OfficeState.REFUSED,
        OfficeEvent.LOOP_OPENED: OfficeState.IDLE,
    },
    OfficeState.BUSY: {OfficeEvent.LOOP_OPENED: OfficeState.IDLE},
    OfficeState.REFUSED: {OfficeEvent.LOOP_OPENED: OfficeState.IDLE},
    OfficeState.CALLING: {
        OfficeEvent.FAR_LIFTS: OfficeState.TALKING,
        OfficeEvent.FAR_HANGS_UP: OfficeState.ABANDONED,
        OfficeEvent.LOOP_OPENED: OfficeState.IDLE,
    },
}
_DIALS = (OfficeState.DIAL_TONE, OfficeState.DIALLING, OfficeState.RECALL)
_CONNECTED = (OfficeState.TALKING, OfficeState.SECOND)
_RELEASED = (OfficeState.IDLE, OfficeState.RELEASED)
_REACTIONS = {Reaction.BUSY: OfficeEvent.FAR_BUSY, Reaction.NOBODY: OfficeEvent.NO_NUMBER}
CPC_MS = 500
"""How long the battery is gone after a hang-up, where the country's own networks leave it on."""
LONG_SILENCE_MS = 1000
"""In a silence between bursts that is as long as this, caller ID may be sent."""
WAKING_MS, WAKING_CADENCE_MS = 6500, (500, 500)
"""Japan: the bursts that ask a display to close the loop, and how long they go on [NTT]."""
WAKING_AFTER_MS = 500
"""From the line's reversal to the first of those bursts [chosen]."""
SHOWING_AFTER_MS = 500
"""From the loop's closing to the data, and no more than that before it rings [chosen]."""
DIALLED_MS = 4000
"""So long without a digit ends a number."""
FIXED_MS = {
    OfficeState.DIALLING: DIALLED_MS,
    OfficeState.RECALL: DIALLED_MS,
    OfficeState.WAKING: WAKING_MS,
}


def _edges(cadence_ms: tuple[int, ...]) -> dict[int, bool]:
    """Whether ringing begins or ends, by the milliseconds since the cadence began."""
    return {sum(cadence_ms[:place]): place % 2 == 0 for place in range(len(cadence_ms))}


def _first_long_silence(cadence_ms: tuple[int, ...]) -> int:
    """When the first silence of LONG_SILENCE_MS begins, in ms since the cadence began."""
    for place in range(1, len(cadence_ms), 2):
        if cadence_ms[place] >= LONG_SILENCE_MS:
            return sum(cadence_ms[:place])
    raise ValueError(f"no silence for caller ID in the cadence {cadence_ms}")


class OfficeLine(Party):
    """One outside line and the person at its far end.

    It rings, sounds and sends caller ID as the country's networks do. At a hang-up the battery goes
    for the country's time, or for CPC_MS where its networks would only sound a tone.
    """

    clears_by_current = clears_by_reversal = clears_silently = False
    """Clear by taking the loop current and leaving a voltage; by turning the polarity round, and
    silence; or by silence alone."""
    national_clearing = False
    """Clear as the country's networks do: where they have no CPC, by polarity and tone only."""
    clears_by_tone = clears_by_dial_tone = False
    """Clear by the country's tone alone, as offices do that have neither CPC nor reversal; or by
    nothing but dial tone, for the loop is closed."""
    services = False
    """Whether a flash of half to twice the country's time asks for a second party, or changes to
    it; a longer one ends the call."""
    flashes = 0
    """Seen since the line was seized."""
    second = ""
    """Number of the second party: it waits (call waiting), or was dialled after a flash."""
    transferred = False
    """Whether the subscriber has left a first and a second party to each other."""

    def __init__(
        self, name: str, loop: TrunkLoop, country: Country, clock: Callable[[], datetime]
    ) -> None:
        super().__init__(name)
        self._loop, self._clock = loop, clock
        tones, ending = country.tones, country.disconnect
        self._ringing, self._ending = country.ringing, ending
        self._edges = _edges(country.ringing.cadence_ms)
        self._caller_id_ms = _first_long_silence(country.ringing.cadence_ms) + CALLER_ID_AFTER_MS
        self._caller_id = service = country.caller_id
        self._wakes = service is not None and CallerIdAlert.RING_PULSE in service.alerts
        self._ring_from = 0
        """Period of the state RINGING in which the first burst begins."""
        self._reversed_for_call = False
        self._ringback = tone_periods(tones.ringback)
        self._office_tones = {
            OfficeState.DIAL_TONE: tone_periods(tones.dial),
            OfficeState.RECALL: tone_periods(tones.dial),
            OfficeState.CALLING: self._ringback,
            OfficeState.BUSY: tone_periods(tones.busy),
            OfficeState.REFUSED: no_number_periods(tones),
            OfficeState.ABANDONED: tone_periods(
                tones.busy if ending.tone == "busy" else tones.reorder
            ),
        }
        clearing_ms = ending.cpc_ms or CPC_MS
        self._timers_ms = {OfficeState.CLEARING: clearing_ms, **FIXED_MS}
        self.state = OfficeState.IDLE
        self._periods = 0
        self._current_periods = 0
        self._loop_closed = False
        self._number: str | None = None
        self._name: str | None = None
        self._sends_caller_id = True
        self._receiver, self._pulses = DtmfReceiver(), PulseReceiver()
        self.subscribers = Subscribers()
        """The numbers that can be called on this line; the box has one list for all."""
        self._called = Subscriber()
        self._data = PlayQueue()
        self.dialled = ""
        """Digits that our side dialled on this line since it last seized it."""
        self.bursts = 0
        """Ringing bursts begun since the last ring()."""
        self.line_volts = BATTERY_VOLTS
        """Battery of the line, negative for reversed polarity."""
        self._flash_periods = country.flash_ms // PERIOD_MS

    # ------------------------------------------------------------------ what a person does

    @property
    def answered(self) -> bool:
        """Whether the two ends are connected."""
        return self.state in _CONNECTED

    @property
    def ringing(self) -> bool:
        """Whether somebody is being rung: our side, or the far party that was dialled."""
        return self.state in (OfficeState.WAKING, OfficeState.RINGING, OfficeState.CALLING)

    @property
    def hung_up(self) -> bool:
        """Whether our side has ended the call and the far party still listens."""
        return self.state is OfficeState.RELEASED

    def ring(
        self, number: str | None = None, name: str | None = None, caller_id: bool = True
    ) -> None:
        """Somebody calls; the number "private" is withheld, None is out of area.

        Raises OfficeError while the line is in use.
        """
        self._number, self._name, self._sends_caller_id = number, name, caller_id
        self._order(OfficeEvent.WAKE if self._wakes and caller_id else OfficeEvent.RING)

    def lift(self) -> None:
        """The party that was dialled on this line answers."""
        self._order(OfficeEvent.FAR_LIFTS)
        if self._called.reversal:
            self._reversed_for_call = True
            self.reverse()

    def hang_up(self) -> None:
        """The far party hangs up: ringing stops, or our side sees the battery go (CPC)."""
        self._play_queue.stop()
        self.close_recordings()
        if OfficeEvent.FAR_HANGS_UP in TABLE[self.state]:
            self._happen(OfficeEvent.FAR_HANGS_UP)
        if self.state is OfficeState.CLEARING and self.clears_by_reversal:
            self.reverse()
        if self.state is OfficeState.CLEARING and (self.clears_by_tone or self._clears_in_silence):
            self._happen(OfficeEvent.TIME)
        elif self.state is OfficeState.CLEARING and self.clears_by_dial_tone:
            self._happen(OfficeEvent.TAKEN_ANEW)
        elif self.state is OfficeState.CLEARING and self.national_clearing:
            if self._ending.reversal:
                self.reverse()
            if not self._ending.cpc_ms:
                self._happen(OfficeEvent.TIME)

    def reverse(self) -> None:
        """Turn the line's polarity round."""
        self.line_volts = -self.line_volts
        self._loop.feed(self.line_volts)

    def _order(self, event: OfficeEvent) -> None:
        if event not in TABLE[self.state]:
            raise OfficeError(f"{self.name} is {self.state.value}: cannot {event.value}")
        self._happen(event)

    # ------------------------------------------------------------------ the table moves

    def _happen(self, event: OfficeEvent) -> None:
        target = TABLE[self.state].get(event)
        if target is None:
            log.debug("%s: %s while %s: ignored", self.name, event.value, self.state.value)
            return
        if target is OfficeState.RINGING:
            self.bursts = 0
        elif target is OfficeState.DIAL_TONE or event is OfficeEvent.FLASHED:
            self.dialled = ""
            self._receiver, self._pulses = DtmfReceiver(), PulseReceiver()
        if event is OfficeEvent.LOOP_CLOSED:
            self.flashes, self.second, self.transferred = 0, "", False
        elif event is OfficeEvent.LOOP_OPENED and self.state is OfficeState.SECOND:
            self.transferred = True
        if self.state in (OfficeState.RINGING, OfficeState.WAKING, OfficeState.SHOWING):
            self._loop.ring(0.0, 0)
            self._data.stop()
        self.state, self._periods = target, 0
        if target in (OfficeState.RINGING, OfficeState.WAKING):
            self._announce(target)
        elif target in _RELEASED and self._reversed_for_call:
            self._reversed_for_call = False
            self.reverse()
        clearing = target is OfficeState.CLEARING
        starves = clearing and self.clears_by_current
        self._loop.feed_through(STARVING_OHMS if starves else FEED_OHMS)
        self._loop.feed(0.0 if clearing and not starves else self.line_volts)

    @property
    def _clears_in_silence(self) -> bool:
        return self.clears_silently or self.clears_by_reversal

    def _announce(self, target: OfficeState) -> None:
        """Caller ID before the first ring, which waits for it, where the country has it so."""
        service, self._ring_from = self._caller_id, 0
        if service is None or not service.early or not self._sends_caller_id:
            return
        if self._wakes and target is OfficeState.RINGING:
            return  # it has been sent
        if CallerIdAlert.LINE_REVERSAL in service.alerts:
            self._reversed_for_call = True
            self.reverse()
        if self._wakes:
            return
        sound = announced(self._caller_sound(service), service)
        self._data.add(sound)
        self._ring_from = len(sound) // PERIOD + 1 + RING_AFTER_MS // PERIOD_MS

    def _caller_sound(self, service: CallerIdService) -> Samples:
        return caller_sound(service, self._clock(), self._number, self._name)

    def move(self, now: int) -> None:
        """A period passes for everything but sound."""
        if self.state is OfficeState.IDLE and not self._loop.ma:
            self._current_periods = 0
            return
        if self.state is not OfficeState.CLEARING:
            self._supervise()
        if self.state in _DIALS and (digit := self._pulses.see(self._loop.ma > CLOSED_MA)):
            self._digit(digit)
        if self.state is OfficeState.RINGING:
            self._cadence(now)
        elif self.state in (OfficeState.WAKING, OfficeState.SHOWING):
            self._wake(now)
        self._periods += 1
        limit = self._timers_ms.get(self.state)
        if limit is not None and self._periods * PERIOD_MS >= limit:
            self._time_over()
        elif self.state is OfficeState.CALLING and self._answers_now():
            self.lift()

    def _answers_now(self) -> bool:
        answers = self._called.reaction is Reaction.ANSWERS
        return answers and self._periods * PERIOD_MS >= self._called.after_ms

    def _time_over(self) -> None:
        if self.state is OfficeState.RECALL:
            self.second = self.dialled
            if self.second:
                self._happen(OfficeEvent.TIME)
        elif self.state is OfficeState.DIALLING:
            self._called = self.subscribers.find(self.dialled)
            self._happen(_REACTIONS.get(self._called.reaction, OfficeEvent.TIME))
        else:
            self._happen(OfficeEvent.TIME)

    def _digit(self, digit: str) -> None:
        self.dialled += digit
        self._happen(OfficeEvent.DIGIT)

    def _supervise(self) -> None:
        """Debounce the loop current."""
        closed = self._loop.ma > CLOSED_MA
        if closed == self._loop_closed:
            open_for, self._current_periods = self._current_periods, 0
            if closed and self.services and open_for >= self._flash_periods // 2:
                self._flashed()
            return
        self._current_periods += 1
        opened = max(OPENED_PERIODS, 2 * self._flash_periods) if self.services else OPENED_PERIODS
        if self._current_periods >= (CLOSED_PERIODS if closed else opened):
            self._loop_closed, self._current_periods = closed, 0
            self._happen(OfficeEvent.LOOP_CLOSED if closed else OfficeEvent.LOOP_OPENED)

    def _flashed(self) -> None:
        self.flashes += 1
        self._happen(OfficeEvent.CHANGED if self.second else OfficeEvent.FLASHED)

    def _cadence(self, now: int) -> None:
        """Begin and end bursts; caller ID comes in the first long silence [GR-30]."""
        ms = (self._periods - self._ring_from) * PERIOD_MS
        if ms < 0:
            return
        begins = self._edges.get(ms % sum(self._ringing.cadence_ms))
        if begins is not None:
            self.bursts += begins
            self._loop.hertz = self._ringing.network_hz
            self._loop.ring(self._ringing.network_vrms if begins else 0.0, now)
        service = self._caller_id
        late = service is not None and not service.early and self._sends_caller_id
        if service is not None and late and ms == self._caller_id_ms:
            self._data.add(self._caller_sound(service))

    def _wake(self, now: int) -> None:
        """Short bursts until the loop closes, and then the data."""
        ms, rings = self._periods * PERIOD_MS, self.state is OfficeState.WAKING
        begins = None
        if rings and ms >= WAKING_AFTER_MS:
            place = (ms - WAKING_AFTER_MS) % sum(WAKING_CADENCE_MS)
            begins = _edges(WAKING_CADENCE_MS).get(place)
        if begins is not None:
            self._loop.hertz = self._ringing.network_hz
            self._loop.ring(self._ringing.network_vrms if begins else 0.0, now)
        if self._caller_id is not None and not rings and ms == SHOWING_AFTER_MS:
            self._data.add(self._caller_sound(self._caller_id))

    # ------------------------------------------------------------------ sound

    def towards_us(self) -> Samples | None:
        """The period that our side's wires carry: the caller, data, or the office's tones.

        What a caller says before the call is answered is lost.
        """
        tones = self._office_tones.get(self.state)
        if self.state is OfficeState.ABANDONED and self._clears_in_silence:
            return None
        heard = self.state is OfficeState.RECALL and self.dialled
        if tones is not None and not self._pulses.pulses and not heard:
            row: Samples = tones[self._periods % len(tones)]
            return row
        spoken = self.speak()
        shows = self.state in (OfficeState.RINGING, OfficeState.SHOWING)
        return self._data.next_period() if shows else spoken

    def from_us(self, row: Samples | None) -> None:
        """The period that our side sent; None is silence."""
        state = self.state
        if state in _CONNECTED:
            self.listen(row)
        elif state in (OfficeState.RINGING, OfficeState.CALLING):
            self.listen(self._ringback[self._periods % len(self._ringback)])
        elif state is OfficeState.RELEASED:
            self.listen(None)
        elif state in _DIALS:
            digit = self._receiver.hear(row)
            if digit:
                self._digit(digit)
