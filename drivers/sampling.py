"""The voice side in numbers: samples, periods, levels. Imports nothing, so that all may read it."""

SAMPLE_RATE = 8000
"""Samples a second on every line, the telephone network's rate [G.711]."""
PERIOD = 80
"""Samples in one period: the beat of everything on the voice side."""
PERIOD_MS = 1000 * PERIOD // SAMPLE_RATE
"""10 ms."""
PERIODS_PER_SECOND = SAMPLE_RATE // PERIOD

FULL_SCALE = 32_767
"""The largest sample."""
FULL_SCALE_DBM0 = 3.17
"""Level of a sine of full scale [G.711, mu-law]."""


def amplitude(dbm0: float) -> float:
    """The peak of a sine of this level, in sample units: 0 dBm0 is 22,748, -13 dBm0 is 5,093."""
    return float(FULL_SCALE * 10 ** ((dbm0 - FULL_SCALE_DBM0) / 20))
