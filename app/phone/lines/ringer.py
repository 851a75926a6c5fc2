"""Ringing a handset: its cadence, and who calls as the country's telephones expect it.

Caller ID is sent once. Where it comes before the first ring, and the caller is known by then, the
line is reversed, an alerting signal (DT-AS) follows where the country has it, then the data, then
the first burst [ETSI EN 300 659-1]. Else it comes in the first silence that is long enough for it
and in which the caller is known: at the earliest CALLER_ID_LEAD after a burst, at the latest so
that it ends CALLER_ID_TAIL before the next one [GR-30].
"""

import logging
from collections.abc import Callable
from enum import StrEnum

import numpy as np

from app.core.fsm import Actions, Machine, Row, Table
from app.core.timers import Timer, TimerQueue
from app.phone.calls.line import Caller
from app.phone.lines.caller_signal import announced, caller_sound
from app.phone.lines.ring_kinds import DISTINCTIVE, RingKind
from app.phone.sound.mixer import Channel
from app.phone.sound.player import PcmSource
from app.phone.timers import (
    CALLER_ID_FIRST,
    CALLER_ID_LEAD,
    CALLER_ID_TAIL,
    RING_BURST,
    RING_SILENCE,
)
from drivers.buses import PERIOD, Samples
from drivers.countries import Country
from drivers.countries.base import CallerIdAlert
from drivers.ports import Feed, StationPort


class RingerState(StrEnum):
    """States of a ringer."""

    OFF = "off"
    FIRST_DATA = "first data"
    BURST = "burst"
    LEAD = "lead"
    SILENCE = "silence"
    DATA = "data"


class RingerEvent(StrEnum):
    """Events of a ringer."""

    START = "start"
    ANNOUNCE = "announce"
    STOP = "stop"
    BURST_OVER = "burst over"
    LEAD_OVER = "lead over"
    SILENCE_OVER = "silence over"
    CALLER_KNOWN = "caller known"
    SEND = "send"


_STOP = {RingerEvent.STOP: RingerState.OFF}
_KNOWN = frozenset({RingerEvent.CALLER_KNOWN})

RINGER: Table[RingerState, RingerEvent] = Table(
    "ringer",
    {
        RingerState.OFF: Row(
            {
                RingerEvent.START: RingerState.BURST,
                RingerEvent.ANNOUNCE: RingerState.FIRST_DATA,
            },
            stay=_KNOWN | {RingerEvent.STOP},
            meaning="The handset does not ring.",
        ),
        RingerState.FIRST_DATA: Row(
            {**_STOP, RingerEvent.SILENCE_OVER: RingerState.BURST},
            stay=_KNOWN,
            timer=CALLER_ID_FIRST,
            due=RingerEvent.SILENCE_OVER,
            meaning="Caller ID is on the line, which does not ring yet.",
        ),
        RingerState.BURST: Row(
            {**_STOP, RingerEvent.BURST_OVER: RingerState.LEAD},
            stay=_KNOWN,
            timer=RING_BURST,
            due=RingerEvent.BURST_OVER,
            meaning="Ringing voltage is on the line, for as long as the cadence says.",
        ),
        RingerState.LEAD: Row(
            {**_STOP, RingerEvent.LEAD_OVER: RingerState.SILENCE},
            stay=_KNOWN,
            timer=CALLER_ID_LEAD,
            due=RingerEvent.LEAD_OVER,
            meaning="Too early for data [GR-30].",
        ),
        RingerState.SILENCE: Row(
            {
                **_STOP,
                RingerEvent.SEND: RingerState.DATA,
                RingerEvent.SILENCE_OVER: RingerState.BURST,
            },
            stay=_KNOWN,
            timer=RING_SILENCE,
            due=RingerEvent.SILENCE_OVER,
            meaning="The rest of a silence, in which caller ID may be sent.",
        ),
        RingerState.DATA: Row(
            {**_STOP, RingerEvent.SILENCE_OVER: RingerState.BURST},
            stay=_KNOWN,
            timer=RING_SILENCE,
            due=RingerEvent.SILENCE_OVER,
            meaning="The rest of a silence, with caller ID on the line.",
        ),
    },
)


class Ringer:
    """Rings one station until stop().

    `date` gives MMDDHHMM of local time, which telephones show with the number; with `distinctive`
    each RingKind has a beat of its own; `single`: the telephone understands SDMF only. Raises
    ValueError for a country's burst or silence that is out of the range of its timer.
    """

    def __init__(
        self,
        port: StationPort,
        channel: Channel,
        queue: TimerQueue,
        country: Country,
        date: Callable[[], str],
        distinctive: bool = False,
        single: bool = False,
    ) -> None:
        self._port, self._channel, self._queue = port, channel, queue
        beats = DISTINCTIVE if distinctive else {}
        self._cadences = {
            kind: _periods(beats.get(kind, country.ringing.cadence_ms)) for kind in RingKind
        }
        self._cadence = self._cadences[RingKind.OUTSIDE]
        self._date, self._country, self._single = date, country, single
        service = country.caller_id
        # Japan's telephones answer short bursts to get the data, which is not offered to handsets.
        by_bursts = service is not None and CallerIdAlert.RING_PULSE in service.alerts
        early = service is not None and service.early and not by_bursts
        self._early = service if early else None
        self._next = 0
        self._silence_until = 0
        self._caller = Caller()
        self._message: Samples | None = None
        self._first: Samples = np.zeros(0, np.int16)
        self.machine = Machine(
            RINGER_ACTIONS, self, port.name, queue, self._length, moves=logging.DEBUG
        )

    def start(self, caller: Caller, kind: RingKind = RingKind.OUTSIDE, shown: bool = False) -> None:
        """Begin with a burst, or with caller ID where that comes first and the caller is known.

        `shown`: the handset shows this caller already.
        """
        self._cadence = self._cadences[kind]
        self._next, self._caller, self._message = 0, caller if shown else Caller(), None
        self.caller_known(caller)
        if self._early is None or self._message is None:
            self.machine.event(RingerEvent.START)
            return
        self._message, self._first = None, announced(self._message, self._early)
        self.machine.event(RingerEvent.ANNOUNCE)

    def stop(self) -> None:
        """Stop; battery is back on the line for talking or resting."""
        self.machine.event(RingerEvent.STOP)

    def caller_known(self, caller: Caller) -> None:
        """Show this caller as soon as the line may carry data, and another one if it changes."""
        if caller not in (self._caller, Caller()):
            self._caller = caller
            self._message = caller_sound(caller, self._date(), self._country, self._single)
            self.machine.event(RingerEvent.CALLER_KNOWN)

    def _length(self, timer: Timer) -> int:
        if timer is CALLER_ID_FIRST:
            return len(self._first) // PERIOD
        if timer is RING_BURST:
            return self._cadence[self._next][0]
        left = self._silence_until - self._queue.now
        # A silence shorter than the lead keeps one period for the state after it.
        return min(timer.periods, left - 1) if timer is CALLER_ID_LEAD else left

    # Actions.

    def _announce(self) -> None:
        self._port.feed(Feed.REVERSED_ON_HOOK_AUDIO)
        self._channel.play([PcmSource(self._first)], lambda _: None)

    def _begin_burst(self) -> None:
        self._silence_until = self._queue.now + sum(self._cadence[self._next])
        self._next = (self._next + 1) % len(self._cadence)
        self._port.feed(Feed.RINGING)

    def _begin_silence(self) -> None:
        self._port.feed(Feed.ON_HOOK_AUDIO)

    def _send_if_it_fits(self) -> None:
        if self._message is None:
            return
        needed = len(self._message) // PERIOD + 1 + CALLER_ID_TAIL.periods
        if self._queue.now + needed <= self._silence_until:
            self.machine.event(RingerEvent.SEND)

    def _send(self) -> None:
        assert self._message is not None
        message, self._message = self._message, None
        self._channel.play([PcmSource(message)], lambda _: None)

    def _end(self) -> None:
        self._channel.stop()
        self._port.feed(Feed.ACTIVE)


def _periods(cadence_ms: tuple[int, ...]) -> list[tuple[int, int]]:
    """Bursts and silences in periods of 10 ms."""
    return [
        (RING_BURST.lasting(burst).periods, RING_SILENCE.lasting(silence).periods)
        for burst, silence in zip(cadence_ms[::2], cadence_ms[1::2], strict=True)
    ]


RINGER_ACTIONS = Actions[Ringer, RingerState, RingerEvent](
    RINGER,
    {
        RingerEvent.START: Ringer._begin_burst,
        RingerEvent.ANNOUNCE: Ringer._announce,
        RingerEvent.BURST_OVER: Ringer._begin_silence,
        RingerEvent.LEAD_OVER: Ringer._send_if_it_fits,
        (RingerState.SILENCE, RingerEvent.CALLER_KNOWN): Ringer._send_if_it_fits,
        RingerEvent.SEND: Ringer._send,
        RingerEvent.SILENCE_OVER: Ringer._begin_burst,
        RingerEvent.STOP: Ringer._end,
    },
)
