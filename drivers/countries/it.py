"""Italy [ITU-T E.180 Supplement 2: tones]."""

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
    code="it",
    name="Italy",
    station=STATION_ETSI,
    trunk=TRUNK_ETSI,
    ringing=RingingPlan(network_hz=25, network_vrms=75, cadence_ms=(1000, 4000)),
    tones=Tones(
        dial=beats(425, 200, 200, 600, 1000),
        stutter=alternating(beats(470, 400), beats(425, 400), times=10, then=steady(425)),
        ringback=beats(425, 1000, 4000),
        busy=beats(425, 500, 500),
        reorder=beats(425, 200, 200),
        call_waiting=beats(425, 400, 100, 250, 100, 150, 14000),
    ),
    caller_id=ETSI_AFTER_RING,
    disconnect=BY_TONE,
    numbering=Numbering(
        emergency=("112", "113", "115", "118"),
        classes=toll("00", free="800 803", premium="144 166 178 199 892 895 899"),
    ),
)
