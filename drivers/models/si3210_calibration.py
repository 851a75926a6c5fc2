"""The Si3210's self-calibrations: how long they take, what disturbs them, what they leave.

[Si3215 DS, calibration]
"""

from collections.abc import Callable
from random import Random

from drivers.models.faults import Fault
from drivers.models.loops import StationLoop
from drivers.models.si3210_registers import (
    CALIBRATE_1,
    CALIBRATE_2,
    COMMON_MODE_FAILED,
    DC_DELAY,
    PEAK_CAL,
    RING_GAIN_CAL,
    TIP_GAIN_CAL,
)

START = 0x40
FAST_SETTLE = 0x20
COMMON_MODE = 0x01  # in CALIBRATE_2
MEASURE_PERIODS, SETTLE_PERIODS, FAST_SETTLE_PERIODS, LATE_PERIODS = 30, 30, 3, 300
PEAK_PERIODS = 2


class Calibration:
    """Both calibrations of one chip: of the line circuit, and of the converter's peak current."""

    def __init__(
        self,
        registers: bytearray,
        random: Random,
        loop: StationLoop,
        faults: set[Fault],
        interrupt: Callable[[tuple[int, int]], None],
    ) -> None:
        self._r, self._loop, self._faults, self._interrupt = registers, loop, faults, interrupt
        self.balance = (random.randrange(6, 14), random.randrange(6, 14))
        """Gain settings at which this chip's RING and TIP transistors are in balance."""
        self._peak = random.randrange(4, 12)
        self._left = self._peak_left = 0

    def reset(self) -> None:
        """Nothing runs."""
        self._left = self._peak_left = 0

    @property
    def busy(self) -> bool:
        """Whether anything runs."""
        return bool(self._left or self._peak_left)

    def start(self) -> None:
        """The driver set CAL."""
        if not (self._r[CALIBRATE_1] & 0x1F or self._r[CALIBRATE_2]):
            self._left = 1
            return
        settle = FAST_SETTLE_PERIODS if self._r[CALIBRATE_1] & FAST_SETTLE else SETTLE_PERIODS
        late = LATE_PERIODS if Fault.LATE_CALIBRATION in self._faults else 0
        self._left = settle + MEASURE_PERIODS + late

    def start_peak(self) -> None:
        """The driver set DCCAL."""
        self._peak_left = PEAK_PERIODS

    def step(self) -> None:
        """A period passes."""
        if self._peak_left:
            self._peak_left -= 1
            if not self._peak_left:
                self._r[DC_DELAY] &= 0x7F
                self._r[PEAK_CAL] = self._peak
        if not self._left:
            return
        if self._r[CALIBRATE_2] & COMMON_MODE and self._loop.ohms is not None:
            self._left = 0
            self._r[CALIBRATE_1] = 0  # the whole byte, as the open drivers expect it
            self._interrupt(COMMON_MODE_FAILED)
            return
        self._left -= 1
        if not self._left:
            self._finish()

    def _finish(self) -> None:
        """Results appear, and all request bits clear themselves."""
        ring, tip = self.balance
        if self._r[CALIBRATE_1] & 0x10:
            self._r[RING_GAIN_CAL] = ring
        if self._r[CALIBRATE_1] & 0x08:
            self._r[TIP_GAIN_CAL] = tip
        if self._r[CALIBRATE_1] & 0x07:
            self._r[100], self._r[101], self._r[102] = 0x12, 0x0F, 0x07
        if self._r[CALIBRATE_2]:
            self._r[103], self._r[104], self._r[105] = 0x97, 0x02, 0xFE
        self._r[CALIBRATE_1] = self._r[CALIBRATE_2] = 0
