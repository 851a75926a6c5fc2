"""United States, and the pattern of the North American countries [T1.401, GR-30, GR-506]."""

from drivers.countries.base import Country, Disconnect, RingingPlan, Tones
from drivers.countries.families import (
    BELLCORE,
    FLASH_500,
    STATION_600,
    TRUNK_600,
    VACANT_CODE,
    beats,
    steady,
)
from drivers.countries.numbering import Numbering, north_america
from drivers.tones import stuttered

_DIAL = steady(350, 440, dbm0=-13)

COUNTRY = Country(
    code="us",
    name="United States",
    station=STATION_600,
    trunk=TRUNK_600,
    ringing=RingingPlan(network_hz=20, network_vrms=90, cadence_ms=(2000, 4000)),
    tones=Tones(
        dial=_DIAL,
        stutter=stuttered(_DIAL),
        ringback=beats((440, 480), 2000, 4000, dbm0=-19),
        busy=beats((480, 620), 500, 500, dbm0=-24),
        reorder=beats((480, 620), 250, 250, dbm0=-24),
        call_waiting=beats(440, 300, 10000),
        information=VACANT_CODE,
    ),
    caller_id=BELLCORE,
    disconnect=Disconnect(cpc_ms=500, tone="reorder"),
    numbering=Numbering(
        emergency=("911",),
        helplines=("988",),  # [47 U.S.C. 251(e)(4)]
        classes=north_america(),
        whole=("1XXXXXXXXXX",),
    ),
    flash_ms=FLASH_500,
)
