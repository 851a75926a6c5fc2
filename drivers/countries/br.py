"""Brazil [ITU-T E.180 Supplement 2: tones]."""

from drivers.countries.base import Country, RingingPlan, Tones
from drivers.countries.families import (
    BY_TONE,
    DTMF_AFTER_REVERSAL,
    STATION_600,
    TRUNK_LOW_VOLTAGE,
    beats,
    steady,
)
from drivers.countries.numbering import Numbering, toll

COUNTRY = Country(
    code="br",
    name="Brazil",
    station=STATION_600,
    trunk=TRUNK_LOW_VOLTAGE,
    ringing=RingingPlan(network_hz=20, network_vrms=75, cadence_ms=(1000, 4000)),
    tones=Tones(
        dial=steady(425),
        stutter=steady(350, 440),
        ringback=beats(425, 1000, 4000),
        busy=beats(425, 250, 250),
        reorder=beats(425, 250, 250, 750, 250),
        call_waiting=beats(425, 50, 1000),
    ),
    caller_id=DTMF_AFTER_REVERSAL,
    disconnect=BY_TONE,
    numbering=Numbering(
        emergency=("190", "192", "193", "128"),
        classes=toll("00", national="0", free="0800", premium="0300 0500 0900"),
    ),
)
