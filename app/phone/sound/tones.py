"""Tones that are ours and no country's; the countries' are in drivers/countries."""

from drivers.tones import Tone

BEEP = Tone((1000.0,), (400, 10), repeat=1, dbm0=-10.0)
"""Before a recording: the caller may speak now. 400 ms, and 10 ms of silence."""

ENDING = Tone((1400.0,), (200, 100), repeat=2, dbm0=-13.0)
"""While somebody records: it will soon be as long as it may be."""

WAITING = Tone((440.0,), (100, 100, 100, 2700), dbm0=-22.0)
"""Somebody waits for something that takes longer: two soft short beeps every 3 s."""
