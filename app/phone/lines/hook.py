"""Reading a handset's hook: dial pulses, flash and hang-up are short or long on-hook times.

The limits are in app/phone/timers.py: dial pulses as DAHDI counts them, flash [GR-506].
"""

from enum import StrEnum

from app.phone.timers import FLASH_LEAST, FLASH_MOST, FLASH_SHORT, PULSE_BREAK


class Break(StrEnum):
    """What an on-hook time was, once the handset is lifted again."""

    PULSE = "pulse"
    FLASH = "flash"
    NEITHER = "neither"


def classify(periods: int, short: bool = False) -> Break:
    """What an on-hook time of this many periods (10 ms) was, if it was no hang-up.

    `short`: telephones here have R keys that are briefer than a flash of North America.
    """
    if periods <= PULSE_BREAK.periods:
        return Break.PULSE
    least = FLASH_SHORT if short else FLASH_LEAST
    if least.periods <= periods <= FLASH_MOST.periods:
        return Break.FLASH
    return Break.NEITHER


def pulsed_digit(pulses: int) -> str:
    """The digit of a number of pulses: ten are 0; more are no digit ("")."""
    return str(pulses % 10) if 1 <= pulses <= 10 else ""
