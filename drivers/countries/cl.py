"""Chile [ITU-T E.180 Supplement 2: tones]."""

from drivers.countries.base import Country, RingingPlan, Tones
from drivers.countries.families import BY_TONE, STATION_600, TRUNK_600, beats, steady
from drivers.countries.numbering import Numbering, toll
from drivers.tones import stuttered

COUNTRY = Country(
    code="cl",
    name="Chile",
    station=STATION_600,
    trunk=TRUNK_600,
    ringing=RingingPlan(network_hz=20, network_vrms=75, cadence_ms=(1000, 3000)),
    tones=Tones(
        dial=steady(400),
        stutter=stuttered(steady(400)),
        ringback=beats(400, 1000, 3000),
        busy=beats(400, 500, 500),
        reorder=beats(400, 200, 200),
        call_waiting=beats(400, 250, 8750),
    ),
    caller_id=None,
    disconnect=BY_TONE,
    numbering=Numbering(
        emergency=("133", "131", "132"),
        classes=toll("00 1XX0", free="800", premium="700"),
    ),
)
