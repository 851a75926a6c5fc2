"""What the Si3210 puts on the two wires and measures there: battery, linefeed, hook, ring trip.

Ticks are those of the monitor converter: 800 Hz, 1.25 ms, eight in a period.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from drivers.line_supply import BATTERY_MOST
from drivers.models.faults import Fault
from drivers.models.loops import StationLoop
from drivers.models.si3210_indirect import IndirectRegisters
from drivers.models.si3210_registers import (
    AUTO_MANUAL,
    BATTERY_FEED,
    ENHANCE,
    ILIM,
    LCD,
    LCDI,
    LINEFEED,
    LOOP_CHANGED,
    POWER_DOWN_1,
    RAT_LOW,
    RING_ACTIVE_OVER,
    RING_INACTIVE_OVER,
    RING_OSC,
    RING_TRIP,
    RIT_LOW,
    RTDI,
    STATUS_2,
    VBATH,
    VBATL,
    VCM,
    VOC,
)

TICKS = 8
"""Monitor ticks in a period."""
RING_UNITS = 10
"""Ring timers count 125 µs: ten of them in a tick."""

OPEN, FORWARD, FORWARD_OHT, TIP_OPEN, RINGING, REVERSE, REVERSE_OHT, RING_OPEN = range(8)
ACTIVE = frozenset((FORWARD, REVERSE))
OHT = frozenset((FORWARD_OHT, REVERSE_OHT))
CLOSABLE = ACTIVE | OHT | {TIP_OPEN}
"""Where the loop detector works."""

RAMP_PERIODS, DECAY_PERIODS, LEAK_PERIODS = 6.0, 100.0, 5.0
"""Time constants of the battery voltage: 96 % after 190 ms; 45 V left 500 ms after switching off;
next to nothing then if it leaks [assumption within the data sheet's limits]."""
SETTLED_VOLTS = 0.05
OVERHEAD_VOLTS = 7.5
"""Ringing peaks stay this far below the battery voltage [Si3215 DS, ringing]."""
THRESHOLD_MA = 1.27
"""One step of the loop closure and ring trip thresholds, bits 14:9."""
SHORT_OHMS = 5.0
FOREIGN_VOLTS = 50.0
UNSUPPLIED = frozenset((Fault.NO_SUPPLY, Fault.BROWN_OUT))
HOT = frozenset((Fault.SHORT, Fault.POWER_ALARM))
ALARM_PERIODS = 5
"""A shorted line's transistors are too hot after 50 ms [assumption]."""


@dataclass(frozen=True, slots=True)
class RingSignal:
    """What the ring generator makes."""

    peak: float
    """Volts."""
    hertz: float
    """Frequency in Hz."""
    shape: float
    """Volts RMS for one volt peak."""


def ringing_of(rco: int, rngx: int, rngy: int, trapezoid: bool) -> RingSignal:
    """The ringing that the 16-bit values of the indirect registers `rco`, `rngx`, `rngy` make.

    [Si3215 DS, ringing]

    Sine, 1 kHz: c = RCO/2^15, f = acos(c)/2pi kHz, RNGX = sqrt((1-c)/(1+c))/4 · 2^15 · Vpk/96.
    Worked once: RCO 7EFD, RNGX 0177: c = 0.99210, f = 20.0 Hz; 0.0157 · 2^15 · Vpk/96 = 375 gives
    Vpk = 70 V.
    """
    if trapezoid:
        hertz = 4000.0 / rngy if rngy else 0.0
        return RingSignal(abs(rngx) / 2**15 * 96, hertz, 0.9)
    c = rco / 2**15
    if not 0 < c < 1:
        return RingSignal(0.0, 0.0, 0.7071)
    step = 0.25 * math.sqrt((1 - c) / (1 + c)) * 2**15 / 96
    return RingSignal(abs(rngx) / step, math.acos(c) * 1000 / (2 * math.pi), 0.7071)


class LineFeed:
    """Battery, linefeed state machine, loop closure and ring trip of one chip."""

    def __init__(
        self,
        registers: bytearray,
        indirect: IndirectRegisters,
        loop: StationLoop,
        faults: set[Fault],
        interrupt: Callable[[tuple[int, int]], None],
    ) -> None:
        self._r, self._indirect, self._loop = registers, indirect, loop
        self._faults, self._interrupt = faults, interrupt
        self.vbat = 0.0
        """Battery voltage below ground, as a positive number."""
        self.battery_most: float = BATTERY_MOST
        """So many volts the converter makes at most."""
        self.reset()

    def reset(self) -> None:
        """Linefeed open, nothing detected; the battery's capacitor keeps its charge."""
        self.state = OPEN
        self.loop_closed = False
        self.ring_trip = False
        self.quiet = False
        self._closed_ticks = self._trip_ticks = self._ring_left = self._hot = 0
        self.measure()

    def request(self, linefeed: int) -> None:
        """The driver writes LF, the code of a linefeed state [Si3215 DS, register 64]."""
        self.state = linefeed
        self._ring_left = self._timer(RAT_LOW)
        self.measure()

    # ------------------------------------------------------------------ what lies on the wires

    def measure(self) -> None:
        """Work out volts and milliamperes from the state and the load."""
        loop = self._loop
        loop.touched = False
        loop.ring_vrms = loop.hertz = loop.ma = loop.volts = 0.0
        self.quiet = False
        ohms = SHORT_OHMS if Fault.SHORT in self._faults else loop.ohms
        if self.state == RINGING:
            self._measure_ringing(ohms)
        elif self.state in ACTIVE or self.state in OHT:
            self._measure_battery(ohms)
        elif self.state == TIP_OPEN and loop.ground_ohms is not None:
            current = (self._r[VOC] & 0x3F) * 1500 / loop.ground_ohms
            loop.ma = min(current, 20.0 + 3 * self._r[ILIM])

    def _measure_ringing(self, ohms: float | None) -> None:
        loop, words = self._loop, self._indirect
        ring = ringing_of(
            words.signed("RCO"), words.signed("RNGX"), words["RNGY"], bool(self._r[RING_OSC] & 1)
        )
        loop.ring_vrms = min(ring.peak, max(self.vbat - OVERHEAD_VOLTS, 0.0)) * ring.shape
        loop.hertz = ring.hertz
        if ohms is None:
            capacity = 2 * math.pi * max(ring.hertz, 1.0) * 8e-6
            ohms = math.hypot(6930.0, 1 / capacity) / loop.ren
        loop.ma = min(loop.ring_vrms / ohms * 1000, 80.0)

    def _measure_battery(self, ohms: float | None) -> None:
        loop = self._loop
        voltage = min((self._r[VOC] & 0x3F) * 1.5, max(self.vbat - self._r[VCM] * 1.5, 0.0))
        if ohms is not None:
            loop.ma = min(voltage / ohms * 1000, 20.0 + 3 * self._r[ILIM])
            voltage = loop.ma * ohms / 1000
        loop.volts = voltage if self.state in (FORWARD, FORWARD_OHT) else -voltage

    def wire_volts(self) -> tuple[float, float]:
        """TIP and RING below ground, as positive numbers."""
        if self.state in (OPEN, RINGING):
            foreign = FOREIGN_VOLTS if Fault.FOREIGN_VOLTAGE in self._faults else 0.0
            return 0.0, foreign
        if self.state == TIP_OPEN:
            return 0.0, min((self._r[VOC] & 0x3F) * 1.5 + self._r[VCM] * 1.5, self.vbat)
        if self.state == RING_OPEN:
            return self._r[VCM] * 1.5, 0.0
        near, far = self._r[VCM] * 1.5, self._r[VCM] * 1.5 + abs(self._loop.volts)
        return (near, far) if self._loop.volts >= 0 else (far, near)

    # ------------------------------------------------------------------ what happens in time

    def step(self) -> None:
        """A period passes (only called while the chip has its clocks)."""
        if self.quiet and not self._loop.touched:
            return
        settled = self._charge()
        self.measure()
        for _ in range(TICKS):
            self._tick()
        self._overheat()
        self.quiet = settled and self._nothing_pending()

    def _nothing_pending(self) -> bool:
        return (
            self._raw_closed() == self.loop_closed
            and self._raw_trip() == self.ring_trip
            and not self._ring_timed()
            and self._faults.isdisjoint(HOT)
        )

    def _charge(self) -> bool:
        """Move the battery voltage; says whether it has arrived."""
        target, periods = self._battery_target()
        self.vbat += (target - self.vbat) * (1 - math.exp(-1 / periods))
        if abs(target - self.vbat) < SETTLED_VOLTS:
            self.vbat = target
            return True
        return False

    def _battery_target(self) -> tuple[float, float]:
        if self._r[POWER_DOWN_1] & 0x10 or not self._faults.isdisjoint(UNSUPPLIED):
            return 0.0, LEAK_PERIODS if Fault.LEAK in self._faults else DECAY_PERIODS
        high = min(self._r[VBATH] * 1.5, self.battery_most)
        tracks = self._r[BATTERY_FEED] & 0x01 and not self._r[BATTERY_FEED] & 0x08
        if tracks and self.state in ACTIVE and self.loop_closed:
            needed = self._r[VCM] * 1.5 + abs(self._loop.volts) + OVERHEAD_VOLTS
            return min(high, max(self._r[VBATL] * 1.5, needed)), RAMP_PERIODS
        return high, RAMP_PERIODS

    def _tick(self) -> None:
        if self._raw_closed() != self.loop_closed:
            self._closed_ticks += 1
            pause = self._r[LINEFEED] == RINGING and self.state in OHT
            if self._closed_ticks >= self._r[LCD if pause else LCDI]:
                self._loop_changed()
        else:
            self._closed_ticks = 0
        if self._raw_trip() != self.ring_trip:
            self._trip_ticks += 1
            if self._trip_ticks >= self._r[RTDI]:
                self._trip_changed()
        else:
            self._trip_ticks = 0
        if self._ring_timed():
            self._ring_tick()

    def _threshold(self, name: str) -> float:
        return (self._indirect[name] >> 9 & 0x3F) * THRESHOLD_MA

    def _raw_closed(self) -> bool:
        if self.state not in CLOSABLE:
            return False
        low = self.loop_closed and self._r[ENHANCE] & 0x01
        return self._loop.ma > self._threshold("LCRTL" if low else "LCRT")

    def _raw_trip(self) -> bool:
        return self.state == RINGING and self._loop.ma > self._threshold("RPTP")

    def threshold_exceeded(self) -> bool:
        """DBIRAW's meaning: loop closure or ring trip now, before the filters."""
        return self._raw_closed() or self._raw_trip()

    def _loop_changed(self) -> None:
        self.loop_closed = not self.loop_closed
        self._closed_ticks = 0
        self._interrupt(LOOP_CHANGED)
        if self.loop_closed and self.state in OHT and self._r[AUTO_MANUAL] & 0x02:  # AOLD
            self.state = FORWARD if self.state == FORWARD_OHT else REVERSE
        self.measure()

    def _trip_changed(self) -> None:
        self.ring_trip = not self.ring_trip
        self._trip_ticks = 0
        if not self.ring_trip:
            return
        self._interrupt(RING_TRIP)
        if self._r[AUTO_MANUAL] & 0x04:  # AORD
            self.state = FORWARD
            self.measure()

    # ------------------------------------------------------------------ ring cadence by the chip

    def _timer(self, low: int) -> int:
        return self._r[low] | self._r[low + 1] << 8

    def _ring_timed(self) -> bool:
        return (
            self._r[LINEFEED] == RINGING
            and bool(self._r[RING_OSC] & 0x10)
            and (self.state == RINGING or (self.state == FORWARD_OHT and not self.loop_closed))
        )

    def _ring_tick(self) -> None:
        self._ring_left -= RING_UNITS
        if self._ring_left > 0:
            return
        if self.state == RINGING:
            self._interrupt(RING_ACTIVE_OVER)
            self.state, self._ring_left = FORWARD_OHT, self._timer(RIT_LOW)
        elif self._r[RING_OSC] & 0x08:
            self._interrupt(RING_INACTIVE_OVER)
            self.state, self._ring_left = RINGING, self._timer(RAT_LOW)
        self.measure()

    # ------------------------------------------------------------------ alarms

    def _overheat(self) -> None:
        if not self._faults.isdisjoint(HOT) and self.state != OPEN and self.vbat > 10:
            self._hot += 1
            if self._hot >= ALARM_PERIODS:
                self._hot = 0
                self.alarm(1)
        else:
            self._hot = 0

    def alarm(self, transistor: int) -> None:
        """Power alarm of the transistor of this number (1 to 6); with AOPN the line opens."""
        self._interrupt((STATUS_2, 0x02 << transistor))
        if self._r[AUTO_MANUAL] & 0x01:  # AOPN
            self.state = OPEN
            self._r[LINEFEED] = OPEN  # the whole byte reads 00, as the open drivers expect it
            self.measure()
