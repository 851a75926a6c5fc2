"""Germany [Deutsche Telekom 1 TR 110-1: tones and ringing; ETSI EN 300 659-1: caller ID]."""

from drivers.countries.base import Country, RingingPlan, Tones, TrunkSettings
from drivers.countries.families import BY_TONE, ETSI_AFTER_RING, STATION_220_820, beats, steady
from drivers.countries.numbering import Numbering, toll

COUNTRY = Country(
    code="de",
    name="Germany",
    station=STATION_220_820,
    trunk=TrunkSettings(acim=3, ilim=1, ohs2=1),
    ringing=RingingPlan(network_hz=25, network_vrms=65, cadence_ms=(1000, 4000)),
    tones=Tones(
        dial=steady(425),
        stutter=steady(425, 400),
        ringback=beats(425, 1000, 4000),
        busy=beats(425, 480, 480),
        reorder=beats(425, 240, 240),
        call_waiting=beats(425, 200, 200, 200, 5000),
    ),
    caller_id=ETSI_AFTER_RING,
    disconnect=BY_TONE,
    numbering=Numbering(
        emergency=("112", "110"),
        classes=toll("00", national="0", free="0800 116", premium="010 0137 0180 0900 118"),
    ),
)
