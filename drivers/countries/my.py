"""Malaysia [ITU-T E.180 Supplement 2: tones]."""

from drivers.countries.base import Country, RingingPlan, Tones
from drivers.countries.families import BY_TONE, STATION_600, TRUNK_LOW_VOLTAGE, beats, steady
from drivers.countries.numbering import Numbering, toll
from drivers.tones import stuttered

COUNTRY = Country(
    code="my",
    name="Malaysia",
    station=STATION_600,
    trunk=TRUNK_LOW_VOLTAGE,
    ringing=RingingPlan(network_hz=20, network_vrms=75, cadence_ms=(2000, 4000)),
    tones=Tones(
        dial=steady(425),
        stutter=stuttered(steady(425)),
        ringback=beats(425, 400, 200, 400, 2000),
        busy=beats(425, 500, 500),
        reorder=beats(425, 500, 500),
        call_waiting=beats(425, 300, 10000),
    ),
    caller_id=None,
    disconnect=BY_TONE,
    numbering=Numbering(
        emergency=("999",),
        classes=toll("00", national="0", free="1800", premium="600"),
    ),
)
