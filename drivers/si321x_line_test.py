"""The tests of a handset's line that its Si3210 or Si3215 can make, as a technician expects them.

On hook: battery, line voltage, leak, foreign voltage, ringer load. Lifted: loop current and
resistance, noise, echo of our own tone, and what a test set sends. What the chip cannot tell is
said with each value. The audio path of this family is open while the handset lies on its hook, so
levels need a lifted one [Si3215 DS, linefeed states].
"""

import math
from collections.abc import Callable, Generator

import numpy as np

from app.core.sentences import N_
from drivers import si321x_registers as reg
from drivers.countries.base import StationSettings
from drivers.findings import Quantity, Report, TestOrder
from drivers.line_levels import LEVELS, measure_levels
from drivers.line_sound import LineSound
from drivers.ports import Feed, Steps
from drivers.registers import RegisterBus
from drivers.si321x_measure import LINE_MA_STEP, WIRE_VOLTS_STEP, line_ma, line_volts, reading

SETTLE_PERIODS = 30
"""From a change of the feed to a value that is believed; chosen, the chip's filters are faster."""
RING_PERIODS = 80
"""Ringing for the ringer's load: 0.8 s, over before anybody answers."""
LOOKS = 20
VOLTAGE_STEP = 1.5
"""Of registers 72 to 74."""
RINGER_OHMS, RINGER_FARADS = 6930.0, 8e-6
"""One ringer equivalent [47 CFR 68, as in the Si3215 DS, ringing]."""

SUPPLY = Quantity(
    "battery", "V",
    "what the line hat's converter makes; it must cover line voltage and overhead (registers 72 to"
    " 74, read from the chip)",
    if_low="check the supply of the line hat and [supply] in the board's file",
    if_high="check [supply] in the board's file and the converter's parts",
)  # fmt: skip
LINE_VOLTS = Quantity(
    "line voltage", "V",
    "between the wires, the handset on its hook",
    if_low="something draws current: unplug the handset and test again; still low: wiring or jack",
    if_high="check register 72 and the line hat",
)  # fmt: skip
LEAK = Quantity(
    "leak", "mA",
    "direct current while nobody has lifted; a step is 1.25 mA and may be the chip's own, so only"
    " leaks below 19 kohm show",
    most=LINE_MA_STEP,
    if_high="unplug the handset and test again; still there: moisture or a short in wiring or jack",
)  # fmt: skip
FOREIGN = Quantity(
    "foreign voltage", "V",
    "on either wire while our feed is off; the chip sees direct voltage below ground only",
    most=6.0,
    if_high="another line feeds this jack: find and unplug it before anything is plugged in here",
)  # fmt: skip
RINGER = Quantity(
    "ringer load", "REN",
    "from the current while it rings, to 0.2; below 0.1 nothing rings, or a telephone with a bell"
    " of its own",
    most=3.0,
    if_high="fewer telephones on this jack: the line hat rings three",
)  # fmt: skip
LOOP_MA = Quantity(
    "loop current", "mA",
    "through the lifted handset",
    least=17.5,
    if_low="the loop is too long or a contact is bad: test with a handset at the jack itself",
    if_high="check register 71 and the line hat",
)  # fmt: skip
LOOP_OHMS = Quantity(
    "loop resistance", "ohm",
    "handset and wire, to 75 ohm",
    least=75.0, most=1500.0,
    if_low="a short: unplug the handset and test again",
    if_high="the loop is too long or a contact is bad: test with a handset at the jack itself",
)  # fmt: skip
ON_HOOK = (SUPPLY, LINE_VOLTS, LEAK, FOREIGN, RINGER)
LIFTED = (LOOP_MA, LOOP_OHMS, *LEVELS)
NOT_LIFTED = N_("the handset lies on its hook")
SHORTED = N_("the chip opens the line by a power alarm")
SHORT_REMEDY = N_("a short between the wires: unplug the handset and test again")


class StationTest:
    """One run of the tests over a chip's registers; steps() goes on by a period of 10 ms."""

    def __init__(
        self,
        bus: RegisterBus,
        place: str,
        feed: Callable[[Feed], None],
        settings: StationSettings,
        sound: LineSound,
        order: TestOrder,
        report: Report,
    ) -> None:
        self._bus, self._place, self._feed, self._settings = bus, place, feed, settings
        self._sound, self._order, self._report = sound, order, report

    def steps(self) -> Steps:
        """All tests; the line is fed as before at the end. Raises ChipMissing and BusClosed."""
        try:
            if self._off_hook():
                for quantity in ON_HOOK:
                    self._report(quantity.missing("the handset is lifted, or the line shorted"))
            else:
                yield from self._on_hook()
                yield from self._wait_for_lift()
            if self._off_hook():
                yield from self._lifted()
            else:
                for quantity in LIFTED:
                    self._report(quantity.missing(NOT_LIFTED, "lift it, and test with --lift"))
        finally:
            self._sound.play(None)
            self._feed(Feed.ACTIVE)

    def _off_hook(self) -> bool:
        return reading(self._bus, self._place).off_hook

    def _on_hook(self) -> Steps:
        open_volts, common, most = (
            octet & 0x3F
            for octet in self._bus.run(
                reg.ON_HOOK_VOLTAGE.read(), reg.COMMON_VOLTAGE.read(), reg.HIGH_BATTERY.read()
            )
        )
        battery = reading(self._bus, self._place).battery_volts
        least = (open_volts + common) * VOLTAGE_STEP
        if battery is not None:
            self._report(SUPPLY.judge(battery, least, most * VOLTAGE_STEP * 1.05))
        volts, amperes = yield from self._average()
        wanted = open_volts * VOLTAGE_STEP
        self._report(LINE_VOLTS.judge(abs(volts), 0.85 * wanted, 1.1 * wanted))
        self._report(LEAK.judge(amperes))
        yield from self._foreign()
        yield from self._ringer()

    def _average(self) -> Generator[int, None, tuple[float, float]]:
        """Volts and mA, the middle of some looks."""
        volts, amperes = [], []
        for _ in range(LOOKS):
            one, other = self._bus.run(reg.LINE_VOLTAGE.read(), reg.LINE_CURRENT.read())
            volts.append(line_volts(one))
            amperes.append(line_ma(other))
            yield 1
        return float(np.median(volts)), float(np.median(amperes))

    def _foreign(self) -> Steps:
        self._feed(Feed.OPEN)
        yield SETTLE_PERIODS
        most = 0
        for _ in range(LOOKS):
            most = max(most, *self._bus.run(reg.TIP_VOLTAGE.read(), reg.RING_VOLTAGE.read()))
            yield 1
        self._feed(Feed.ACTIVE)
        self._report(FOREIGN.judge(most * WIRE_VOLTS_STEP))
        yield SETTLE_PERIODS

    def _ringer(self) -> Steps:
        """REN = I |Z1| / U; that the current register follows the ringing is not proved
        [unverified: ringing current]."""
        self._feed(Feed.RINGING)
        yield SETTLE_PERIODS
        amperes = []
        for _ in range(RING_PERIODS - SETTLE_PERIODS):
            linefeed, current = self._bus.run(reg.LINEFEED.read(), reg.LINE_CURRENT.read())
            if reg.LINEFEED_ACTUAL.of(linefeed) != 4:
                break
            amperes.append(line_ma(current))
            yield 1
        if len(amperes) < LOOKS:
            self._report(RINGER.missing("the handset was lifted, or the chip took it for that"))
            return
        self._feed(Feed.ACTIVE)
        yield SETTLE_PERIODS
        impedance = math.hypot(
            RINGER_OHMS, 1 / (2 * math.pi * self._settings.ring_hz * RINGER_FARADS)
        )
        effective = float(np.sqrt(np.mean(np.square(amperes)))) / 1000
        volts = self._settings.ring_peak_volts / math.sqrt(2)
        self._report(RINGER.judge(effective * impedance / volts))

    def _wait_for_lift(self) -> Steps:
        for _ in range(self._order.lift_periods):
            if self._off_hook():
                yield SETTLE_PERIODS
                return
            yield 1

    def _lifted(self) -> Steps:
        volts, amperes = yield from self._average()
        if reading(self._bus, self._place).doing == "open":
            for quantity in LIFTED:
                self._report(quantity.missing(SHORTED, SHORT_REMEDY))
            return
        limit = 20.0 + 3 * (self._bus.read(reg.LOOP_CURRENT) & 0x07)
        self._report(LOOP_MA.judge(amperes, most=1.15 * limit))
        if amperes:
            self._report(LOOP_OHMS.judge(abs(volts) / amperes * 1000))
        else:
            self._report(LOOP_OHMS.missing("no current flows"))
        yield from measure_levels(self._sound, self._report)
