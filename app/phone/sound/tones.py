"""Tones that are ours and no country's; the countries' are in drivers/countries."""

from drivers.countries import Tones
from drivers.tones import Tone, stuttered

BEEP = Tone((1000.0,), (400, 10), repeat=1, dbm0=-10.0)
"""Before a recording: the caller may speak now. 400 ms, and 10 ms of silence."""

ENDING = Tone((1400.0,), (200, 100), repeat=2, dbm0=-13.0)
"""While somebody records: it will soon be as long as it may be."""

WAITING = Tone((440.0,), (100, 100, 100, 2700), dbm0=-22.0)
"""Somebody waits for something that takes longer: two soft short beeps every 3 s."""

HOLD = Tone((440.0,), (200, 200, 200, 5400), dbm0=-26.0)
"""On hold, where no music is given: two soft beeps every 6 s, so that nobody thinks they are cut
off."""


def recall_tone(tones: Tones) -> Tone:
    """After a flash, with a party on hold: dial tone broken three times [GR-506, recall]."""
    return stuttered(tones.dial, times=3)
