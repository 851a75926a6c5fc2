"""Spain [ITU-T E.180 Supplement 2: tones]."""

from drivers.countries.base import Country, RingingPlan, Tones
from drivers.countries.families import (
    BY_TONE,
    ETSI_AFTER_RING,
    STATION_ETSI,
    TRUNK_ETSI,
    beats,
    steady,
)
from drivers.countries.numbering import Numbering, toll
from drivers.tones import stuttered

COUNTRY = Country(
    code="es",
    name="Spain",
    station=STATION_ETSI,
    trunk=TRUNK_ETSI,
    ringing=RingingPlan(network_hz=25, network_vrms=75, cadence_ms=(1500, 3000)),
    tones=Tones(
        dial=steady(425),
        stutter=stuttered(steady(425)),
        ringback=beats(425, 1500, 3000),
        busy=beats(425, 200, 200),
        reorder=beats(425, 200, 200, 200, 200, 200, 600),
        call_waiting=beats(425, 175, 175, 175, 3500),
    ),
    caller_id=ETSI_AFTER_RING,
    disconnect=BY_TONE,
    numbering=Numbering(
        emergency=("112", "061", "062", "080", "085", "088", "091", "092"),
        classes=toll("00", free="800 900", premium="803 806 807 905 907 118"),
    ),
)
