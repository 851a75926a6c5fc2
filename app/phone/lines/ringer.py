"""Ringing a handset: cadence, and caller ID between the first bursts [GR-30]."""

from collections.abc import Callable

from app.core.timers import RunningTimer, TimerQueue, periods
from app.phone.calls.line import Caller
from app.phone.lines.caller_id import caller_message
from app.phone.sound import dsp
from app.phone.sound.mixer import Channel
from app.phone.sound.player import PcmSource
from app.phone.timers import CALLER_ID_LEAD, CALLER_ID_TAIL
from drivers.buses import PERIOD, Samples
from drivers.countries import Country
from drivers.ports import Feed, StationPort


class Ringer:
    """Rings one station until stop().

    Caller ID is sent once, in the first silence that is long enough and in which the caller is
    known. `date` gives MMDDHHMM of local time, which telephones show with the number.
    """

    def __init__(
        self,
        port: StationPort,
        channel: Channel,
        queue: TimerQueue,
        country: Country,
        date: Callable[[], str],
    ) -> None:
        self._port, self._channel, self._queue = port, channel, queue
        self._cadence = tuple(periods(ms) for ms in country.ringing.cadence_ms)
        self._date, self._modem = date, country.modem
        self._step: RunningTimer | None = None
        self._lead: RunningTimer | None = None
        self._place = 0
        self._silence_until = 0
        self._may_send_from = 0
        self._message: Samples | None = None
        self._sent = False

    def start(self, caller: Caller) -> None:
        """Begin with a burst."""
        self._place, self._sent, self._message = 0, False, None
        self._silence_until = self._may_send_from = 0
        if caller != Caller():
            self.caller_known(caller)
        self._turn()

    def stop(self) -> None:
        """Stop; battery is back on the line for talking or resting."""
        for due in (self._step, self._lead):
            if due is not None:
                due.cancel()
        self._step = self._lead = None
        self._channel.stop()
        self._port.feed(Feed.ACTIVE)

    def caller_known(self, caller: Caller) -> None:
        """Show this caller as soon as the line may carry data."""
        if self._message is None:
            self._message = dsp.fsk_message(caller_message(caller, self._date()), self._modem)
            if self._queue.now >= self._may_send_from > 0:
                self._send()

    def _turn(self) -> None:
        length = self._cadence[self._place]
        self._step = self._queue.after(length, self._turn)
        ringing = self._place % 2 == 0
        self._place = (self._place + 1) % len(self._cadence)
        if ringing:
            self._may_send_from = 0
            self._port.feed(Feed.RINGING)
        else:
            self._port.feed(Feed.ON_HOOK_AUDIO)
            self._silence_until = self._queue.now + length
            self._may_send_from = self._queue.now + CALLER_ID_LEAD.periods
            self._lead = self._queue.after(CALLER_ID_LEAD.periods, self._send)

    def _send(self) -> None:
        if self._message is None or self._sent:
            return
        takes = len(self._message) // PERIOD + 1 + CALLER_ID_TAIL.periods
        if self._queue.now + takes <= self._silence_until:
            self._sent = True
            self._channel.play([PcmSource(self._message)], lambda _: None)
