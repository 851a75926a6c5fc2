"""How the Si3050 sees ringing: halves of each cycle, a detector, and a validation of both.

[Si3050 DS, ring detection and ring validation]

Times count in periods of 10 ms. Ring delay (RDLY) is taken as 256 ms a step [unverified].
"""

from math import pi, sin

from drivers.buses import SAMPLE_RATE
from drivers.models.loops import TrunkLoop
from drivers.models.si3050_registers import (
    CONFIRMATION_MS,
    INTERNATIONAL_1,
    INTERNATIONAL_2,
    THRESHOLD_VRMS,
    VALIDATION_1,
    VALIDATION_2,
    VALIDATION_3,
)
from drivers.sampling import PERIOD_MS

UNVALIDATED_HOLD_MS = 5_000
"""RDT stays this long after the last ring without validation (4.5 to 9 s)."""
BURST_OVER_MS = 60
"""No ringing for longer than a half wave of 10 Hz: the burst is over."""

POSITIVE, NEGATIVE = 0x20, 0x40  # RDTP, RDTN


class RingDetectorModel:
    """Watches one line's ringing voltage."""

    def __init__(self, registers: bytearray, loop: TrunkLoop) -> None:
        self._r, self._loop = registers, loop
        self.reset()

    def reset(self) -> None:
        """Nothing seen."""
        self.detected = False
        """RDT."""
        self._in_burst = False
        self._seen_ms = self._gap_ms = 0

    @property
    def idle(self) -> bool:
        """Whether there is nothing to watch or to forget."""
        return not (self._loop.ring_vrms or self.detected or self._in_burst)

    def halves(self, now: float) -> int:
        """RDTP or RDTN at this sample: which half of the wave exceeds the threshold."""
        vrms = self._loop.ring_vrms
        if not vrms:
            return 0
        since = (now - self._loop.ring_since) / SAMPLE_RATE
        height = vrms * sin(2 * pi * self._loop.hertz * since)
        if abs(height) < self._threshold():
            return 0
        return POSITIVE if height > 0 else NEGATIVE

    def step(self) -> tuple[bool, bool]:
        """A period passes; says (a ring began, a ring ended)."""
        if self._loop.ring_vrms > self._threshold() and self._frequency_passes():
            self._gap_ms = 0
            self._seen_ms += PERIOD_MS
            if self._in_burst or self._seen_ms < self._needed_ms():
                return False, False
            self._in_burst = self.detected = True
            return True, False
        return False, self._pause()

    def _pause(self) -> bool:
        self._seen_ms = 0
        self._gap_ms += PERIOD_MS
        if self._gap_ms > self._hold_ms():
            self.detected = False
        over = self._in_burst and self._gap_ms > BURST_OVER_MS
        if over:
            self._in_burst = False
        return over

    def _threshold(self) -> float:
        return THRESHOLD_VRMS[self._r[INTERNATIONAL_1] & 1, self._r[INTERNATIONAL_2] >> 4 & 1]

    def _validates(self) -> bool:
        return bool(self._r[VALIDATION_3] & 0x80)

    def _needed_ms(self) -> int:
        if not self._validates():
            return PERIOD_MS
        delay = self._r[VALIDATION_1] >> 6 | self._r[VALIDATION_2] >> 5 & 4
        return CONFIRMATION_MS[self._r[VALIDATION_2] & 7] + 256 * delay

    def _hold_ms(self) -> int:
        if not self._validates():
            return UNVALIDATED_HOLD_MS
        return 128 * (self._r[VALIDATION_2] >> 3 & 0xF)

    def _frequency_passes(self) -> bool:
        """RAS is the longest half wave in 2 ms, RAS − RMX the shortest; 20 Hz is 12.5 of them."""
        if not self._validates():
            return True
        longest = self._r[VALIDATION_3] & 0x3F
        half_wave = 1000 / self._loop.hertz / 2 / 2
        return longest - (self._r[VALIDATION_1] & 0x3F) <= half_wave <= longest
