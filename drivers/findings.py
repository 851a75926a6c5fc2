"""What a test of a line finds: a value with its usual range, what it means and what to do.

The ranges are those of the standard or data sheet that a quantity names, else chosen by us. Nothing
here was compared with a real line yet [unverified: line test limits].
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from app.core.sentences import N_


class Verdict(StrEnum):
    """What a value says."""

    GOOD = N_("good")
    BAD = N_("bad")
    TOLD = N_("told")
    """It is neither: a fact about the line."""
    NOT_MEASURED = N_("not measured")


@dataclass(frozen=True, slots=True)
class Finding:
    """One value of a test."""

    name: str
    value: float | None
    """In `unit`; None: not measured."""
    unit: str
    least: float | None
    """The usual range, in `unit`; None: no limit."""
    most: float | None
    verdict: Verdict
    meaning: str
    remedy: str
    """What to do; "" if there is nothing to do."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """Something that can be measured, with its usual range."""

    name: str
    unit: str
    """V, mA, ohm, dB, dBm0, Hz, REN or "" for a number."""
    meaning: str
    least: float | None = None
    most: float | None = None
    if_low: str = ""
    """What to do about a value below the range."""
    if_high: str = ""
    """What to do about a value above it."""

    def judge(self, value: float, least: float | None = None, most: float | None = None) -> Finding:
        """The value against the usual range, or against these limits, all in `unit`."""
        low = self.least if least is None else least
        high = self.most if most is None else most
        if low is None and high is None:
            verdict, remedy = Verdict.TOLD, ""
        elif low is not None and value < low:
            verdict, remedy = Verdict.BAD, self.if_low
        elif high is not None and value > high:
            verdict, remedy = Verdict.BAD, self.if_high
        else:
            verdict, remedy = Verdict.GOOD, ""
        return Finding(self.name, value, self.unit, low, high, verdict, self.meaning, remedy)

    def missing(self, why: str, remedy: str = "") -> Finding:
        """It could not be measured; `why` in words."""
        verdict = Verdict.NOT_MEASURED
        return Finding(self.name, None, self.unit, self.least, self.most, verdict, why, remedy)


@dataclass(frozen=True, slots=True)
class TestOrder:
    """What a test of a line is to do."""

    __test__ = False  # pytest would take it for one of its own

    lift_periods: int = 0
    """Station: how long to wait for the handset to be lifted (10 ms); 0: not at all."""
    dial_tone_hz: tuple[float, ...] = ()
    """Trunk: the frequencies of the exchange's dial tone."""
    dials: bool = True
    """Trunk: send the digit 1, so that the exchange falls silent for noise and echo."""


Report = Callable[[Finding], None]
