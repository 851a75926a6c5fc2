"""Dialling a number on an outside line that has been seized: dial tone, then tones or pulses."""

from collections.abc import Callable
from enum import StrEnum

from app.core.fsm import Actions, Machine, Row, Table
from app.core.timers import RunningTimer, TimerQueue
from app.phone.sound import dsp
from app.phone.sound.mixer import Channel
from app.phone.sound.player import PcmSource
from app.phone.timers import (
    BETWEEN_DIGITS,
    DIAL_TONE_HEARD,
    DIAL_TONE_WAIT,
    DIALLED_PULSE_BREAK,
    DIALLED_PULSE_MAKE,
)
from drivers.ports import TrunkPort


class DiallerState(StrEnum):
    """States of a dialler."""

    IDLE = "idle"
    LISTENING = "listening"
    SENDING = "sending"


class DiallerEvent(StrEnum):
    """Events of a dialler."""

    START = "start"
    DIAL_TONE = "dial tone"
    NO_DIAL_TONE = "no dial tone"
    SENT = "sent"
    STOP = "stop"


DIALLER: Table[DiallerState, DiallerEvent] = Table(
    "dialler",
    {
        DiallerState.IDLE: Row(
            {DiallerEvent.START: DiallerState.LISTENING},
            stay=frozenset({DiallerEvent.STOP}),
            meaning="Nothing is dialled.",
        ),
        DiallerState.LISTENING: Row(
            {
                DiallerEvent.DIAL_TONE: DiallerState.SENDING,
                DiallerEvent.NO_DIAL_TONE: DiallerState.SENDING,
                DiallerEvent.STOP: DiallerState.IDLE,
            },
            timer=DIAL_TONE_WAIT,
            due=DiallerEvent.NO_DIAL_TONE,
            meaning="The line is seized; waits for dial tone, and dials without one in the end: "
            "not every office has its country's.",
        ),
        DiallerState.SENDING: Row(
            {DiallerEvent.SENT: DiallerState.IDLE, DiallerEvent.STOP: DiallerState.IDLE},
            meaning="Digits go out.",
        ),
    },
)


class Dialler:
    """Dials on one line; `port` breaks its loop for pulses, tones go by `channel`."""

    def __init__(self, name: str, port: TrunkPort, channel: Channel, queue: TimerQueue) -> None:
        self._port, self._channel, self._queue = port, channel, queue
        self._number = ""
        self._pulses = False
        self._dialled: Callable[[], None] = lambda: None
        self._edges: list[tuple[int, bool]] = []
        self._next: RunningTimer | None = None
        self.machine = Machine(DIALLER_ACTIONS, self, name, queue)

    def dial(
        self, number: str, hertz: tuple[float, ...], pulses: bool, dialled: Callable[[], None]
    ) -> None:
        """Dial a number of digits once dial tone of these frequencies is heard.

        `dialled` is called when the last digit is out, unless stop() comes before.
        """
        self._number, self._pulses, self._dialled = number, pulses, dialled
        if self.machine.event(DiallerEvent.START):
            self._channel.watch_dial_tone(hertz, DIAL_TONE_HEARD.periods, self._heard)

    def stop(self) -> None:
        """Dial no further."""
        self.machine.event(DiallerEvent.STOP)

    def _heard(self) -> None:
        self.machine.event(DiallerEvent.DIAL_TONE)

    # Actions.

    def _send(self) -> None:
        self._channel.watch_dial_tone(None)
        if not self._pulses:
            self._channel.play([PcmSource(dsp.dtmf(self._number))], lambda _: self._sent())
            return
        self._edges = []
        for digit in self._number:
            for _ in range(int(digit) or 10):
                self._edges.append((DIALLED_PULSE_BREAK.periods, True))
                self._edges.append((DIALLED_PULSE_MAKE.periods, False))
            self._edges.append((BETWEEN_DIGITS.periods, False))
        self._pulse()

    def _pulse(self) -> None:
        if not self._edges:
            self._sent()
            return
        periods, broken = self._edges.pop(0)
        self._port.pulse(broken)
        self._next = self._queue.after(periods, self._pulse)

    def _sent(self) -> None:
        self.machine.event(DiallerEvent.SENT)

    def _tell(self) -> None:
        self._dialled()

    def _cease(self) -> None:
        self._channel.watch_dial_tone(None)
        self._channel.stop()
        if self._next is not None:
            self._next.cancel()


DIALLER_ACTIONS = Actions[Dialler, DiallerState, DiallerEvent](
    DIALLER,
    {
        DiallerEvent.DIAL_TONE: Dialler._send,
        DiallerEvent.NO_DIAL_TONE: Dialler._send,
        DiallerEvent.SENT: Dialler._tell,
        (DiallerState.LISTENING, DiallerEvent.STOP): Dialler._cease,
        (DiallerState.SENDING, DiallerEvent.STOP): Dialler._cease,
    },
)
