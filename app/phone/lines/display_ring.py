"""Japan's caller ID for a handset: short bursts ask its display for the loop, and get it the data.

The mirror of first_answer.py, which does the same towards the exchange. The line is reversed and
rings in bursts of 0.5 s; a number display closes the loop by itself, gets the data and opens the
loop again, and only then the handset rings [NTT, number display; the times are those of
first_answer.py]. Whoever lifts a handset in these seconds hears the data, and talks then.
"""

import logging
from collections.abc import Callable
from enum import StrEnum

from app.core.fsm import Actions, Machine, Row, Table
from app.core.timers import TimerQueue
from app.phone.calls.caller import Caller
from app.phone.lines.caller_id import display_message
from app.phone.sound import dsp
from app.phone.sound.mixer import Channel
from app.phone.sound.player import PcmSource, SilenceSource
from app.phone.timers import DISPLAY_BURST, DISPLAY_HOLDS, DISPLAY_PAUSE
from drivers.countries.base import Modem
from drivers.ports import Feed, StationPort

BURSTS = 6
"""So many are given to a display, 6 s; then the handset rings without it."""
LEAD_MS = 300
"""Silence from the closing of the loop to the data."""


class DisplayState(StrEnum):
    """States of ringing for a display."""

    OFF = "off"
    PAUSE = "pause"
    BURST = "burst"
    DATA = "data"


class DisplayEvent(StrEnum):
    """Events of ringing for a display."""

    START = "start"
    STOP = "stop"
    PAUSE_OVER = "pause over"
    BURST_OVER = "burst over"
    NO_DISPLAY = "no display"
    LIFTED = "lifted"
    LOWERED = "lowered"
    STAYS = "stays lifted"


_STOP = {DisplayEvent.STOP: DisplayState.OFF}

DISPLAY: Table[DisplayState, DisplayEvent] = Table(
    "display ring",
    {
        DisplayState.OFF: Row(
            {DisplayEvent.START: DisplayState.PAUSE},
            stay=frozenset({DisplayEvent.STOP}),
            meaning="No display is rung.",
        ),
        DisplayState.PAUSE: Row(
            {
                **_STOP,
                DisplayEvent.PAUSE_OVER: DisplayState.BURST,
                DisplayEvent.LIFTED: DisplayState.DATA,
            },
            stay=frozenset({DisplayEvent.LOWERED}),
            timer=DISPLAY_PAUSE,
            due=DisplayEvent.PAUSE_OVER,
            meaning="The line is reversed; before a burst, and between two.",
        ),
        DisplayState.BURST: Row(
            {
                **_STOP,
                DisplayEvent.BURST_OVER: DisplayState.PAUSE,
                DisplayEvent.NO_DISPLAY: DisplayState.OFF,
                DisplayEvent.LIFTED: DisplayState.DATA,
            },
            stay=frozenset({DisplayEvent.LOWERED}),
            timer=DISPLAY_BURST,
            due=DisplayEvent.BURST_OVER,
            meaning="It rings, too briefly to be a call.",
        ),
        DisplayState.DATA: Row(
            {
                **_STOP,
                DisplayEvent.LOWERED: DisplayState.OFF,
                DisplayEvent.STAYS: DisplayState.OFF,
            },
            stay=frozenset({DisplayEvent.LIFTED}),
            timer=DISPLAY_HOLDS,
            due=DisplayEvent.STAYS,
            meaning="The loop is closed for the data.",
        ),
    },
)


class DisplayRing:
    """Rings one handset's display; `rings` when it may ring, `answered` when somebody holds it."""

    def __init__(
        self,
        port: StationPort,
        channel: Channel,
        queue: TimerQueue,
        rings: Callable[[Caller], None],
        answered: Callable[[], None],
    ) -> None:
        self._port, self._channel = port, channel
        self._rings, self._answered = rings, answered
        self._caller, self._left = Caller(), 0
        self.machine = Machine(DISPLAY_ACTIONS, self, port.name, queue, moves=logging.DEBUG)

    @property
    def busy(self) -> bool:
        """Whether the handset does not ring yet."""
        return self.machine.state is not DisplayState.OFF

    def start(self, caller: Caller) -> None:
        """Begin, with the line's reversal."""
        self._caller, self._left = caller, BURSTS
        self.machine.event(DisplayEvent.START)

    def stop(self) -> None:
        """It is not to ring any more; forward battery is back on the line."""
        self.machine.event(DisplayEvent.STOP)

    def takes(self, off_hook: bool) -> bool:
        """Handle the hook; False if it is for others."""
        if not self.busy:
            return False
        return self.machine.event(DisplayEvent.LIFTED if off_hook else DisplayEvent.LOWERED)

    # Actions.

    def _reverse(self) -> None:
        self._port.feed(Feed.REVERSED)

    def _burst(self) -> None:
        if not self._left:
            self.machine.event(DisplayEvent.NO_DISPLAY)
            return
        self._left -= 1
        self._port.feed(Feed.RINGING)

    def _send(self) -> None:
        self._reverse()
        data = dsp.fsk_message(display_message(self._caller), Modem.V23_NTT, seizure=False)
        self._channel.play([SilenceSource(LEAD_MS), PcmSource(data)], lambda _: None)

    def _ring(self) -> None:
        self._end()
        self._rings(self._caller)

    def _talk(self) -> None:
        self._end()
        self._answered()

    def _end(self) -> None:
        self._channel.stop()
        self._port.feed(Feed.ACTIVE)


DISPLAY_ACTIONS = Actions[DisplayRing, DisplayState, DisplayEvent](
    DISPLAY,
    {
        DisplayEvent.START: DisplayRing._reverse,
        DisplayEvent.PAUSE_OVER: DisplayRing._burst,
        DisplayEvent.BURST_OVER: DisplayRing._reverse,
        DisplayEvent.LIFTED: DisplayRing._send,
        DisplayEvent.NO_DISPLAY: DisplayRing._ring,
        DisplayEvent.LOWERED: DisplayRing._ring,
        DisplayEvent.STAYS: DisplayRing._talk,
        (DisplayState.PAUSE, DisplayEvent.STOP): DisplayRing._end,
        (DisplayState.BURST, DisplayEvent.STOP): DisplayRing._end,
        (DisplayState.DATA, DisplayEvent.STOP): DisplayRing._end,
    },
)
