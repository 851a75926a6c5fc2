"""Iceland: line settings only [DAHDI fxo_modes table; Si3050 DS]."""

from drivers.countries.base import LineSettings
from drivers.countries.families import STATION_ETSI, TRUNK_ETSI

LINES = LineSettings(
    code="is",
    name="Iceland",
    station=STATION_ETSI,
    trunk=TRUNK_ETSI,
)
