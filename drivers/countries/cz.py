"""Czechia [ITU-T E.180 Supplement 2: tones]."""

from drivers.countries.base import Country, RingingPlan, Tones
from drivers.countries.families import BY_TONE, STATION_ETSI, TRUNK_TBR21, beats
from drivers.countries.numbering import Numbering, toll

COUNTRY = Country(
    code="cz",
    name="Czechia",
    station=STATION_ETSI,
    trunk=TRUNK_TBR21,
    ringing=RingingPlan(network_hz=25, network_vrms=75, cadence_ms=(1000, 4000)),
    tones=Tones(
        dial=beats(425, 330, 330, 660, 660),
        stutter=beats(425, 450, 50),
        ringback=beats(425, 1000, 4000),
        busy=beats(425, 330, 330),
        reorder=beats(425, 165, 165),
        call_waiting=beats(425, 330, 9000),
    ),
    caller_id=None,
    disconnect=BY_TONE,
    numbering=Numbering(
        emergency=("112", "150", "155", "156", "158"),
        classes=toll("00", free="800", premium="90"),
    ),
)
