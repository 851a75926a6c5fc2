"""Sweden [ITU-T E.180 Supplement 2: tones]."""

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
from drivers.tones import stuttered

COUNTRY = Country(
    code="se",
    name="Sweden",
    station=STATION_ETSI,
    trunk=TRUNK_ETSI,
    ringing=RingingPlan(network_hz=25, network_vrms=75, cadence_ms=(1000, 5000)),
    tones=Tones(
        dial=steady(425),
        stutter=stuttered(steady(425)),
        ringback=beats(425, 1000, 5000),
        busy=beats(425, 250, 250),
        reorder=beats(425, 250, 750),
        call_waiting=beats(425, 200, 500, 200, 9100),
    ),
    caller_id=DTMF_AFTER_REVERSAL,
    disconnect=BY_TONE,
    numbering=Numbering(
        emergency=("112", "90000"),
        classes=toll("00", national="0", free="020", premium="0900 0939 0944 118"),
    ),
)
