"""Greece [ITU-T E.180 Supplement 2: tones]."""

from drivers.countries.base import Country, RingingPlan, Tones
from drivers.countries.families import BY_TONE, STATION_ETSI, TRUNK_ETSI, beats
from drivers.countries.numbering import Numbering, toll

COUNTRY = Country(
    code="gr",
    name="Greece",
    station=STATION_ETSI,
    trunk=TRUNK_ETSI,
    ringing=RingingPlan(network_hz=25, network_vrms=75, cadence_ms=(1000, 4000)),
    tones=Tones(
        dial=beats(425, 200, 300, 700, 800),
        stutter=beats(425, 650, 25),
        ringback=beats(425, 1000, 4000),
        busy=beats(425, 300, 300),
        reorder=beats(425, 200, 200),
        call_waiting=beats(425, 150, 150, 150, 8000),
    ),
    caller_id=None,
    disconnect=BY_TONE,
    numbering=Numbering(
        emergency=("112", "100", "166", "199"),
        classes=toll("00", free="800", premium="90"),
    ),
)
