"""Norway [ITU-T E.180 Supplement 2: tones]."""

from drivers.countries.base import Country, RingingPlan, Tones
from drivers.countries.families import (
    BY_TONE,
    ETSI_AFTER_RING,
    STATION_ETSI,
    TRUNK_ETSI,
    beats,
    steady,
)
from drivers.countries.numbering import Numbering, toll
from drivers.tones import alternating

COUNTRY = Country(
    code="no",
    name="Norway",
    station=STATION_ETSI,
    trunk=TRUNK_ETSI,
    ringing=RingingPlan(network_hz=25, network_vrms=75, cadence_ms=(1000, 4000)),
    tones=Tones(
        dial=steady(425),
        stutter=alternating(beats(470, 400), beats(425, 400), times=10, then=steady(425)),
        ringback=beats(425, 1000, 4000),
        busy=beats(425, 500, 500),
        reorder=beats(425, 200, 200),
        call_waiting=beats(425, 200, 600, 200, 10000),
    ),
    caller_id=ETSI_AFTER_RING,
    disconnect=BY_TONE,
    numbering=Numbering(
        emergency=("112", "110", "113"),
        classes=toll("00", free="800", premium="82"),
    ),
)
