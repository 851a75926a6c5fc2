"""Netherlands [ITU-T E.180 Supplement 2: tones; Teltone TLE manual: caller ID]."""

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

_NO_NUMBER = "D0000000000"
"""Shown for whatever reason there is no number."""

COUNTRY = Country(
    code="nl",
    name="Netherlands",
    station=STATION_ETSI,
    trunk=TRUNK_ETSI,
    ringing=RingingPlan(network_hz=25, network_vrms=75, cadence_ms=(1000, 4000)),
    tones=Tones(
        dial=steady(425),
        stutter=beats(425, 500, 50),
        ringback=beats(425, 1000, 4000),
        busy=beats(425, 500, 500),
        reorder=beats(425, 250, 250),
        call_waiting=beats(425, 500, 9500),
    ),
    caller_id=replace(
        DTMF_AFTER_REVERSAL,
        digits=DigitCodes("D", "C", private="D0000000000", unknown="D0000000000"),
    ),
    disconnect=BY_TONE,
    numbering=Numbering(
        emergency=("112",),
        classes=toll("00", national="0", free="0800", premium="0900 0906 0909 18"),
    ),
)
