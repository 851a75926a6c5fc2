"""A handset's port: the ProSLIC Si3210 (or Si3215, found at run time) behind one chip select.

[Si3215 DS; Si3210 DS]

It feeds the loop, rings, and tells by interrupt when the handset is lifted. Bytes and order of
set-up are in si321x_setup.py, register names in si321x_registers.py. Who is rung when, and what a
lifted handset means, is the telephone side's.
"""

import logging

from app.core.sentences import sentence
from drivers import si321x_measure
from drivers import si321x_registers as reg
from drivers.board_spec import LineSpec
from drivers.buses import InputPin, SpiDevice
from drivers.chip import Beats, ChipPort
from drivers.countries.base import StationSettings
from drivers.errors import ChipFault, ChipTimeout
from drivers.findings import Report, TestOrder
from drivers.line_sound import LineSound
from drivers.ports import (
    Feed,
    HookChanged,
    LineReading,
    PortEvent,
    PortFault,
    PortRecovered,
    Steps,
)
from drivers.registers import SI321X_FRAMING, RegisterBus, RegisterTransfer
from drivers.si321x_line_test import StationTest
from drivers.si321x_setup import Si321xSetup

LINEFEED = {
    Feed.OPEN: 0,
    Feed.ACTIVE: 1,
    Feed.ON_HOOK_AUDIO: 2,
    Feed.RINGING: 4,
    Feed.REVERSED: 5,
    Feed.REVERSED_ON_HOOK_AUDIO: 6,
    Feed.TIP_OPEN: 3,
    Feed.RING_OPEN: 7,
    Feed.NEON: 4,  # the ring generator makes something else then
}
"""Feed to the code of register 64 [DS, linefeed states]."""
LF_OPEN, LF_ACTIVE, LF_RINGING = 0, 1, 4
_TURNED = (Feed.REVERSED, Feed.REVERSED_ON_HOOK_AUDIO)
_REST = (Feed.ACTIVE, Feed.REVERSED, Feed.NEON)
"""What lies on a line that nobody uses."""

SETTLE_PERIODS = 10
"""After the feed was changed the loop detector needs its 12.5 ms debounce and the line its current;
until then what it says of the hook is not believed [measured on no chip: chosen]."""

BATTERY_FAILED = 0x28
"""15 V: the battery is 24 V or more while a handset talks, so its converter has stopped."""
BATTERY_CHECKS = 2
"""So many checks in a row must find it so low: a dip of 250 ms is got over by itself."""

CALIBRATE_AFTER = (500, 3000, 12000, 60000)
"""A chip that could not be calibrated is, once its line has been idle for 5 s, or if that is
disturbed again, for 30 s and at last for ten minutes: the line is dead meanwhile."""

NOBODY = 0xFF
"""What a bus reads that no chip drives; no chip has all its alarms at once."""

ALARM_RETRIES = 10
ALARM_CREDIT_PERIODS = 1000
"""An alarm is retried; one retry is earned back each 10 s, as in the open drivers."""

_ASK = RegisterTransfer(SI321X_FRAMING, [reg.INT_STATUS_2.read()])
_CHECK = RegisterTransfer(
    SI321X_FRAMING,
    [
        reg.IAA.write(reg.IN_EITHER),  # read for nothing
        reg.LOOPBACK.read(),
        reg.LINEFEED.read(),
        reg.LOOP_STATUS.read(),
        reg.SPI_MODE.read(),
        reg.BATTERY_SENSE.read(),
        reg.IAS.read(),  # served by now: 12 frames of at least 6 us against 62.5 us
    ],
)

log = logging.getLogger(__name__)


class Si321x(ChipPort):
    """StationPort over one Si3210 or Si3215."""

    loops_back = True

    def __init__(
        self,
        spec: LineSpec,
        spi: SpiDevice,
        interrupt: InputPin,
        settings: StationSettings,
        beats: Beats,
    ) -> None:
        super().__init__(spec, interrupt, beats)
        self.off_hook = False
        self._bus = RegisterBus(spi, SI321X_FRAMING)
        self._setup = Si321xSetup(self._bus, spec, settings)
        self._settings = self._setup.settings
        self._feed = Feed.ACTIVE
        self._settled_at: int | None = None
        self._retries = ALARM_RETRIES
        self._credit_at = ALARM_CREDIT_PERIODS
        self._given_up = False
        self._flashing = False
        """The ring generator is set up for a neon lamp."""
        self._battery_low = 0
        """Checks in a row that found no battery."""
        self._idle_since = 0
        self._calibrating: Steps | None = None
        """The line is open meanwhile, for 0.7 s, or 4 s with a line IC."""
        self._calibrate_at = 0
        self._late_calibrations = 0

    def power_up(self) -> Steps:
        """Bring the chip from reset to ACTIVE feed in about 1.5 s. Raises HardwareError."""
        yield from self._setup.first()
        self._settle()

    def feed(self, feed: Feed) -> None:
        """Put this on the line; from RINGING or OPEN to REVERSED it passes through ACTIVE.

        While the chip is calibrated it waits for the end of that.
        """
        codes = [LINEFEED[feed]]
        if feed in _TURNED and self._feed in (Feed.RINGING, Feed.OPEN):
            codes.insert(0, LF_ACTIVE)
        self._feed = feed
        self._settle()
        if self._working and self._calibrating is None:
            self._generate(feed is Feed.NEON)
            self._bus.run(*(reg.LINEFEED.write(code) for code in codes))

    def reading(self) -> LineReading:
        """What the chip measures now. Raises ChipMissing and BusClosed."""
        return si321x_measure.reading(self._bus, self.place)

    def line_test(self, sound: LineSound, order: TestOrder, report: Report) -> Steps:
        """See StationPort. Raises ChipMissing and BusClosed."""
        return StationTest(
            self._bus, self.place, self.feed, self._settings, sound, order, report
        ).steps()

    def _generate(self, flashing: bool) -> None:
        """Set the ring generator up for a neon lamp or for ringing, between the two."""
        if flashing == self._flashing:
            return
        self._bus.write(reg.LINEFEED, LF_ACTIVE)
        try:
            self._setup.lamp(flashing)
            self._flashing = flashing
        except ChipTimeout as error:  # tried again with the next feed; the chip is looked after
            log.error("%s", error)

    def _settle(self) -> None:
        self._idle_since = self._beats.now
        self._settled_at = self._beats.now + SETTLE_PERIODS

    def _debouncing(self) -> bool:
        return self._settled_at is not None or self._calibrating is not None

    def _put_loop(self, on: bool) -> None:
        """A chip that reset itself meanwhile stays looped back, by which the next check knows."""
        if reg.PCM_ENABLE.of(self._bus.read(reg.PCM_MODE)):
            self._bus.run(reg.LOOPBACK.compose((reg.DLM, int(on))))

    def _again(self) -> Steps:
        self._flashing = False  # it begins with the country's ringing
        self._calibrating = None
        self._battery_low = 0
        return self._setup.again()

    def _restore(self) -> None:
        self.feed(self._feed)

    def _look(self, asked: bool) -> list[PortEvent]:
        if self._calibrating is not None:
            self._go_on_calibrating(self._calibrating)
            return []
        if self._settled_at is not None and self._beats.now >= self._settled_at:
            self._settled_at = None
        if asked:
            return self._attend()
        return self._check() if self._settled_at is None else []

    def _attend(self) -> list[PortEvent]:
        """The interrupt pin is low, perhaps for a neighbour. Clear first, then look at the loop."""
        status = self._bus.send(_ASK)[0]
        if status == 0:
            return []
        if status == NOBODY:
            return self._check()
        linefeed, loop = self._bus.run(
            reg.INT_STATUS_2.clear(status), reg.LINEFEED.read(), reg.LOOP_STATUS.read()
        )
        if reg.POWER_ALARMS.of(status):
            log.warning("%s: power alarm %#04x", self.place, status)
        if reg.RTIP.of(status) and self._feed in (Feed.RINGING, Feed.NEON):
            return self._ring_trip()
        return self._hook(linefeed, loop)

    def _ring_trip(self) -> list[PortEvent]:
        """Lifted while ringing: the chip went to ACTIVE by itself, make that its orders too."""
        self.feed(Feed.ACTIVE)
        return self._changed(True)

    def _hook(self, linefeed: int, loop: int) -> list[PortEvent]:
        """What the loop detector says, unless the feed is off or has just been changed."""
        actual = reg.LINEFEED_ACTUAL.of(linefeed)
        if actual == LF_OPEN or self._settled_at is not None:
            return []
        if actual == LF_RINGING:
            return self._ring_trip() if reg.RTP.of(loop) else []
        return self._changed(bool(reg.LCR.of(loop)))

    def _changed(self, off_hook: bool) -> list[PortEvent]:
        if off_hook == self.off_hook:
            return []
        self.off_hook = off_hook
        self._idle_since = self._beats.now
        return [HookChanged(off_hook)]

    def _calibration_due(self) -> bool:
        """The first calibration failed since the handset was lifted, and now the line is idle."""
        return (
            not self._setup.calibration.saved
            and not self.off_hook
            and self._feed in _REST
            and self._beats.now - self._idle_since
            >= CALIBRATE_AFTER[min(self._late_calibrations, len(CALIBRATE_AFTER) - 1)]
        )

    def _go_on_calibrating(self, steps: Steps) -> None:
        if self._beats.now < self._calibrate_at:
            return
        periods = next(steps, None)
        if periods is not None:
            self._calibrate_at = self._beats.now + periods
            return
        self._calibrating = None
        self._setup.begin()
        self.feed(self._feed)
        if self._setup.calibration.saved:
            log.info("%s: calibrated now", self.place)

    def _check(self) -> list[PortEvent]:
        """Is it still our chip, with battery and clock; and did we miss a hook edge?

        Did it reset itself, or open the line on an alarm?
        """
        loopback, linefeed, loop, identity, battery, pending = self._bus.send(_CHECK)
        if identity != self._setup.identity:
            self._setup.identify()
            return self._start_repair(
                sentence(
                    "the chip was out of step by one octet, its registers may be "
                    "wrong; check the wiring of the SPI bus if this comes again"
                )
            )
        if loopback != reg.DLM.place(int(self._looped)):
            log.warning("%s: chip reset itself, register 8 reads %#04x", self.place, loopback)
            raise ChipFault(self._setup.calibration.no_supply)
        if pending:
            self._setup.wait_for_clock()
        self._battery_low = self._battery_low + 1 if battery < BATTERY_FAILED else 0
        if self._battery_low >= BATTERY_CHECKS:
            raise ChipFault(self._setup.calibration.no_supply)
        self._earn_credit()
        if reg.LINEFEED_ACTUAL.of(linefeed) == LF_OPEN and self._feed is not Feed.OPEN:
            return self._opened_itself()
        events: list[PortEvent] = [PortRecovered()] if self._given_up else []
        self._given_up = False
        if self._calibration_due() and not reg.LCR.of(loop):
            self._late_calibrations += 1
            self._calibrating = self._setup.calibration.calibrate()
            return events
        return events + self._hook(linefeed, loop)

    def _earn_credit(self) -> None:
        if self._beats.now < self._credit_at:
            return
        self._credit_at = self._beats.now + ALARM_CREDIT_PERIODS
        self._retries = min(ALARM_RETRIES, self._retries + 1)

    def _opened_itself(self) -> list[PortEvent]:
        """A power alarm opened the line: try again, but not for ever [DS, power alarms]."""
        if self._retries > 0:
            self._retries -= 1
            self._bus.write(reg.LINEFEED, LINEFEED[self._feed])
            return []
        if self._given_up:
            return []
        self._given_up = True
        battery = self._bus.read(reg.BATTERY_SENSE) * 0.376
        return [
            PortFault(
                sentence(
                    "%(place)s: line opened by power alarms %(alarm_retries)s "
                    "times, battery %(battery)s V; check handset and wiring for "
                    "a short",
                    place=self.place,
                    alarm_retries=ALARM_RETRIES,
                    battery=f"{battery:.0f}",
                )
            )
        ]
