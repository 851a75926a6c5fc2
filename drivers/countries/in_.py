"""India [ITU-T E.180 Supplement 2: tones]."""

from dataclasses import replace

from drivers.countries.base import Country, RingingPlan, Tones, TrunkSettings
from drivers.countries.families import BY_TONE, DTMF_AFTER_REVERSAL, STATION_600, beats, steady
from drivers.countries.numbering import Numbering, toll
from drivers.tones import modulated, stuttered

COUNTRY = Country(
    code="in",
    name="India",
    station=STATION_600,
    trunk=TrunkSettings(acim=4),
    ringing=RingingPlan(network_hz=20, network_vrms=75, cadence_ms=(400, 200, 400, 2000)),
    tones=Tones(
        dial=modulated(400, 25),
        stutter=replace(stuttered(steady(350, 440)), then=modulated(400, 25)),
        ringback=modulated(400, 25, 400, 200, 400, 2000),
        busy=beats(400, 750, 750),
        reorder=beats(400, 250, 250),
        call_waiting=beats(400, 200, 100, 200, 7500),
    ),
    caller_id=DTMF_AFTER_REVERSAL,
    disconnect=BY_TONE,
    numbering=Numbering(
        emergency=("112", "100", "101", "102", "108"),
        helplines=("1298", "2611"),
        classes=toll("00", national="0", free="1800"),
    ),
)
