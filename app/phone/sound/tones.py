"""Tones that are ours and no country's; the countries' are in drivers/countries."""

from drivers.tones import Tone

BEEP = Tone((1000.0,), (400, 10), repeat=1, dbm0=-10.0)
"""Before a recording: the caller may speak now. 400 ms, and 10 ms of silence."""
