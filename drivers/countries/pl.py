"""Poland [ITU-T E.180 Supplement 2: tones]."""

from drivers.countries.base import Country, RingingPlan, Tones, TrunkSettings
from drivers.countries.families import BY_TONE, STATION_ETSI, beats, steady
from drivers.countries.numbering import Numbering, toll
from drivers.tones import stuttered

COUNTRY = Country(
    code="pl",
    name="Poland",
    station=STATION_ETSI,
    trunk=TrunkSettings(acim=0, rz=1, rt=1),
    ringing=RingingPlan(network_hz=25, network_vrms=75, cadence_ms=(1000, 4000)),
    tones=Tones(
        dial=steady(425),
        stutter=stuttered(steady(425)),
        ringback=beats(425, 1000, 4000),
        busy=beats(425, 500, 500),
        reorder=beats(425, 500, 500),
        call_waiting=beats(425, 150, 150, 150, 4000),
    ),
    caller_id=None,
    disconnect=BY_TONE,
    numbering=Numbering(
        emergency=("112", "997", "998", "999"),
        classes=toll("00", free="800", premium="70"),
    ),
)
