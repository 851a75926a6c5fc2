"""An analog telephone on a station line, and what a person does with it."""

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from drivers.buses import PERIOD, SAMPLE_RATE, Samples
from drivers.countries.base import CallerIdService, DigitCodes, Modem
from drivers.models.caller_signal import caller_of_digits, ntt_caller_of
from drivers.models.dtmf import DtmfReceiver
from drivers.models.fsk import (
    SDMF_CALLER_ID,
    SDMF_WAITING,
    CallerId,
    caller_id_of,
    demodulate,
    lamp_of,
    octets_of,
)
from drivers.models.loops import OFF_HOOK_OHMS, StationLoop
from drivers.models.party import Party

BELL_VRMS = 40.0
"""A bell needs at least this [hardware facts, ring voltage at the phone]."""
BELL_HERTZ = (15.0, 70.0)
NEON_VRMS = 65.0
"""A neon lamp strikes at about this; ringing flashes it, too."""
FLASH_MS = 500
PULSE_BREAK_MS, PULSE_MAKE_MS, PULSE_PAUSE_MS = 60, 40, 750
DATA_LEAST = SAMPLE_RATE // 5
"""On-hook sound shorter than 200 ms is no data."""
DATA_MOST = 4 * SAMPLE_RATE
BELLS_KEPT = 1000
"""Beginnings and ends of ringing that are remembered: a telephone may ring for weeks."""


@dataclass(frozen=True, slots=True)
class Bell:
    """The bell began or stopped, at this sample."""

    at: int
    ringing: bool


ALERT_HZ = (2130.0, 2750.0)
ALERT_LEAST = 6
"""The alerting signal lasts for so many periods at least [GR-30: 80 ms, ± tolerance]."""
SECOND_DATA_PERIODS = 120
"""After its answer a telephone waits so long for data, and its user hears nothing."""


@dataclass(slots=True)
class SecondCallerDisplay:
    """Type II caller ID: what a telephone does that shows who calls during a call [GR-575]."""

    alerted: int = 0
    """Periods of the alerting signal heard so far."""
    data: list[Samples] = field(default_factory=list)
    waits: int = 0
    """Periods that are left for the data."""

    def hear(self, row: Samples) -> bool:
        """Take a period; True when the alerting signal is over and is to be answered."""
        if self.waits:
            self.waits -= 1
            self.data.append(row)
            return False
        time = np.arange(len(row)) / SAMPLE_RATE
        parts = [abs(np.dot(row, np.exp(-2j * np.pi * hz * time))) / len(row) for hz in ALERT_HZ]
        rms = float(np.sqrt(np.mean(np.square(row, dtype=np.float64))))
        if rms > 100 and min(parts) > 0.4 * rms:
            self.alerted += 1
            return False
        answers, self.alerted = self.alerted >= ALERT_LEAST, 0
        if answers:
            self.waits, self.data = SECOND_DATA_PERIODS, []
        return answers


DISPLAY_AFTER_PERIODS, DISPLAY_PERIODS = 20, 130
"""A number display closes the loop 200 ms after a burst began, and opens it again after the data,
for which it waits 1.3 s at most."""


class Telephone(Party):
    """Lift it, dial, speak, listen; it rings, shows the caller and has a message lamp."""

    def __init__(
        self,
        name: str,
        loop: StationLoop,
        modem: Modem = Modem.BELL_202,
        service: CallerIdService | None = None,
    ) -> None:
        """`modem` is that of its data; `service` is how its country shows who calls."""
        super().__init__(name)
        self._loop, self._modem = loop, modem
        by_digits = service is not None and service.modem is Modem.DTMF
        self._codes = service.digits if service is not None and by_digits else None
        self._keys, self._pressed = DtmfReceiver(), ""
        self._hook_plan: deque[tuple[int, bool]] = deque()
        self._data: list[Samples] = []
        self.off_hook = False
        self.ringing = False
        """The bell sounds right now."""
        self.bells: deque[Bell] = deque(maxlen=BELLS_KEPT)
        """The last beginnings and ends of ringing: the cadence."""
        self.lamp = False
        """The message-waiting lamp, set by FSK messages on the idle line."""
        self._neon_at: int | None = None
        self._now = 0
        self.caller_id: CallerId | None = None
        """The last caller ID received."""
        self.second_display: SecondCallerDisplay | None = None
        """Set for a telephone that shows who calls during a call, too."""
        self.number_display = False
        """Whether it has a number display as in Japan, which closes the loop for the data."""
        self._display_rung = -1
        """Periods of a burst on a line that was reversed; -1: it was not."""
        self._display_data: list[Samples] | None = None
        """What the display has heard since it closed the loop; None: the loop is not its."""
        self.single_only = False
        """Whether it understands data of the oldest form only (SDMF)."""

    @property
    def handling(self) -> bool:
        """Whether a flash or pulses are still being made."""
        return bool(self._hook_plan)

    @property
    def neon(self) -> bool:
        """A neon lamp flashes: it was lit within the last half second."""
        return self._neon_at is not None and self._now - self._neon_at < SAMPLE_RATE // 2

    @property
    def reversed(self) -> bool:
        """The line's polarity is turned round, by which some telephones light their lamp."""
        return self._loop.volts < 0

    @property
    def lit(self) -> bool:
        """A lamp for waiting messages shines, whichever way this telephone's is lit."""
        return self.lamp or self.neon or self.reversed

    @property
    def powered(self) -> bool:
        """Whether the line feeds us at all."""
        return self._loop.volts != 0 or self._loop.ring_vrms > 0

    # ------------------------------------------------------------------ what a person does

    def lift(self) -> None:
        """Take the handset off its hook."""
        self._hook_plan.clear()
        self._set_hook(True)

    def hang_up(self) -> None:
        """Put the handset back; what was being said ends, recordings are closed."""
        self._hook_plan.clear()
        self._play_queue.stop()
        self._set_hook(False)
        self.close_recordings()

    def flash(self, ms: int = FLASH_MS) -> None:
        """Press the hook for a moment (in steps of 10 ms)."""
        self._hook_plan.append((ms // 10, False))
        self._hook_plan.append((1, True))

    def dial_pulses(self, digits: str) -> None:
        """Dial with a rotary dial: n breaks for digit n, ten for 0. Raises ValueError."""
        for digit in digits:
            if digit not in "0123456789":
                raise ValueError(f"{digit!r} is not on a rotary dial")
            for _ in range(int(digit) or 10):
                self._hook_plan.append((PULSE_BREAK_MS // 10, False))
                self._hook_plan.append((PULSE_MAKE_MS // 10, True))
            self._hook_plan.append((PULSE_PAUSE_MS // 10, True))

    def _set_hook(self, off_hook: bool) -> None:
        self.off_hook = off_hook
        self._loop.load(OFF_HOOK_OHMS if off_hook else None)

    # ------------------------------------------------------------------ a period passes

    def move(self, now: int) -> None:
        """Flash and pulses go on, the bell follows the line; `now` is the number of the sample."""
        if self._hook_plan:
            left, off_hook = self._hook_plan.popleft()
            if off_hook != self.off_hook:
                self._set_hook(off_hook)
            if left > 1:
                self._hook_plan.appendleft((left - 1, off_hook))
        low, high = BELL_HERTZ
        loop = self._loop
        self._now = now
        if loop.ring_vrms >= NEON_VRMS and not self.off_hook:
            self._neon_at = now
        ringing = loop.ring_vrms >= BELL_VRMS and low <= loop.hertz <= high and not self.off_hook
        if self.number_display:
            self._ask_for_number(ringing)
        if ringing != self.ringing:
            self.ringing = ringing
            self.bells.append(Bell(now, ringing))

    def _ask_for_number(self, ringing: bool) -> None:
        """Close the loop in the first burst of a reversed line, and open it after the data."""
        if not ringing:
            self._display_rung = 0 if self.reversed else -1
        elif self._display_rung >= 0:
            self._display_rung += 1
        data = self._display_data
        if data is None and self._display_rung == DISPLAY_AFTER_PERIODS:
            self._display_data = []
            self._set_hook(True)
        elif data is not None and len(data) >= DISPLAY_PERIODS:
            octets = bytes(octets_of(np.concatenate(data), Modem.V23_NTT))
            self.caller_id = ntt_caller_of(octets) or self.caller_id
            self._display_data = None
            self._set_hook(False)

    def listen(self, row: Samples | None) -> None:
        """A period is heard; an alerting signal is answered by the key D, and data are shown."""
        super().listen(row)
        if self._display_data is not None:
            self._display_data.append(np.zeros(PERIOD, np.int16) if row is None else row)
        display = self.second_display
        if display is None or row is None or not self.off_hook:
            return
        if display.hear(row):
            self.dial("D")
        elif display.data and not display.waits:
            self._receive(np.concatenate(display.data))
            display.data = []

    def receive_on_hook(self, row: Samples | None) -> None:
        """A period of sound while the handset is on its hook: perhaps data for the display."""
        if self._codes is not None and (key := self._keys.hear(row)):
            self._pressed += key
            self._show_digits(self._codes)
        if row is not None and np.any(row) and len(self._data) * len(row) < DATA_MOST:
            self._data.append(row)
        elif self._data:
            samples = np.concatenate(self._data)
            self._data = []
            if len(samples) >= DATA_LEAST:
                self._receive(samples)

    def _show_digits(self, codes: DigitCodes) -> None:
        """Show who calls when their digits are complete; a new start code begins anew."""
        if self._pressed[-1] in ("A", "B", "D"):
            self._pressed = self._pressed[-1]
        found = caller_of_digits(codes, self._pressed)
        if found is not None:
            self.caller_id, self._pressed = found, ""

    def _receive(self, samples: Samples) -> None:
        for message in demodulate(samples, self._modem):
            if self.single_only and message[0] not in (SDMF_CALLER_ID, SDMF_WAITING):
                continue
            lamp = lamp_of(message)
            if lamp is not None:
                self.lamp = lamp
            self.caller_id = caller_id_of(message) or self.caller_id
