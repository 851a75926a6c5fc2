"""Reading who calls from an outside line, by what its country sends.

FSK data [GR-30; ETSI EN 300 659-1] or DTMF digits [ETSI EN 300 659-1, annex B].
"""

from collections.abc import Callable

from app.core.timers import TimerQueue
from app.phone.calls.line import Caller
from app.phone.lines import caller_id
from app.phone.sound.mixer import Channel
from app.phone.timers import CALLER_DIGITS
from drivers.countries.base import Country, Modem


class CallerReader:
    """Tells `known` each caller that the line names between begin() and end()."""

    def __init__(
        self, channel: Channel, queue: TimerQueue, where: Country, known: Callable[[Caller], None]
    ) -> None:
        service = where.caller_id
        self._by_digits = service is not None and service.modem is Modem.DTMF
        self._channel, self._queue, self._known = channel, queue, known
        self._modem = service.modem if service is not None and not self._by_digits else where.modem
        self._digits = ""
        self._heard_at = 0  # period of the latest digit

    def begin(self) -> None:
        """Listen from now on."""
        self._digits = ""
        if self._by_digits:
            self._channel.listen(self._digit)
        else:
            self._channel.receive(self._message, self._modem)

    def end(self) -> None:
        """Listen no longer: a burst of ringing would be heard as data, and a call has its own."""
        if self._by_digits:
            self._channel.listen(None)
        else:
            self._channel.receive(None)

    def _message(self, message: bytes) -> None:
        self._tell(caller_id.parse(message))

    def _digit(self, digit: str) -> None:
        """Collect digits: those of one caller follow each other closely."""
        now = self._queue.now
        if now - self._heard_at > CALLER_DIGITS.periods:
            self._digits = ""
        self._heard_at = now
        self._digits = (self._digits + digit)[-MOST_KEPT:]
        if digit in caller_id.END_CODES:
            text, self._digits = self._digits, ""
            self._tell(caller_id.parse_digits(text))

    def _tell(self, caller: Caller | None) -> None:
        if caller is not None:
            self._known(caller)


MOST_KEPT = 3 * (caller_id.MOST_DIGITS + 1) + 1
"""Digits of a caller: up to three numbers or reasons with their codes, and the end."""
