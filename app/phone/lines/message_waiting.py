"""A handset's message-waiting lamp: an FSK message to the resting telephone (VMWI) [GR-30]."""

from app.core.timers import RunningTimer, TimerQueue
from app.phone.lines.caller_id import waiting_message
from app.phone.sound import dsp
from app.phone.sound.mixer import Channel
from app.phone.sound.player import PcmSource, SilenceSource
from app.phone.timers import LAMP_PAUSE, LAMP_TAIL
from drivers.countries.base import Modem
from drivers.ports import Feed, StationPort


class MessageWaiting:
    """Tells one telephone whether messages wait, whenever the line has rest for it.

    At the start the telephone's lamp is unknown, so it is told in any case.
    """

    def __init__(
        self, port: StationPort, channel: Channel, queue: TimerQueue, modem: Modem
    ) -> None:
        self._port, self._channel, self._queue, self._modem = port, channel, queue, modem
        self._wanted = False
        self._told: bool | None = None
        self._resting = False
        self._telling = False
        self._due: RunningTimer | None = None

    def set(self, waiting: bool) -> None:
        """Whether messages wait, from now on."""
        self._wanted = waiting
        self._plan()

    def rest(self) -> None:
        """The line has come to rest."""
        self._resting = True
        self._plan()

    def busy(self) -> None:
        """The line is needed: what was not told completely is told again later."""
        self._resting = False
        if self._due is not None:
            self._due.cancel()
            self._due = None
        if self._telling:
            self._telling = False
            self._channel.stop()
            self._port.feed(Feed.ACTIVE)

    def _plan(self) -> None:
        idle = self._resting and self._due is None and not self._telling
        if idle and self._wanted != self._told:
            self._due = self._queue.after(LAMP_PAUSE.periods, self._tell)

    def _tell(self) -> None:
        self._due, self._telling = None, True
        self._port.feed(Feed.ON_HOOK_AUDIO)
        telling = self._wanted
        samples = dsp.fsk_message(waiting_message(telling), self._modem)
        tail = SilenceSource(LAMP_TAIL.ms)  # samples on their way must find the line open
        self._channel.play([PcmSource(samples), tail], lambda _: self._ended(telling))

    def _ended(self, telling: bool) -> None:
        self._telling = False
        self._told = telling
        self._port.feed(Feed.ACTIVE)
        self._plan()
