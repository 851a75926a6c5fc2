"""Egypt: line settings only [DAHDI fxo_modes table; Si3050 DS]."""

from drivers.countries.base import LineSettings
from drivers.countries.families import STATION_600, TRUNK_LOW_VOLTAGE

LINES = LineSettings(
    code="eg",
    name="Egypt",
    station=STATION_600,
    trunk=TRUNK_LOW_VOLTAGE,
)
