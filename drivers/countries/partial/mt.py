"""Malta: line settings only [DAHDI fxo_modes table; Si3050 DS]."""

from drivers.countries.base import LineSettings
from drivers.countries.families import STATION_ETSI, TRUNK_TBR21

LINES = LineSettings(
    code="mt",
    name="Malta",
    station=STATION_ETSI,
    trunk=TRUNK_TBR21,
)
