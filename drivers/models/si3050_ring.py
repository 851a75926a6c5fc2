"""How the Si3050 sees ringing: halves of each cycle, a detector, and a validation of both.

[Si3050 DS, ring detection and ring validation]

What RDT does at the end of a burst is told in two ways, so the model does either. A step of the
line's voltage trips the comparators too [DS p36]. Times count in periods of 10 ms. Ring delay
(RDLY) is taken as 256 ms a step [unverified].
"""

from enum import Enum
from math import pi, sin, sqrt

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
TRIP_MS = 30
"""For so long a step of the line's voltage is taken for a half wave [assumption]."""

POSITIVE, NEGATIVE = 0x20, 0x40  # RDTP, RDTN


class RdtKind(Enum):
    """What the bit RDT is, with ring validation on."""

    VALIDATED = "the validated burst: it drops RTO after the last ring"
    ONE_SHOT = "set by whatever trips the comparators, for 5 s from the last time [DS p27]"
    EACH_PULSE = "as ONE_SHOT, and RDTI is latched by each half wave"


class RingDetectorModel:
    """Watches one line's ringing voltage."""

    def __init__(self, registers: bytearray, loop: TrunkLoop) -> None:
        self._r, self._loop = registers, loop
        self.kind = RdtKind.VALIDATED
        self.reset()

    def reset(self) -> None:
        """Nothing seen."""
        self.detected = False
        """RDT."""
        self._in_burst = False
        self._seen_ms = self._gap_ms = self._trip_ms = 0
        self._tripped = 0

    @property
    def idle(self) -> bool:
        """Whether there is nothing to watch or to forget."""
        return not (self._loop.ring_vrms or self.detected or self._in_burst or self._trip_ms)

    def off_hook(self) -> None:
        """The line is seized: RDT drops at once [DS p27], and what was seen is forgotten."""
        self.reset()

    def stepped(self, volts: float) -> None:
        """The voltage of the line on hook changed by so much (V) at once."""
        if abs(volts) > sqrt(2) * self._threshold():
            self._trip_ms = TRIP_MS
            self._tripped = POSITIVE if volts > 0 else NEGATIVE

    def volts(self, now: float) -> float:
        """The ringing voltage at this sample."""
        loop = self._loop
        if not loop.ring_vrms:
            return 0.0
        since = (now - loop.ring_since) / SAMPLE_RATE
        return sqrt(2) * loop.ring_vrms * sin(2 * pi * loop.hertz * since)

    def halves(self, now: float) -> int:
        """RDTP or RDTN at this sample: which half of the wave exceeds the threshold."""
        if self._trip_ms:
            return self._tripped
        height = self.volts(now)
        if abs(height) <= sqrt(2) * self._threshold():
            return 0
        return POSITIVE if height > 0 else NEGATIVE

    def step(self) -> tuple[bool, bool]:
        """A period passes; says (a ring began, a ring ended)."""
        self._trip_ms = max(0, self._trip_ms - PERIOD_MS)
        if not self._active():
            return False, self._pause()
        self._gap_ms = 0
        self._seen_ms += PERIOD_MS
        if self._in_burst:
            return self.kind is RdtKind.EACH_PULSE and self._half_begins(), False
        if self._seen_ms < self._needed_ms():
            return False, False
        self._in_burst = self.detected = True
        return True, False

    def _active(self) -> bool:
        if self._loop.ring_vrms > self._threshold() and self._frequency_passes():
            return True
        return bool(self._trip_ms) and not self._validates()

    def _half_begins(self) -> bool:
        """Whether a half wave has begun in the period that ends now."""
        halves = 2 * self._loop.hertz * self._seen_ms / 1000
        return int(halves) != int(halves - 2 * self._loop.hertz * PERIOD_MS / 1000)

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
        """RMS of the softest sine that counts: its peak is the comparators' threshold."""
        return THRESHOLD_VRMS[self._r[INTERNATIONAL_1] & 1, self._r[INTERNATIONAL_2] >> 4 & 1]

    def _validates(self) -> bool:
        return self.kind is RdtKind.VALIDATED and bool(self._r[VALIDATION_3] & 0x80)

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
