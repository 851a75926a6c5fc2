"""From reset to ready: the power-up and calibration of Si3210 and Si3215.

The order is that of the open dahdi-linux drivers, times are the data sheet's [Si3215 DS,
"Initialization", "Calibration"]. A step between two yields holds the bus for under 1 ms. The whole
takes about 1.5 s: battery up 0.2 s, leak test 0.5 s, battery up again 0.2 s, calibration 0.4 s.
"""

import logging
from collections.abc import Sequence
from itertools import islice

from drivers import si321x_registers as reg
from drivers.board_spec import LineSpec
from drivers.chip import wait_for
from drivers.countries.base import StationSettings
from drivers.errors import ChipFault, ChipMissing, ChipTimeout
from drivers.ports import Steps
from drivers.registers import Access, RegisterBus
from drivers.slot_map import PCM_FORMAT, Coding

BATTERY_GOOD = 0xC0
"""72 V in units of 0.376 V: the converter works [DS, VBAT sense]."""
BATTERY_GONE = 0x06
"""2.3 V: falling so low within the leak test means that something drains the battery."""
POWER_PERIODS = 50
LEAK_PERIODS = 50
CALIBRATION_PERIODS = 200
ACCESSES_PER_STEP = 4
"""Indirect accesses between two yields: 4 x 18 frames at 10 us are 0.7 ms."""
POLLS_PER_TRANSFER = 6
POLLS_AT_MOST = 60
"""An indirect access is served within 62.5 us; 60 reads at 16 MHz take that long."""
AUTOMATIC_ALL = 0x07  # AORD, AOLD, AOPN: answers ring trip and loop by itself, opens on alarm
ENHANCEMENTS = 0xEB
EMPTY_FILTER = 0x8000

NEON = {
    reg.RING_FREQUENCY: 0x009F,  # slope of the trapezoid
    reg.RING_AMPLITUDE: 0x7BEF,  # 93 V peak
    reg.RING_PHASE: 0x03E8,  # half a period of 1/8000 s: 4 Hz, which no bell follows
    reg.TRIP_THRESHOLD: 0x4600,  # 44 mA: a lamp is no lifted handset
}
"""What lights a neon lamp, as the open dahdi-linux drivers do it."""
NEON_CONTROL = 0x19
"""Trapezoid, with the chip's own cadence."""
NEON_TIMERS = 0xE0, 0x01, 0xF0, 0x05
"""60 ms of it and 190 ms without, in 125 us: four flashes a second."""
NEON_BATTERY = 0x3F
"""94.5 V."""

log = logging.getLogger(__name__)


class IndirectAccess:
    """The 16-bit registers behind IDA and IAA, for either chip's numbering."""

    def __init__(self, bus: RegisterBus, place: str) -> None:
        self._bus = bus
        self._place = place
        self.si3215 = False

    def write(self, register: reg.Indirect, value: int) -> None:
        """Set one to a 16-bit value; one that this chip lacks is left out. Raises ChipTimeout."""
        address = self._address(register)
        if address is None:
            return
        low, high = reg.IDA_LOW.write(value & 0xFF), reg.IDA_HIGH.write(value >> 8)
        self._serve(low, high, reg.IAA.write(address))

    def read(self, register: reg.Indirect) -> int | None:
        """Its value, None where this chip lacks it. Raises ChipTimeout."""
        address = self._address(register)
        if address is None:
            return None
        self._serve(reg.IAA.write(address))
        low, high = self._bus.run(reg.IDA_LOW.read(), reg.IDA_HIGH.read())
        return high << 8 | low

    def wait(self) -> None:
        """Until no access is pending. Raises ChipTimeout."""
        self._serve()

    def _address(self, register: reg.Indirect) -> int | None:
        return register.si3215 if self.si3215 else register.si3210

    def _serve(self, *accesses: Access) -> None:
        """Start the access and wait for its end, polls gathered into the same transfer."""
        polls = [reg.IAS.read()] * POLLS_PER_TRANSFER
        pending = self._bus.run(*accesses, *polls)[-1]
        for _ in range(POLLS_AT_MOST // POLLS_PER_TRANSFER):
            if not pending:
                return
            pending = self._bus.run(*polls)[-1]
        raise ChipTimeout(
            f"{self._place}: indirect register not served within {POLLS_AT_MOST} polls; "
            f"check that the PCM bit clock runs"
        )


class Si321xSetup:
    """The sequences that set one chip up."""

    def __init__(self, bus: RegisterBus, spec: LineSpec, settings: StationSettings) -> None:
        self._bus = bus
        self._place = spec.place
        self._start, self._coding = spec.start, spec.coding
        self._settings = settings
        self._indirect = IndirectAccess(bus, spec.place)
        self._saved: Sequence[int] = ()
        """Calibration results, to restore after a fault."""

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
        self._identify()
        yield from self._prepare()
        if not self._saved:
            yield from self._measure()
        else:
            yield from self._battery_up()
            self._bus.run(
                *(
                    result.write(value)
                    for result, value in zip(reg.CAL_RESULTS, self._saved, strict=True)
                )
            )
        yield from self._finish()

    def lamp(self, flashing: bool) -> None:
        """Let the ring generator make what lights a neon lamp, or the country's ringing again.

        The line must not be ringing meanwhile; about 1 ms on the bus. Raises ChipTimeout.
        """
        for register, value in NEON.items():
            self._indirect.write(register, value if flashing else self._value(register))
        timers = NEON_TIMERS if flashing else (0,) * len(NEON_TIMERS)
        self._bus.run(
            reg.HIGH_BATTERY.write(NEON_BATTERY if flashing else self._settings.battery),
            *(timer.write(value) for timer, value in zip(reg.RING_TIMERS, timers, strict=True)),
            reg.RING_CONTROL.write(NEON_CONTROL if flashing else 0),
        )

    def _measure(self) -> Steps:
        """Leak test and calibration; their results are kept."""
        yield from self._battery_up()
        yield from self._leak_test()
        yield from self._battery_up()
        yield from self._calibrate()
        yield from self._calibrate_converter()
        self._saved = self._bus.run(*(result.read() for result in reg.CAL_RESULTS))

    def _probe(self) -> None:
        """An Si3210 or Si3215 fresh from reset [DS, registers 8 and 64]."""
        self._identify()
        loopback, linefeed = self._bus.run(reg.LOOPBACK.read(), reg.LINEFEED.read())
        if (loopback, linefeed) != (0x02, 0x00):
            raise ChipMissing(
                f"{self._place}: chip did not reset (registers 8, 64 read {loopback:#04x} "
                f"{linefeed:#04x} instead of 0x02 0x00); check its reset pin"
            )

    def _identify(self) -> None:
        """What no other chip shows, whatever was set [DS, registers 0, 1, 11, 93]."""
        mode, pcm, hybrid, converter = self._bus.run(
            reg.SPI_MODE.read(), reg.PCM_MODE.read(), reg.HYBRID.read(), reg.DCDC_DELAY.read()
        )
        revision = reg.REVISION.of(mode)
        if revision in (0, 15) or hybrid != 0x33:
            raise ChipMissing(
                f"{self._place}: no Si3210 or Si3215 answers (registers 0, 11 read {mode:#04x} "
                f"{hybrid:#04x}); check the line hat, its chip select and its supply"
            )
        if revision < 2:
            raise ChipMissing(f"{self._place}: revision {revision} is too old; 2 (B) or later")
        if reg.PART.of(mode) == 3 or reg.DCPOL.of(converter):
            raise ChipMissing(
                f"{self._place}: an M version, whose converter timing is not verified; "
                f"use an Si3210 or Si3215"
            )
        self._indirect.si3215 = bool(reg.IS_SI3215.of(pcm))

    def _prepare(self) -> Steps:
        """Indirect registers, general modes, filters held empty."""
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

    def _load(self, registers: Sequence[reg.Indirect]) -> Steps:
        waiting = iter(registers)
        while few := list(islice(waiting, ACCESSES_PER_STEP)):
            for register in few:
                self._indirect.write(register, self._value(register))
            yield 1

    def _value(self, register: reg.Indirect) -> int:
        """The country's value for it, or its initial value."""
        wanted = {
            reg.RING_FREQUENCY: self._settings.ring_frequency,
            reg.RING_AMPLITUDE: self._settings.ring_amplitude,
            reg.TRIP_FILTER: self._settings.trip_filter[0],
        }
        return wanted.get(register, register.initial)

    def _battery_up(self) -> Steps:
        """DC-DC converter on; it must reach 72 V within 500 ms."""
        self._bus.run(reg.PWM_PERIOD.write(0xFF), reg.POWER_DOWN.write(0))
        try:
            yield from wait_for(
                self._place,
                "battery above 72 V",
                lambda: self._bus.read(reg.BATTERY_SENSE) >= BATTERY_GOOD,
                POWER_PERIODS,
            )
        except ChipTimeout as error:
            raise ChipFault(f"{error}; check the 12 V supply of the line hat") from error
        self._bus.run(reg.LOOP_CURRENT.write(0), reg.DCDC_DELAY.write(0x19))

    def _leak_test(self) -> Steps:
        """Converter off: the battery must not sink below 2.3 V within 500 ms."""
        self._bus.run(reg.LINEFEED.write(0), reg.POWER_DOWN.compose((reg.DCOF, 1)))
        for period in range(LEAK_PERIODS):
            yield 1
            if self._bus.read(reg.BATTERY_SENSE) < BATTERY_GONE:
                raise ChipFault(
                    f"{self._place}: battery gone after {period * 10 + 10} ms; something drains "
                    f"it, check jack and line hat for moisture and shorts"
                )

    def _calibrate(self) -> Steps:
        """All calibrations, VBAT settling fast; once more if a handset was lifted meanwhile."""
        for attempt in (1, 2):
            self._bus.run(
                reg.INT_STATUS_3.clear(0xFF),
                reg.INT_ENABLE_3.write(reg.CMCP.mask),
                reg.CALIBRATE_2.write(0x1F),
                reg.CALIBRATE_1.write(0x7F),
            )
            yield from wait_for(
                self._place,
                "calibration finished",
                lambda: self._bus.read(reg.CALIBRATE_1) & 0x40 == 0,
                CALIBRATION_PERIODS,
            )
            if not reg.CMCP.of(self._bus.read(reg.INT_STATUS_3)):
                return
            log.warning("%s: hook moved during calibration %d", self._place, attempt)

    def _calibrate_converter(self) -> Steps:
        """Peak current of the DC-DC converter; a result out of range is replaced by the middle."""
        self._bus.write(reg.DCDC_DELAY, 0x99)
        yield from wait_for(
            self._place,
            "converter calibrated",
            lambda: not reg.DCCAL.of(self._bus.read(reg.DCDC_DELAY)),
            POWER_PERIODS,
        )
        if not 2 <= self._bus.read(reg.PEAK_CURRENT) <= 0x0D:
            self._bus.write(reg.PEAK_CURRENT, 8)

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
            reg.IMPEDANCE.compose((reg.TISE, 1), (reg.TISS, self._settings.impedance)),
        )
        self._bus.run(
            reg.COMMON_VOLTAGE.write(0x04),
            reg.HIGH_BATTERY.write(self._settings.battery),
            reg.TRIP_DEBOUNCE.write(self._settings.trip_filter[1]),
            reg.LOOP_DEBOUNCE.write(0x0A),
            reg.RING_CONTROL.write(0),
            *(timer.write(0) for timer in reg.RING_TIMERS),
        )
        yield 1
        self._bus.run(
            reg.INT_ENABLE_1.write(0),
            reg.INT_ENABLE_2.write(0xFF),
            reg.INT_ENABLE_3.write(0),
            reg.INT_STATUS_1.clear(0xFF),
            reg.INT_STATUS_2.clear(0xFF),
            reg.INT_STATUS_3.clear(0xFF),
            reg.LINEFEED.write(1),
        )
        yield 1

    def _verify(self) -> Steps:
        """Read back every indirect register that keeps what it is given: no scratch memory."""
        waiting = iter(reg.INDIRECTS)
        while few := list(islice(waiting, ACCESSES_PER_STEP)):
            for register in few:
                seen, wanted = self._indirect.read(register), self._value(register)
                if seen is not None and seen != wanted:
                    raise ChipFault(
                        f"{self._place}: indirect register {register.name} reads {seen:#06x} "
                        f"instead of {wanted:#06x}; check the wiring of the SPI bus"
                    )
            yield 1
