"""Russia [ITU-T E.180 Supplement 2: tones]."""

from drivers.countries.base import Country, RingingPlan, Tones
from drivers.countries.families import BY_TONE, STATION_600, TRUNK_LOW_VOLTAGE, beats, steady
from drivers.countries.numbering import Numbering, toll
from drivers.tones import stuttered

COUNTRY = Country(
    code="ru",
    name="Russia",
    station=STATION_600,
    trunk=TRUNK_LOW_VOLTAGE,
    ringing=RingingPlan(network_hz=20, network_vrms=75, cadence_ms=(1000, 4000)),
    tones=Tones(
        dial=steady(425),
        stutter=stuttered(steady(425)),
        ringback=beats(425, 1000, 4000),
        busy=beats(425, 350, 350),
        reorder=beats(425, 175, 175),
        call_waiting=beats(425, 200, 5000),
    ),
    caller_id=None,
    disconnect=BY_TONE,
    numbering=Numbering(
        emergency=("112", "101", "102", "103"),
        helplines=("01", "02", "03"),
        classes=toll("810", national="8", free="8800", premium="8803 8809"),
    ),
)
