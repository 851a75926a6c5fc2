"""Colombia: line settings only [DAHDI fxo_modes table; Si3050 DS]."""

from drivers.countries.base import LineSettings
from drivers.countries.families import STATION_600, TRUNK_600

LINES = LineSettings(
    code="co",
    name="Colombia",
    station=STATION_600,
    trunk=TRUNK_600,
)
