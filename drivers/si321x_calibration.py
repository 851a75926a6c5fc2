"""Converter, tests of the line and calibrations of Si3210 and Si3215; the line is open throughout.

Order and waits are those of the open drivers, dahdi-linux for transistors and Open USB FXS for the
line IC Si3201, with which RING and TIP must not be calibrated by the chip [Si3215 DS,
"Calibration"]. VBAT always settles slowly (300 ms): no open driver uses the fast way (CALSP).
"""

import logging
from collections.abc import Callable, Sequence

from app.core.sentences import sentence
from drivers import si321x_registers as reg
from drivers.chip import wait_for
from drivers.errors import ChipFault, ChipMissing, ChipTimeout
from drivers.line_supply import BATTERY_STEP, LineSupply
from drivers.ports import Steps
from drivers.registers import Register, RegisterBus

SENSE_STEP = 0.376
"""Volts of one step of VBAT, VTIP and VRING [DS, registers 80 to 83]."""
BATTERY_SHORTFALL = 6.0
"""Volts that the battery may lack after 500 ms, as in Open USB FXS (60 of 66 V)."""
BATTERY_GONE = 0x06
"""2.3 V: falling so low within the leak test means that something drains the battery."""
FOREIGN_VOLTS = 6.0
"""More than this on a wire that we do not feed comes from elsewhere: the limit of the line tests in
GR-909 for direct voltage [unverified; that the chip measures before its converter runs is the
practice of its vendor's driver]. The registers show voltages below ground only."""
POWER_PERIODS = 50
LEAK_PERIODS = 50
CALIBRATION_PERIODS = 200
BALANCE_PERIODS = 4
"""40 ms for the current to settle after each step of a gain."""
LOOK_PERIODS = 25
"""The line is fed for 250 ms to see whether the handset lies on its hook."""

log = logging.getLogger(__name__)


class Si321xCalibration:
    """The sequences that measure one chip and its line."""

    def __init__(self, bus: RegisterBus, place: str, supply: LineSupply) -> None:
        self._bus = bus
        self._place = place
        self._supply = supply
        self.m_version = False
        """The chip drives a MOSFET; known once it has been identified."""
        self.saved: Sequence[int] = ()
        """Results, to restore after a fault; none until a calibration has come to its end."""

    @property
    def no_supply(self) -> str:
        """What is reported when the supply fails: the chip resets itself, the battery goes."""
        return sentence(
            "%(place)s: chip reset itself, or its converter makes no "
            "battery of %(volts)s V; check the %(volts2)s V supply of "
            "the line hat, and [supply] in the board's file",
            place=self._place,
            volts=f"{self._supply.idle_battery * BATTERY_STEP:.0f}",
            volts2=self._supply.volts,
        )

    def battery_up(self) -> Steps:
        """DC-DC converter on; the battery must come up within 500 ms. Raises HardwareError."""
        timing = self._supply.converter_of(self.m_version)
        if timing.for_mosfet != self.m_version:
            fitting = "64…127" if self.m_version else "192…255"
            raise ChipMissing(
                sentence(
                    "%(place)s: supply.period of the board's file is %(period)s, "
                    "which is for the other version of the chip (M, or not) and "
                    "would burn the converter's transistor; give %(fitting)s, or "
                    "leave period and off_time out",
                    place=self._place,
                    period=timing.period,
                    fitting=fitting,
                )
            )
        battery = self._supply.idle_battery
        self._bus.run(
            reg.HIGH_BATTERY.write(battery),
            reg.PWM_PERIOD.write(timing.period),
            reg.DCDC_DELAY.write(timing.off_time),
            reg.LOOP_CURRENT.write(0),
            reg.POWER_DOWN.write(0),
        )
        good = int((battery * BATTERY_STEP - BATTERY_SHORTFALL) / SENSE_STEP)
        try:
            yield from wait_for(
                self._place,
                sentence("battery above %(volts)s V", volts=f"{good * SENSE_STEP:.0f}"),
                lambda: self._bus.read(reg.BATTERY_SENSE) >= good,
                POWER_PERIODS,
            )
        except ChipTimeout as error:
            self._bus.write(reg.POWER_DOWN, reg.DCOF.mask)
            log.warning("%s", error)
            raise ChipFault(self.no_supply) from error

    def refuse_foreign_voltage(self) -> None:
        """Before the line is fed there must be nothing on it. Raises ChipFault."""
        wires = self._bus.run(reg.TIP_VOLTAGE.read(), reg.RING_VOLTAGE.read())
        volts = max(wires) * SENSE_STEP
        if volts > FOREIGN_VOLTS:
            raise ChipFault(
                sentence(
                    "%(place)s: %(volts)s V on the line before it is fed; "
                    "another line feeds this jack: unplug it, handsets only "
                    "belong here",
                    place=self._place,
                    volts=f"{volts:.0f}",
                )
            )

    def leak_test(self) -> Steps:
        """Converter off: the battery must not sink below 2.3 V within 500 ms. Raises ChipFault."""
        self._bus.run(reg.LINEFEED.write(0), reg.POWER_DOWN.compose((reg.DCOF, 1)))
        for period in range(LEAK_PERIODS):
            yield 1
            if self._bus.read(reg.BATTERY_SENSE) < BATTERY_GONE:
                log.warning("%s: battery gone after %d ms", self._place, period * 10 + 10)
                raise ChipFault(
                    sentence(
                        "%(place)s: something drains the battery while the converter "
                        "is off; check jack and line hat for moisture and shorts",
                        place=self._place,
                    )
                )

    def calibrate(self) -> Steps:
        """All calibrations, once more if the handset was lifted meanwhile; results are kept.

        If it stays lifted there are none, which `saved` shows. Raises HardwareError.
        """
        undisturbed = False
        for attempt in (1, 2):
            self._bus.run(
                *(mask.write(0) for mask in (reg.INT_ENABLE_1, reg.INT_ENABLE_2)),
                reg.INT_ENABLE_3.write(reg.CMCP.mask),
                reg.INT_STATUS_3.clear(0xFF),
                reg.LINEFEED.write(0),
            )
            if self._supply.line_ic == "si3201":
                yield from self._calibrate_by_hand()
            else:
                yield from self._run(0x1F, 0x1F)
            undisturbed = not reg.CMCP.of(self._bus.read(reg.INT_STATUS_3))
            if undisturbed:
                break
            log.warning("%s: handset lifted during calibration %d", self._place, attempt)
        yield from self._calibrate_converter()
        if undisturbed:
            self.saved = self._bus.run(*(result.read() for result in reg.CAL_RESULTS))
            return
        log.warning(
            "%s: not calibrated, since its handset is off the hook; sound may be fainter or "
            "noisier until it is put on the hook, where the chip is calibrated again",
            self._place,
        )

    def _run(self, first: int, second: int) -> Steps:
        """Start these calibrations (registers 96 and 97) and wait for their end.

        The end shows in CAL; the byte reads 00 also when a lifted handset has aborted them.
        """
        self._bus.run(reg.CALIBRATE_2.write(second), reg.CALIBRATE_1.write(reg.CAL.mask | first))
        yield from self._wait(
            sentence("calibration finished"),
            lambda: not reg.CAL.of(self._bus.read(reg.CALIBRATE_1)),
            CALIBRATION_PERIODS,
        )

    def _wait(self, what: str, ready: Callable[[], bool], periods: int) -> Steps:
        try:
            yield from wait_for(self._place, what, ready, periods)
        except ChipTimeout as error:
            raise ChipTimeout(
                sentence(
                    "%(what)s; check that the PCM bit clock runs and the supply "
                    "of the line hat is steady, else change the chip",
                    what=error,
                )
            ) from error

    def _calibrate_by_hand(self) -> Steps:
        """With an Si3201: all but RING and TIP by the chip, those two and the rest step by step."""
        yield from self._run(0x07, 0x1E)  # not CALR, CALT; not CALCM
        yield from self._balance(reg.RING_GAIN, reg.RING_CURRENT)
        yield from self._balance(reg.TIP_GAIN, reg.TIP_CURRENT)
        self._bus.write(reg.LINEFEED, 1)
        yield LOOK_PERIODS
        if reg.LCR.of(self._bus.read(reg.LOOP_STATUS)):
            log.warning("%s: handset off the hook before the last calibration", self._place)
        self._bus.write(reg.LINEFEED, 0)
        yield from self._run(0x00, 0x01)  # CALCM

    def _balance(self, gain: Register, current: Register) -> Steps:
        """Lower a gain until its transistor carries no current any more. Raises ChipFault."""
        for setting in range(0x1F, -1, -1):
            self._bus.write(gain, setting)
            yield BALANCE_PERIODS
            if self._bus.read(current) == 0:
                return
        raise ChipFault(
            sentence(
                "%(place)s: %(name)s finds no balance, register %(address)s "
                "never reads 0; check the line IC and supply.line_ic in the "
                "board's file",
                place=self._place,
                name=gain.name,
                address=current.address,
            )
        )

    def _calibrate_converter(self) -> Steps:
        """Peak current of the DC-DC converter; a result out of range is replaced by the middle."""
        timing = self._supply.converter_of(self.m_version)
        self._bus.write(reg.DCDC_DELAY, reg.DCCAL.mask | timing.off_time)
        yield from self._wait(
            sentence("converter calibrated"),
            lambda: not reg.DCCAL.of(self._bus.read(reg.DCDC_DELAY)),
            POWER_PERIODS,
        )
        if not 2 <= self._bus.read(reg.PEAK_CURRENT) <= 0x0D:
            self._bus.write(reg.PEAK_CURRENT, 8)

    def restore(self) -> None:
        """Write the results back that were kept."""
        self._bus.run(
            *(
                result.write(value)
                for result, value in zip(reg.CAL_RESULTS, self.saved, strict=True)
            )
        )
