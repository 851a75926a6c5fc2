"""The tests of an outside line that its Si3050 with line side can make.

On hook: link, line voltage, polarity. Seized: current, voltage, loop resistance, dial tone; after
one digit, when the exchange is silent: noise and echo. A line that rings or that a parallel
telephone uses is not seized.
"""

from collections.abc import Callable

from drivers.findings import Quantity, Report, TestOrder
from drivers.line_sound import (
    LineSound,
    level_dbm0,
    loudest_tones_dbm0,
    sines,
    tone_dbm0,
)
from drivers.ports import LineReading, Steps

SEIZE_PERIODS = 70
"""From going off hook to values that are believed: 128 ms of off-hook counter and about 256 ms of
the converter's calibration [unverified: converter calibration], and the exchange's own change."""
DIAL_TONE_PERIODS = 300
QUIET_PERIODS = 50
LOOKS = 20
BATTERY_VOLTS, TAKEN_VOLTS = 3.0, 20.0
"""Below the first there is no line, below the second somebody else has taken it [DAHDI]."""
DIGIT_1_HZ = (697.0, 1209.0)
"""[ITU-T Q.23]"""
DIGIT_DBM0, ECHO_DBM0 = -8.0, -15.0
DIAL_TONE_LEAST_DBM0 = -30.0
ECHO_HZ = (510.0, 1010.0, 2510.0)
"""Whole cycles of 100 ms; none is part of a digit."""

LINK = Quantity(
    "isolation link", "", "1: chip and line side talk to each other",
    least=1.0, if_low="check the Si3019, the parts between the two, and the PCM bit clock",
)  # fmt: skip
LINE_VOLTS = Quantity(
    "line voltage", "V", "on hook, either way round; 48 is usual, a private exchange may have 24",
    least=TAKEN_VOLTS, most=66.0,
    if_low="0 to 3: not plugged in, or the line is dead; 3 to 20: a telephone beside this one is"
    " lifted, or the line is too weak",
    if_high="it rings, or the line carries more than a telephone line may: ask its provider",
)  # fmt: skip
POLARITY = Quantity(
    "polarity", "", "1: TIP above RING; -1: turned round, which is as good",
)  # fmt: skip
LOOP_MA = Quantity(
    "loop current", "mA", "drawn from the exchange while seized, to 3.3 mA",
    least=16.5, most=100.0,
    if_low="the line is long or a contact is bad: try at the first jack of the house",
    if_high="check site.country, which says whether the chip limits it, and the line itself",
)  # fmt: skip
SEIZED_VOLTS = Quantity("voltage seized", "V", "what the chip leaves on the line at this current")
LOOP_OHMS = Quantity(
    "loop resistance", "ohm", "the exchange's feed and the wire: from both voltages and the current"
)  # fmt: skip
DIAL_TONE = Quantity(
    "dial tone", "dBm0", "its frequencies together, as site.country names them",
    least=DIAL_TONE_LEAST_DBM0, most=-3.0,
    if_low="listen with a telephone: no dial tone there is a fault of the line; another tone means"
    " that site.country is wrong",
    if_high="the line overloads the converter: ask its provider, or set the gain lower",
)  # fmt: skip
NOISE = Quantity(
    "noise", "dBm0", "in the silence after a digit",
    most=-50.0, if_high="hum: check ground and supply; crackling: wiring, first jack of the house",
)  # fmt: skip
ECHO = Quantity(
    "echo return loss", "dB", "the worst of three tones; 60 is as much as is shown",
    least=8.0, if_low="the impedance of site.country does not fit this line",
)  # fmt: skip
SEIZED = (LOOP_MA, SEIZED_VOLTS, LOOP_OHMS, DIAL_TONE, NOISE, ECHO)
MOST_LOSS_DB = 60.0


class TrunkTest:
    """One run of the tests; `look` reads the chip, `seize` goes off hook, `release` on hook."""

    def __init__(
        self,
        look: Callable[[], LineReading],
        seize: Callable[[], None],
        release: Callable[[], None],
        sound: LineSound,
        order: TestOrder,
        report: Report,
    ) -> None:
        self._look, self._seize, self._release = look, seize, release
        self._sound, self._order, self._report = sound, order, report

    def steps(self) -> Steps:
        """All tests; on hook at the end. Raises ChipMissing and BusClosed."""
        linked = self._look().doing != "isolation link down"
        self._report(LINK.judge(float(linked)))
        if not linked:
            self._leave_out((LINE_VOLTS, POLARITY, *SEIZED), "the chip does not see the line")
            return
        yield LOOKS
        volts = self._look().volts or 0.0
        self._report(LINE_VOLTS.judge(abs(volts)))
        if abs(volts) < BATTERY_VOLTS:
            self._leave_out((POLARITY, *SEIZED), "there is no line")
            return
        self._report(POLARITY.judge(1.0 if volts > 0 else -1.0))
        if abs(volts) < TAKEN_VOLTS:
            self._leave_out(SEIZED, "somebody may talk on the line")
            return
        try:
            self._seize()
            yield SEIZE_PERIODS
            self._direct_current(abs(volts))
            yield from self._sounds()
        finally:
            self._sound.play(None)
            self._release()

    def _leave_out(self, quantities: tuple[Quantity, ...], why: str) -> None:
        for quantity in quantities:
            self._report(quantity.missing(why))

    def _direct_current(self, open_volts: float) -> None:
        seized = self._look()
        volts, amperes = abs(seized.volts or 0.0), seized.ma or 0.0
        self._report(LOOP_MA.judge(amperes))
        self._report(SEIZED_VOLTS.judge(volts))
        if amperes:
            self._report(LOOP_OHMS.judge((open_volts - volts) / amperes * 1000))
        else:
            self._report(LOOP_OHMS.missing("no current flows"))

    def _sounds(self) -> Steps:
        sound, wanted = self._sound, self._order.dial_tone_hz
        sound.listen()
        yield DIAL_TONE_PERIODS
        self._report(DIAL_TONE.judge(loudest_tones_dbm0(sound.heard(), wanted)))
        if not self._order.dials:
            self._leave_out((NOISE, ECHO), "no digit was to be sent, so the exchange sounds on")
            return
        sound.play(sines(DIGIT_1_HZ, DIGIT_DBM0, 10))
        yield 10
        sound.play(None)
        yield QUIET_PERIODS
        sound.listen()
        yield QUIET_PERIODS
        heard = sound.heard()
        if loudest_tones_dbm0(heard, wanted) > DIAL_TONE_LEAST_DBM0:
            self._leave_out((NOISE, ECHO), "dial tone sounds on: does this line want pulses?")
            return
        self._report(NOISE.judge(level_dbm0(heard)))
        yield from self._echo()

    def _echo(self) -> Steps:
        self._sound.play(sines(ECHO_HZ, ECHO_DBM0, 10))
        yield 10
        self._sound.listen()
        yield 40
        heard = self._sound.heard()
        loudest = max(tone_dbm0(heard, hz) for hz in ECHO_HZ)
        self._report(ECHO.judge(min(ECHO_DBM0 - loudest, MOST_LOSS_DB)))
