"""Belgium [ITU-T E.180 Supplement 2: tones]."""

from drivers.countries.base import Country, RingingPlan, Tones
from drivers.countries.families import (
    BY_TONE,
    DTMF_AFTER_REVERSAL,
    STATION_ETSI,
    TRUNK_ETSI,
    beats,
    steady,
)
from drivers.countries.numbering import Numbering, toll

COUNTRY = Country(
    code="be",
    name="Belgium",
    station=STATION_ETSI,
    trunk=TRUNK_ETSI,
    ringing=RingingPlan(network_hz=25, network_vrms=75, cadence_ms=(1000, 3000)),
    tones=Tones(
        dial=steady(425),
        stutter=beats(425, 1000, 250),
        ringback=beats(425, 1000, 3000),
        busy=beats(425, 500, 500),
        reorder=beats(425, 167, 167),
        call_waiting=beats(1400, 175, 175, 175, 3500),
    ),
    caller_id=DTMF_AFTER_REVERSAL,
    disconnect=BY_TONE,
    numbering=Numbering(
        emergency=("112", "100", "101"),
        classes=toll("00", free="0800", premium="070 090"),
    ),
)
