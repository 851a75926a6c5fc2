"""Jordan: line settings only."""

from drivers.countries.base import LineSettings
from drivers.countries.families import STATION_600, TRUNK_LOW_VOLTAGE

LINES = LineSettings(
    code="jo",
    name="Jordan",
    station=STATION_600,
    trunk=TRUNK_LOW_VOLTAGE,
)
