"""France [ITU-T E.180 Supplement 2: tones; ETSI EN 300 659-1: caller ID]."""

from drivers.countries.base import Country, RingingPlan, Tones
from drivers.countries.families import (
    BY_TONE,
    ETSI_AFTER_RING,
    FLASH_250,
    STATION_ETSI,
    TRUNK_ETSI,
    beats,
    steady,
)
from drivers.countries.numbering import Numbering, toll
from drivers.tones import stuttered

COUNTRY = Country(
    code="fr",
    name="France",
    station=STATION_ETSI,
    trunk=TRUNK_ETSI,
    ringing=RingingPlan(network_hz=50, network_vrms=75, cadence_ms=(1500, 3500)),
    tones=Tones(
        dial=steady(440),
        stutter=stuttered(steady(440)),
        ringback=beats(440, 1500, 3500),
        busy=beats(440, 500, 500),
        reorder=beats(440, 250, 250),
        call_waiting=beats(440, 300, 10000),
    ),
    caller_id=ETSI_AFTER_RING,
    disconnect=BY_TONE,
    numbering=Numbering(
        emergency=("112", "114", "115", "119", "15", "17", "18", "191", "196"),  # [ARCEP 2018-0881]
        classes=toll("00", free="080", premium="081 082 089 118"),
    ),
    flash_ms=FLASH_250,
)
