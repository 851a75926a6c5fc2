"""Who calls, shown on a handset that talks: caller ID on call waiting [GR-575; ETSI EN 300 659-2].

After call waiting tone an alerting signal of two frequencies (CAS, DT-AS) asks whether the
telephone can show a number. One that can says so by the DTMF digit D within 160 ms, and gets the
number as data; it mutes its own earpiece. Who talks to it must not be heard meanwhile, or the
data would be lost: `mute` sees to that. A telephone that says nothing has missed 0.5 s.
"""

import logging
from collections.abc import Callable
from enum import StrEnum

from app.core.fsm import Actions, Machine, Row, Table
from app.core.timers import Timer, TimerQueue
from app.phone.calls.caller import Caller
from app.phone.lines.caller_id import caller_message
from app.phone.sound import dsp
from app.phone.sound.mixer import Channel
from app.phone.sound.player import PcmSource, SilenceSource, ToneSource
from app.phone.timers import ALERT_ANSWER, ALERT_SIGNAL, ALERT_WAIT, SECOND_ID_DATA
from drivers.buses import PERIOD, Samples
from drivers.countries import Country
from drivers.countries.base import Modem
from drivers.tones import Tone

DT_AS = Tone((2130.0, 2750.0), (80, 10), repeat=1, dbm0=-15.0)
"""Dual tone alerting signal, off hook: 80 ms [GR-30: 80 to 85 ms; ETSI EN 300 659-2: 75 to 85]."""

ANSWERS = "DA"
"""What telephones that can show a number answer with [ETSI EN 300 659-2: D, reserved: A]."""

LEAD_MS = 100
"""Silence from the answer to the data [GR-30: 50 to 500 ms]."""


class SecondState(StrEnum):
    """States of showing a second caller."""

    OFF = "off"
    TONE = "tone"
    ALERT = "alert"
    ANSWER = "answer"
    DATA = "data"


class SecondEvent(StrEnum):
    """Events of showing a second caller."""

    START = "start"
    STOP = "stop"
    TONE_OVER = "tone over"
    ALERT_OVER = "alert over"
    ANSWERED = "answered"
    NO_ANSWER = "no answer"
    DATA_OVER = "data over"


_STOP = {SecondEvent.STOP: SecondState.OFF}

SECOND: Table[SecondState, SecondEvent] = Table(
    "second caller",
    {
        SecondState.OFF: Row(
            {SecondEvent.START: SecondState.TONE},
            stay=frozenset({SecondEvent.STOP}),
            meaning="No second caller is shown.",
        ),
        SecondState.TONE: Row(
            {**_STOP, SecondEvent.TONE_OVER: SecondState.ALERT},
            stay=frozenset({SecondEvent.START}),
            timer=ALERT_WAIT,
            due=SecondEvent.TONE_OVER,
            meaning="Call waiting tone is heard first.",
        ),
        SecondState.ALERT: Row(
            {**_STOP, SecondEvent.ALERT_OVER: SecondState.ANSWER},
            stay=frozenset({SecondEvent.START}),
            timer=ALERT_SIGNAL,
            due=SecondEvent.ALERT_OVER,
            meaning="The alerting signal is sent; nobody else is heard.",
        ),
        SecondState.ANSWER: Row(
            {
                **_STOP,
                SecondEvent.ANSWERED: SecondState.DATA,
                SecondEvent.NO_ANSWER: SecondState.OFF,
            },
            stay=frozenset({SecondEvent.START}),
            timer=ALERT_ANSWER,
            due=SecondEvent.NO_ANSWER,
            meaning="A telephone that can show a number says so now.",
        ),
        SecondState.DATA: Row(
            {**_STOP, SecondEvent.DATA_OVER: SecondState.OFF},
            stay=frozenset({SecondEvent.START}),
            timer=SECOND_ID_DATA,
            due=SecondEvent.DATA_OVER,
            meaning="The number is sent.",
        ),
    },
)


class SecondCaller:
    """Shows a second caller on one handset. `date` gives MMDDHHMM of local time."""

    def __init__(
        self,
        name: str,
        channel: Channel,
        queue: TimerQueue,
        country: Country,
        date: Callable[[], str],
    ) -> None:
        service = country.caller_id
        self._known = service is not None and service.modem is not Modem.DTMF
        self._channel, self._modem, self._date = channel, country.modem, date
        self._message: Samples | None = None
        self._mute: Callable[[bool], None] = lambda on: None
        self.machine = Machine(SECOND_ACTIONS, self, name, queue, self._length, moves=logging.DEBUG)

    @property
    def muted(self) -> bool:
        """Whether the others on the handset's call are not heard right now."""
        return self.machine.state in (SecondState.ALERT, SecondState.ANSWER, SecondState.DATA)

    def start(self, caller: Caller, mute: Callable[[bool], None]) -> None:
        """Show this caller; `mute(True)` takes the handset off its call until `mute(False)`."""
        if not self._known or caller == Caller():
            return
        if self.machine.state is SecondState.OFF:
            self._mute = mute
            message = caller_message(caller, self._date())
            self._message = dsp.fsk_message(message, self._modem, seizure=False)
            self.machine.event(SecondEvent.START)

    def stop(self) -> None:
        """The handset does something else."""
        self.machine.event(SecondEvent.STOP)

    def _length(self, timer: Timer) -> int:
        if timer is SECOND_ID_DATA and self._message is not None:
            return -(-len(self._message) // PERIOD) + LEAD_MS // 10 + 1
        return timer.periods

    def _heard(self, digit: str) -> None:
        if digit in ANSWERS:
            self.machine.event(SecondEvent.ANSWERED)

    # Actions.

    def _alert(self) -> None:
        self._mute(True)
        self._channel.listen(self._heard)
        self._channel.play([ToneSource(DT_AS)], lambda _: None)

    def _send(self) -> None:
        assert self._message is not None
        self._channel.play([SilenceSource(LEAD_MS), PcmSource(self._message)], lambda _: None)

    def _over(self) -> None:
        self._channel.stop()
        self._channel.listen(None)
        self._mute(False)


SECOND_ACTIONS = Actions[SecondCaller, SecondState, SecondEvent](
    SECOND,
    {
        SecondEvent.TONE_OVER: SecondCaller._alert,
        SecondEvent.ANSWERED: SecondCaller._send,
        SecondEvent.NO_ANSWER: SecondCaller._over,
        SecondEvent.DATA_OVER: SecondCaller._over,
        (SecondState.ALERT, SecondEvent.STOP): SecondCaller._over,
        (SecondState.ANSWER, SecondEvent.STOP): SecondCaller._over,
        (SecondState.DATA, SecondEvent.STOP): SecondCaller._over,
    },
)
