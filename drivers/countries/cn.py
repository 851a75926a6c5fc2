"""China [ITU-T E.180 Supplement 2: tones]."""

from drivers.countries.base import Country, RingingPlan, Tones, TrunkSettings
from drivers.countries.families import BELLCORE, BY_TONE, STATION_600, beats, steady
from drivers.countries.numbering import Numbering, toll

COUNTRY = Country(
    code="cn",
    name="China",
    station=STATION_600,
    trunk=TrunkSettings(acim=15, dcv=0, mini=3),
    ringing=RingingPlan(network_hz=20, network_vrms=75, cadence_ms=(1000, 4000)),
    tones=Tones(
        dial=steady(450),
        stutter=steady(425, 450),
        ringback=beats(450, 1000, 4000),
        busy=beats(450, 350, 350),
        reorder=beats(450, 700, 700),
        call_waiting=beats(450, 400, 4000),
    ),
    caller_id=BELLCORE,
    disconnect=BY_TONE,
    numbering=Numbering(
        emergency=("110", "119", "120"),
        classes=toll("00", national="0", free="400 800"),
    ),
)
