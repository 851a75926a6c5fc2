"""Philippines [ITU-T E.180 Supplement 2: tones]."""

from dataclasses import replace

from drivers.countries.base import Country, RingingPlan, Tones
from drivers.countries.families import BY_TONE, STATION_600, TRUNK_LOW_VOLTAGE, beats, steady
from drivers.countries.numbering import Numbering, toll
from drivers.tones import stuttered

COUNTRY = Country(
    code="ph",
    name="Philippines",
    station=STATION_600,
    trunk=TRUNK_LOW_VOLTAGE,
    ringing=RingingPlan(network_hz=20, network_vrms=75, cadence_ms=(1000, 4000)),
    tones=Tones(
        dial=steady(425),
        stutter=replace(stuttered(steady(350, 440)), then=steady(425)),
        ringback=beats((425, 480), 1000, 4000),
        busy=beats((480, 620), 500, 500),
        reorder=beats((480, 620), 250, 250),
        call_waiting=beats(440, 300, 10000),
    ),
    caller_id=None,
    disconnect=BY_TONE,
    numbering=Numbering(
        emergency=("911", "117"),
        classes=toll("00", national="0", free="1800", premium="1900"),
    ),
)
