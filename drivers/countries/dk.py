"""Denmark [ITU-T E.180 Supplement 2: tones; TeleDanmark's CLIP: caller ID]."""

from dataclasses import replace

from drivers.countries.base import Country, DigitCodes, RingingPlan, Tones
from drivers.countries.families import (
    BY_TONE,
    DTMF_AFTER_REVERSAL,
    STATION_ETSI,
    TRUNK_ETSI,
    beats,
    steady,
)
from drivers.countries.numbering import Numbering, toll

COUNTRY = Country(
    code="dk",
    name="Denmark",
    station=STATION_ETSI,
    trunk=TRUNK_ETSI,
    ringing=RingingPlan(network_hz=25, network_vrms=75, cadence_ms=(1000, 4000)),
    tones=Tones(
        dial=steady(425),
        stutter=beats(425, 450, 50),
        ringback=beats(425, 1000, 4000),
        busy=beats(425, 500, 500),
        reorder=beats(425, 200, 200),
        call_waiting=beats(425, 200, 600, 200, 3000),
    ),
    caller_id=replace(DTMF_AFTER_REVERSAL, digits=DigitCodes(end="#", private="D1", unknown="D3")),
    disconnect=BY_TONE,
    numbering=Numbering(
        emergency=("112", "114"),
        classes=toll("00", free="80", premium="90"),
    ),
)
