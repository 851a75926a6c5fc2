"""Austria [ITU-T E.180 Supplement 2: tones]."""

from drivers.countries.base import Country, RingingPlan, Tones, TrunkSettings
from drivers.countries.families import BY_TONE, ETSI_AFTER_RING, STATION_220_820, beats, steady
from drivers.countries.numbering import Numbering, toll

COUNTRY = Country(
    code="at",
    name="Austria",
    station=STATION_220_820,
    trunk=TrunkSettings(acim=3, ilim=1, ohs2=1),
    ringing=RingingPlan(network_hz=25, network_vrms=75, cadence_ms=(1000, 5000)),
    tones=Tones(
        dial=steady(420),
        stutter=steady(380, 420),
        ringback=beats(420, 1000, 5000),
        busy=beats(420, 400, 400),
        reorder=beats(420, 200, 200),
        call_waiting=beats(420, 40, 1960),
    ),
    caller_id=ETSI_AFTER_RING,
    disconnect=BY_TONE,
    numbering=Numbering(
        emergency=("112", "122", "133", "144"),
        classes=toll("00", national="0", free="0800", premium="0900 0901 0930 0931 0939"),
    ),
)
