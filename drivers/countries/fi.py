"""Finland [ITU-T E.180 Supplement 2: tones]."""

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
    code="fi",
    name="Finland",
    station=STATION_ETSI,
    trunk=TRUNK_ETSI,
    ringing=RingingPlan(network_hz=25, network_vrms=75, cadence_ms=(1000, 4000)),
    tones=Tones(
        dial=steady(425),
        stutter=beats(425, 650, 25),
        ringback=beats(425, 1000, 4000),
        busy=beats(425, 300, 300),
        reorder=beats(425, 200, 200),
        call_waiting=beats(425, 150, 150, 150, 8000),
    ),
    caller_id=DTMF_AFTER_REVERSAL,
    disconnect=BY_TONE,
    numbering=Numbering(
        emergency=("112",),
        classes=toll("00 99X", national="0", free="0800", premium="0600 0700 118"),
    ),
)
