"""Israel [ITU-T E.180 Supplement 2: tones]."""

from drivers.countries.base import Country, RingingPlan, Tones
from drivers.countries.families import BY_TONE, STATION_ETSI, TRUNK_TBR21, beats, steady
from drivers.countries.numbering import Numbering, toll
from drivers.tones import stuttered

COUNTRY = Country(
    code="il",
    name="Israel",
    station=STATION_ETSI,
    trunk=TRUNK_TBR21,
    ringing=RingingPlan(network_hz=25, network_vrms=75, cadence_ms=(1000, 3000)),
    tones=Tones(
        dial=steady(414),
        stutter=stuttered(steady(414), on_ms=160, off_ms=160, times=10),
        ringback=beats(414, 1000, 3000),
        busy=beats(414, 500, 500),
        reorder=beats(414, 250, 250),
        call_waiting=beats(414, 100, 100, 100, 100, 600, 3000),
    ),
    caller_id=None,
    disconnect=BY_TONE,
    numbering=Numbering(
        emergency=("100", "101", "102"),
        classes=toll("00 01X", national="0", free="1800", premium="1900 1919"),
    ),
)
