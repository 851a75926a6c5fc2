"""Slovakia: line settings only [DAHDI fxo_modes table; Si3050 DS]."""

from drivers.countries.base import LineSettings, TrunkSettings
from drivers.countries.families import STATION_220_820

LINES = LineSettings(
    code="sk",
    name="Slovakia",
    station=STATION_220_820,
    trunk=TrunkSettings(acim=3),
)
