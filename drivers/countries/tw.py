"""Taiwan [ITU-T E.180 Supplement 2: tones]."""

from drivers.countries.base import Country, RingingPlan, Tones
from drivers.countries.families import (
    BY_TONE,
    DTMF_AFTER_REVERSAL,
    STATION_600,
    TRUNK_LOW_VOLTAGE,
    beats,
    steady,
)
from drivers.countries.numbering import Numbering, toll
from drivers.tones import stuttered

COUNTRY = Country(
    code="tw",
    name="Taiwan",
    station=STATION_600,
    trunk=TRUNK_LOW_VOLTAGE,
    ringing=RingingPlan(network_hz=20, network_vrms=75, cadence_ms=(1000, 4000)),
    tones=Tones(
        dial=steady(350, 440),
        stutter=stuttered(steady(350, 440)),
        ringback=beats((440, 480), 1000, 2000),
        busy=beats((480, 620), 500, 500),
        reorder=beats((480, 620), 250, 250),
        call_waiting=beats((350, 440), 250, 250, 250, 3250),
    ),
    caller_id=DTMF_AFTER_REVERSAL,
    disconnect=BY_TONE,
    numbering=Numbering(
        emergency=("110", "119"),
        classes=toll("00", national="0", free="0800", premium="0203 0204 0209"),
    ),
)
