"""Portugal [ITU-T E.180 Supplement 2: tones]."""

from drivers.countries.base import Country, RingingPlan, Tones
from drivers.countries.families import BY_TONE, STATION_ETSI, TRUNK_ETSI, beats, steady
from drivers.countries.numbering import Numbering, toll
from drivers.tones import stuttered

COUNTRY = Country(
    code="pt",
    name="Portugal",
    station=STATION_ETSI,
    trunk=TRUNK_ETSI,
    ringing=RingingPlan(network_hz=25, network_vrms=75, cadence_ms=(1000, 5000)),
    tones=Tones(
        dial=steady(425),
        stutter=stuttered(steady(425)),
        ringback=beats(425, 1000, 5000),
        busy=beats(425, 500, 500),
        reorder=beats(425, 200, 200),
        call_waiting=beats(440, 300, 10000),
    ),
    caller_id=None,
    disconnect=BY_TONE,
    numbering=Numbering(
        emergency=("112", "115"),
        classes=toll("00", free="800", premium="60 76"),
    ),
)
