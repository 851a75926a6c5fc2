"""Levels of a lifted handset's line: noise, echo of our own tone, and what a test set sends."""

from drivers.findings import Quantity, Report
from drivers.line_sound import LineSound, level_dbm0, sines, strongest_hz, tone_dbm0
from drivers.ports import Steps

SETTLE_PERIODS = 30
TONE_HZ, TONE_DBM0 = 1005.0, -10.0
"""The usual test tone of 1004 Hz, in whole cycles of 200 ms; and a level that no line objects to
[IEEE 743]."""
MOST_LOSS_DB = 60.0

NOISE = Quantity(
    "noise", "dBm0",
    "of the lifted line while we send nothing; cover the mouthpiece, it hears the room",
    most=-50.0,
    if_high="hum or whine: check the supply and its ground; hiss after some starts only: see"
    " `lines bring-up`, experiment 3",
)  # fmt: skip
SENT = Quantity(
    "level sent", "dBm0",
    "of the test tone, 1005 Hz; a level meter of 600 ohm at the jack shows the same in dBm",
)  # fmt: skip
ECHO = Quantity(
    "echo return loss", "dB",
    "how much softer our own tone comes back; 60 is as much as is shown",
    least=6.0,
    if_low="the impedance of the country's setting and the line do not fit: check site.country",
)  # fmt: skip
RECEIVED = Quantity(
    "level received", "dBm0",
    "of whatever sounded in two seconds of listening: a test set at the jack sends a tone",
)  # fmt: skip
RECEIVED_HZ = Quantity("frequency received", "Hz", "the strongest, to 5 Hz")

LEVELS = (NOISE, SENT, ECHO, RECEIVED, RECEIVED_HZ)


def measure_levels(sound: LineSound, report: Report) -> Steps:
    """All LEVELS of a line whose audio path is open: in 5 s."""
    sound.listen()
    yield 100
    report(NOISE.judge(level_dbm0(sound.heard())))
    sound.play(sines((TONE_HZ,), TONE_DBM0, 20))
    report(SENT.judge(TONE_DBM0))
    yield SETTLE_PERIODS
    sound.listen()
    yield 60
    loss = TONE_DBM0 - tone_dbm0(sound.heard(), TONE_HZ)
    report(ECHO.judge(min(loss, MOST_LOSS_DB)))
    sound.play(None)
    yield SETTLE_PERIODS
    sound.listen()
    yield 200
    heard = sound.heard()
    report(RECEIVED.judge(level_dbm0(heard)))
    report(RECEIVED_HZ.judge(strongest_hz(heard)))
