"""Thailand [ITU-T E.180 Supplement 2: tones]."""

from drivers.countries.base import Country, RingingPlan, Tones
from drivers.countries.families import BY_TONE, STATION_600, TRUNK_LOW_VOLTAGE, beats
from drivers.countries.numbering import Numbering, toll
from drivers.tones import modulated

COUNTRY = Country(
    code="th",
    name="Thailand",
    station=STATION_600,
    trunk=TRUNK_LOW_VOLTAGE,
    ringing=RingingPlan(network_hz=20, network_vrms=75, cadence_ms=(1000, 4000)),
    tones=Tones(
        dial=modulated(400, 50),
        stutter=beats(400, 200, 200, 600, 200),
        ringback=beats(420, 1000, 5000),
        busy=beats(400, 500, 500),
        reorder=beats(400, 300, 300),
        call_waiting=beats(1000, 400, 10000),
    ),
    caller_id=None,
    disconnect=BY_TONE,
    numbering=Numbering(
        emergency=("191", "199", "1669"),
        classes=toll("00", free="1800", premium="1900"),
    ),
)
