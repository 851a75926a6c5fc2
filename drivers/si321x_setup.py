"""From reset to ready: the power-up and calibration of Si3210 and Si3215.

The order is that of the open dahdi-linux drivers, times are the data sheet's [Si3215 DS,
"Initialization", "Calibration"]. A step between two yields holds the bus for under 1 ms. The whole
takes about 1.8 s: battery up 0.2 s, leak test 0.5 s, battery up again 0.2 s, calibration 0.7 s;
with a line IC, which is calibrated by hand, about 4 s.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from app.core.sentences import sentence
from drivers import si321x_registers as reg
from drivers.board_spec import LineSpec
from drivers.chip import wait_for
from drivers.countries.base import StationSettings
from drivers.errors import ChipFault, ChipMissing, ChipTimeout
from drivers.line_supply import BATTERY_STEP, NEON_VOLTS
from drivers.ports import Steps
from drivers.registers import RegisterBus
from drivers.si321x_calibration import (
    BATTERY_SHORTFALL,
    POWER_PERIODS,
    SENSE_STEP,
    Si321xCalibration,
)
from drivers.si321x_indirect import IndirectAccess
from drivers.slot_map import PCM_FORMAT, Coding

ACCESSES_PER_STEP = 4
"""Indirect accesses between two yields: 4 x 18 frames at 10 us are 0.7 ms."""
AUTOMATIC_ALL = 0x07  # AORD, AOLD, AOPN: answers ring trip and loop by itself, opens on alarm
ENHANCEMENTS = 0xEB
EMPTY_FILTER = 0x8000

NEON = {
    reg.RING_FREQUENCY: 0x009F,  # slope of the trapezoid
    reg.RING_PHASE: 0x03E8,  # half a period of 1/8000 s: 4 Hz, which no bell follows
    reg.TRIP_THRESHOLD: 0x4600,  # 44 mA: a lamp is no lifted handset
}
"""What lights a neon lamp, as the open dahdi-linux drivers do it, with a peak of 93 V."""
NEON_CONTROL = 0x19
"""Trapezoid, with the chip's own cadence."""
NEON_TIMERS = 0xE0, 0x01, 0xF0, 0x05
"""60 ms of it and 190 ms without, in 125 us: four flashes a second."""
NEON_BATTERY = 0x3F
"""94.5 V: overhead is left out, the tops of the trapezoid may be flat."""
TRAPEZOID_VOLTS = 96
"""Peak in V of a trapezoid whose amplitude is 2^15 [DS, ringing]."""

log = logging.getLogger(__name__)


def _is_ours(mode: int, hybrid: int) -> bool:
    return reg.REVISION.of(mode) not in (0, 15) and hybrid == 0x33


class Si321xSetup:
    """The sequences that set one chip up."""

    def __init__(self, bus: RegisterBus, spec: LineSpec, settings: StationSettings) -> None:
        self._bus = bus
        self._place = spec.place
        self._start, self._coding = spec.start, spec.coding
        self._supply = spec.supply
        peak = spec.supply.ringing_peak(settings.ring_peak_volts)
        if peak < settings.ring_peak_volts:
            log.info(
                "%s: rings with a peak of %d V instead of the country's %d V: the converter makes "
                "no more than %d V of battery (supply.battery_limit)",
                *(spec.place, peak, settings.ring_peak_volts, spec.supply.battery_limit),
            )
        self.settings = replace(settings, ring_peak_volts=peak)
        """The country's, with the ringing that the board can make."""
        self._battery = min(settings.battery, spec.supply.battery_most)
        self._indirect = IndirectAccess(bus, spec.place)
        self.calibration = Si321xCalibration(bus, spec.place, spec.supply)
        self.identity = 0
        """Register 0 of the chip, once it has been identified."""

    def first(self) -> Steps:
        """Everything from reset, with leak test and calibration. Raises HardwareError."""
        self._probe()
        yield from self._prepare()
        yield from self._measure()
        yield from self._finish()

    def again(self) -> Steps:
        """From whatever state, with the calibration we have if there is one.

        Raises HardwareError.
        """
        self._bus.write(reg.LINEFEED, 0)
        self.identify()
        yield from self._prepare()
        if not self.calibration.saved:
            yield from self._measure()
        else:
            yield from self.calibration.battery_up()
            self.calibration.restore()
        yield from self._finish()

    def wait_for_clock(self) -> None:
        """An indirect access must come to its end, for which it needs PCLK. Raises ChipTimeout."""
        self._indirect.wait()

    def lamp(self, flashing: bool) -> None:
        """Let the ring generator make what lights a neon lamp, or the country's ringing again.

        The line must not be ringing meanwhile; about 1 ms on the bus. Raises ChipTimeout.
        """
        for register, value in (NEON | {reg.RING_AMPLITUDE: self._neon_amplitude()}).items():
            self._indirect.write(register, value if flashing else self._value(register))
        timers = NEON_TIMERS if flashing else (0,) * len(NEON_TIMERS)
        battery = min(NEON_BATTERY, self._supply.battery_most)
        self._bus.run(
            reg.HIGH_BATTERY.write(battery if flashing else self._battery),
            *(timer.write(value) for timer, value in zip(reg.RING_TIMERS, timers, strict=True)),
            reg.RING_CONTROL.write(NEON_CONTROL if flashing else 0),
        )

    def _neon_amplitude(self) -> int:
        """RNGX of the trapezoid: 93 V, or what the battery gives."""
        most = self._supply.battery_most * BATTERY_STEP
        if most < NEON_VOLTS:
            log.warning(
                "%s: a battery of %.0f V hardly lights a neon lamp, which wants %d V; choose "
                "another way to show messages",
                *(self._place, most, NEON_VOLTS),
            )
        return int(min(NEON_VOLTS, most) / TRAPEZOID_VOLTS * 2**15)

    def _measure(self) -> Steps:
        """Leak test and calibrations."""
        yield from self.calibration.battery_up()
        yield from self.calibration.leak_test()
        yield from self.calibration.battery_up()
        yield from self.calibration.calibrate()

    def _probe(self) -> None:
        """An Si3210 or Si3215 fresh from reset [DS, registers 8 and 64]."""
        self.identify()
        loopback, linefeed = self._bus.run(reg.LOOPBACK.read(), reg.LINEFEED.read())
        if (loopback, linefeed) != (0x02, 0x00):
            raise ChipMissing(
                sentence(
                    "%(place)s: chip did not reset (registers 8, 64 read "
                    "%(loopback)s %(linefeed)s instead of 0x02 0x00); check its "
                    "reset pin",
                    place=self._place,
                    loopback=f"{loopback:#04x}",
                    linefeed=f"{linefeed:#04x}",
                )
            )

    def identify(self) -> None:
        """Make sure that it is our chip, in step. Raises ChipMissing.

        The accesses have no length: after one that broke off, the chip takes a first octet for a
        second one, and the other way round. If nothing sensible is read, one octet more is sent,
        which puts such a chip in step again; on a dead bus it does nothing.
        """
        mode, pcm, hybrid, converter = seen = self._identity()
        if not _is_ours(mode, hybrid):
            self._bus.step()
            mode, pcm, hybrid, converter = self._identity()
            if _is_ours(mode, hybrid):
                log.warning("%s: the chip was out of step by one octet", self._place)
        if not _is_ours(mode, hybrid):
            self._bus.step()
            mode, pcm, hybrid, converter = seen
            raise ChipMissing(
                sentence(
                    "%(place)s: no Si3210 or Si3215 answers (registers 0, 11 "
                    "read %(mode)s %(hybrid)s); check the line hat, its chip "
                    "select and its supply",
                    place=self._place,
                    mode=f"{mode:#04x}",
                    hybrid=f"{hybrid:#04x}",
                )
            )
        revision = reg.REVISION.of(mode)
        if revision < 2:
            raise ChipMissing(
                sentence(
                    "%(place)s: revision %(revision)s (A) of the chip is too "
                    "old; fit one of revision B or later",
                    place=self._place,
                    revision=revision,
                )
            )
        self.calibration.m_version = reg.PART.of(mode) == 3 or bool(reg.DCPOL.of(converter))
        self._indirect.si3215 = bool(reg.IS_SI3215.of(pcm))
        self.identity = mode

    def _identity(self) -> tuple[int, ...]:
        """Registers that no other chip shows, whatever was set [DS, registers 0, 1, 11, 93]."""
        return self._bus.run(
            reg.SPI_MODE.read(), reg.PCM_MODE.read(), reg.HYBRID.read(), reg.DCDC_DELAY.read()
        )

    def _prepare(self) -> Steps:
        """Indirect registers, general modes, filters held empty; nobody else feeds the line."""
        self._indirect.wait()
        yield from self._load(reg.INDIRECTS)
        self._bus.run(
            reg.LOOPBACK.write(0),
            reg.ENHANCE.write(ENHANCEMENTS),
            reg.AUTOMATIC.write(AUTOMATIC_ALL),
            reg.BATTERY_FEED.write(0x01),
        )
        for filter_register in reg.FILTERS:
            self._indirect.write(filter_register, EMPTY_FILTER)
        yield 1
        self.calibration.refuse_foreign_voltage()

    def _load(self, registers: Sequence[reg.Indirect]) -> Steps:
        waiting = iter(registers)
        while few := list(islice(waiting, ACCESSES_PER_STEP)):
            for register in few:
                self._indirect.write(register, self._value(register))
            yield 1

    def _value(self, register: reg.Indirect) -> int:
        """The country's or the board's value for it, or its initial value."""
        wanted = {
            **dict(zip(reg.ALARMS, self._supply.alarms, strict=True)),
            **dict(zip(reg.POLES, self._supply.poles, strict=True)),
            reg.RING_FREQUENCY: self.settings.ring_frequency,
            reg.RING_AMPLITUDE: self.settings.ring_amplitude,
            reg.TRIP_FILTER: self.settings.trip_filter[0],
        }
        return wanted.get(register, register.initial)

    def _finish(self) -> Steps:
        """Filters, proof that every indirect register holds, audio, ringing, interrupts, feed.

        Scratch memory is cleared after the calibrations, which leave something in it.
        """
        yield from self._load(reg.CLEARED)
        yield from self._load(reg.FILTERS)
        yield from self._verify()
        start = self._start
        self._bus.run(
            reg.TXS_LOW.write(start & 0xFF),
            reg.TXS_HIGH.write(start >> 8),
            reg.RXS_LOW.write(start & 0xFF),
            reg.RXS_HIGH.write(start >> 8),
            reg.PCM_MODE.compose(
                (reg.PCM_ENABLE, 1),
                (reg.PCM_FORMAT, PCM_FORMAT[self._coding]),
                (reg.PCM_16BIT, int(self._coding is Coding.LINEAR)),
            ),
            reg.GAIN.write(0),
            reg.IMPEDANCE.compose((reg.TISE, 1), (reg.TISS, self.settings.impedance)),
        )
        self._bus.run(
            reg.COMMON_VOLTAGE.write(0x04),
            reg.TRIP_DEBOUNCE.write(self.settings.trip_filter[1]),
            reg.LOOP_DEBOUNCE.write(0x0A),
            reg.RING_CONTROL.write(0),
            *(timer.write(0) for timer in reg.RING_TIMERS),
        )
        yield from self._raise_battery()
        self.begin()
        yield 1

    def _raise_battery(self) -> Steps:
        """The battery that ringing needs; if the converter does not make it, bells are weak."""
        self._bus.write(reg.HIGH_BATTERY, self._battery)
        yield 1
        wanted = self._battery * BATTERY_STEP
        try:
            yield from wait_for(
                self._place,
                sentence("battery of %(wanted)s V for ringing", wanted=f"{wanted:.0f}"),
                lambda: (
                    self._bus.read(reg.BATTERY_SENSE) * SENSE_STEP >= wanted - BATTERY_SHORTFALL
                ),
                POWER_PERIODS,
            )
        except ChipTimeout as error:
            seen = self._bus.read(reg.BATTERY_SENSE) * SENSE_STEP
            log.warning(
                "%s; it is %.0f V, so bells may be weak: write that as supply.battery_limit into "
                "the board's file, or check the supply of the line hat",
                *(error, seen),
            )

    def begin(self) -> None:
        """Interrupts as the port wants them, and ACTIVE feed."""
        self._bus.run(
            reg.INT_ENABLE_1.write(0),
            reg.INT_ENABLE_2.write(0xFF),
            reg.INT_ENABLE_3.write(0),
            reg.INT_STATUS_1.clear(0xFF),
            reg.INT_STATUS_2.clear(0xFF),
            reg.INT_STATUS_3.clear(0xFF),
            reg.LINEFEED.write(1),
        )

    def _verify(self) -> Steps:
        """Read back every indirect register that keeps what it is given: no scratch memory."""
        waiting = iter(reg.INDIRECTS)
        while few := list(islice(waiting, ACCESSES_PER_STEP)):
            for register in few:
                seen, wanted = self._indirect.read(register), self._value(register)
                if seen is not None and seen != wanted:
                    raise ChipFault(
                        sentence(
                            "%(place)s: indirect register %(name)s reads %(seen)s "
                            "instead of %(wanted)s; check the wiring of the SPI bus",
                            place=self._place,
                            name=register.name,
                            seen=f"{seen:#06x}",
                            wanted=f"{wanted:#06x}",
                        )
                    )
            yield 1
