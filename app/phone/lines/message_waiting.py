"""A handset's message-waiting lamp, by data and by what lies on the line of a telephone at rest.

Data are VMWI, an FSK message on the line as caller ID is, but without ringing [GR-30], and behind
an alerting signal where telephones have the modem of ETSI EN 300 659-1. Other telephones light
their lamp by turned polarity, or have a neon lamp for some 90 V: that is on the line for as long as
messages wait and nobody needs the line.
"""

import logging
from collections.abc import Callable, Collection
from enum import StrEnum

import numpy as np

from app.core.fsm import Actions, Machine, Row, Table
from app.core.timers import TimerQueue
from app.phone.config import ALL, Lamps
from app.phone.jobs import JobFailed
from app.phone.lines.caller_id import waiting_message
from app.phone.lines.caller_signal import alerting
from app.phone.sound import dsp
from app.phone.sound.mixer import Channel
from app.phone.sound.player import PcmSource, SilenceSource
from app.phone.timers import VMWI_PAUSE, VMWI_REFRESH, VMWI_TAIL
from drivers.countries.base import Modem
from drivers.ports import Feed, StationPort

ALL_LAMPS = Lamps()


def named(jack: str, jacks: Collection[str]) -> bool:
    """Whether a handset's jack is among these, or all are meant."""
    return jack in jacks or ALL in jacks


def _resting(jack: str, lamps: Lamps) -> Feed:
    """What lies on this handset's line at rest while messages wait."""
    if named(jack, lamps.neon):
        return Feed.NEON
    return Feed.REVERSED if named(jack, lamps.polarity) else Feed.ACTIVE


class VmwiState(StrEnum):
    """States of sending VMWI."""

    LINE_BUSY = "line busy"
    AT_REST = "at rest"
    PAUSE = "pause"
    SENDING = "sending"


class VmwiEvent(StrEnum):
    """Events of sending VMWI."""

    LINE_TAKEN = "line taken"
    LINE_FREE = "line free"
    CHANGED = "count changed"
    OUTDATED = "lamp outdated"
    PAUSE_OVER = "pause over"
    SENT = "sent"
    REFRESH = "refresh due"


_TAKEN = {VmwiEvent.LINE_TAKEN: VmwiState.LINE_BUSY}

VMWI: Table[VmwiState, VmwiEvent] = Table(
    "message waiting",
    {
        VmwiState.LINE_BUSY: Row(
            {VmwiEvent.LINE_FREE: VmwiState.AT_REST},
            stay=frozenset({VmwiEvent.CHANGED, VmwiEvent.LINE_TAKEN}),
            meaning="The line is down, rings or is off hook.",
        ),
        VmwiState.AT_REST: Row(
            {
                **_TAKEN,
                VmwiEvent.OUTDATED: VmwiState.PAUSE,
                VmwiEvent.REFRESH: VmwiState.AT_REST,
            },
            stay=frozenset({VmwiEvent.CHANGED, VmwiEvent.LINE_FREE}),
            timer=VMWI_REFRESH,
            due=VmwiEvent.REFRESH,
            meaning="The lamp shows what it should.",
        ),
        VmwiState.PAUSE: Row(
            {**_TAKEN, VmwiEvent.PAUSE_OVER: VmwiState.SENDING},
            stay=frozenset({VmwiEvent.CHANGED, VmwiEvent.LINE_FREE}),
            timer=VMWI_PAUSE,
            due=VmwiEvent.PAUSE_OVER,
            meaning="The telephone comes to rest.",
        ),
        VmwiState.SENDING: Row(
            {**_TAKEN, VmwiEvent.SENT: VmwiState.AT_REST},
            stay=frozenset({VmwiEvent.CHANGED, VmwiEvent.LINE_FREE}),
            meaning="VMWI is on the line; what is cut off is sent again later.",
        ),
    },
)


class MessageWaiting:
    """Shows on one telephone whether messages wait, whenever its line is free for it.

    Nothing is sent before it is known whether messages wait. Then VMWI is sent in any case, because
    the telephone's lamp is unknown; also after its line was down, because a telephone that lives on
    the line's supply forgets, and now and then, because it may have been changed for another one.
    What was sent while periods were lost may not have been understood, and is sent again; `lost`
    counts them.
    """

    def __init__(
        self,
        port: StationPort,
        channel: Channel,
        queue: TimerQueue,
        modem: Modem,
        lost: Callable[[], int] = lambda: 0,
        lamps: Lamps = ALL_LAMPS,
    ) -> None:
        self._port, self._channel, self._modem, self._lost = port, channel, modem, lost
        self._sends, self._rests_on = named(port.name, lamps.fsk), _resting(port.name, lamps)
        self._single = named(port.name, lamps.sdmf)
        self._rest = Feed.ACTIVE
        self._wanted: bool | None = None
        self._sending = False
        self._lost_before = 0
        self._shown: bool | None = None
        self.machine = Machine(VMWI_ACTIONS, self, port.name, queue, moves=logging.DEBUG)

    def set(self, waiting: bool) -> None:
        """Show whether messages wait, from now on."""
        self._wanted = waiting
        self.machine.event(VmwiEvent.CHANGED)

    def forget(self) -> None:
        """What the telephone shows is unknown again."""
        self._shown = None

    def line_free(self) -> None:
        """The handset is on hook and nothing is wanted of it."""
        self.machine.event(VmwiEvent.LINE_FREE)

    def line_taken(self) -> None:
        """The line is needed for something else."""
        self.machine.event(VmwiEvent.LINE_TAKEN)

    # Actions.

    def _compare(self) -> None:
        self._light()
        if self._sends and self._wanted is not None and self._wanted != self._shown:
            self.machine.event(VmwiEvent.OUTDATED)

    def _light(self) -> None:
        """Put on the resting line what this telephone's lamp needs, if it is not there."""
        rest = self._rests_on if self._wanted else Feed.ACTIVE
        if rest is not self._rest:
            self._rest = rest
            self._port.feed(rest)

    def _extinguish(self) -> None:
        """The line is needed: forward battery, as everything else expects it."""
        if self._rest is not Feed.ACTIVE:
            self._rest = Feed.ACTIVE
            self._port.feed(Feed.ACTIVE)

    def _refresh(self) -> None:
        self.forget()
        self._compare()

    def _send(self) -> None:
        self._rest = Feed.ACTIVE  # what lies there after it
        self._port.feed(Feed.ON_HOOK_AUDIO)
        self._sending = bool(self._wanted)
        self._lost_before = self._lost()
        samples = dsp.fsk_message(waiting_message(self._sending, self._single), self._modem)
        if self._modem is Modem.V23:  # data without ringing are announced [ETSI EN 300 659-1]
            samples = np.concatenate((alerting(), samples))
        tail = SilenceSource(VMWI_TAIL.ms)  # samples on their way must find the line open
        self._channel.play([PcmSource(samples), tail], self._on_played)

    def _on_played(self, _: JobFailed | None) -> None:
        self.machine.event(VmwiEvent.SENT)

    def _sent(self) -> None:
        self._shown = self._sending if self._lost() == self._lost_before else None
        self._port.feed(Feed.ACTIVE)
        self._compare()

    def _cut_off(self) -> None:
        self._channel.stop()
        self._port.feed(Feed.ACTIVE)


VMWI_ACTIONS = Actions[MessageWaiting, VmwiState, VmwiEvent](
    VMWI,
    {
        VmwiEvent.LINE_FREE: MessageWaiting._compare,
        (VmwiState.AT_REST, VmwiEvent.LINE_TAKEN): MessageWaiting._extinguish,
        (VmwiState.PAUSE, VmwiEvent.LINE_TAKEN): MessageWaiting._extinguish,
        (VmwiState.AT_REST, VmwiEvent.CHANGED): MessageWaiting._compare,
        (VmwiState.PAUSE, VmwiEvent.CHANGED): MessageWaiting._light,
        VmwiEvent.REFRESH: MessageWaiting._refresh,
        VmwiEvent.PAUSE_OVER: MessageWaiting._send,
        VmwiEvent.SENT: MessageWaiting._sent,
        (VmwiState.SENDING, VmwiEvent.LINE_TAKEN): MessageWaiting._cut_off,
    },
)
