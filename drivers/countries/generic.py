"""Any country whose network follows the harmonized European rules [ETSI TBR 21; TR 101 183].

For lines of a country that has no table here: the line chips as TBR 21 wants them, tones of 425 Hz,
which most networks of the world have [ITU-T E.180, recommended for new systems], ringing of 25 Hz.
"""

from drivers.countries.base import Country, RingingPlan, Tones
from drivers.countries.families import (
    BY_TONE,
    ETSI_AFTER_RING,
    STATION_ETSI,
    TRUNK_TBR21,
    beats,
    steady,
)
from drivers.countries.numbering import Numbering, toll
from drivers.tones import stuttered

COUNTRY = Country(
    code="generic",
    name="other (TBR 21)",
    station=STATION_ETSI,
    trunk=TRUNK_TBR21,
    ringing=RingingPlan(network_hz=25, network_vrms=75, cadence_ms=(1000, 4000)),
    tones=Tones(
        dial=steady(425),
        stutter=stuttered(steady(425)),
        ringback=beats(425, 1000, 4000),
        busy=beats(425, 500, 500),
        reorder=beats(425, 250, 250),
        call_waiting=beats(425, 200, 200, 200, 4000),
    ),
    caller_id=ETSI_AFTER_RING,
    disconnect=BY_TONE,
    numbering=Numbering(
        emergency=("112",),  # [ITU-T E.161.1: what mobile networks and most countries know]
        classes=toll("00", national="0"),
    ),
)
