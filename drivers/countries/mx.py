"""Mexico [ITU-T E.180 Supplement 2: tones]."""

from dataclasses import replace

from drivers.countries.base import Country, RingingPlan, Tones
from drivers.countries.families import BELLCORE, BY_TONE, STATION_600, TRUNK_600, beats, steady
from drivers.countries.numbering import Numbering, toll
from drivers.tones import stuttered

COUNTRY = Country(
    code="mx",
    name="Mexico",
    station=STATION_600,
    trunk=TRUNK_600,
    ringing=RingingPlan(network_hz=20, network_vrms=75, cadence_ms=(2000, 4000)),
    tones=Tones(
        dial=steady(425),
        stutter=replace(stuttered(steady(350, 440)), then=steady(425)),
        ringback=beats(425, 1000, 4000),
        busy=beats(425, 250, 250),
        reorder=beats(425, 250, 250),
        call_waiting=beats(425, 200, 600, 200, 10000),
    ),
    caller_id=BELLCORE,
    disconnect=BY_TONE,
    numbering=Numbering(
        emergency=("911", "060", "065", "066", "068", "080"),
        classes=toll("00", free="800", premium="900"),
    ),
)
