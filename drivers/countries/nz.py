"""New Zealand [ITU-T E.180 Supplement 2: tones]."""

from drivers.countries.base import Country, RingingPlan, StationSettings, Tones, TrunkSettings
from drivers.countries.families import BELLCORE, BY_TONE, FLASH_600, beats, steady
from drivers.countries.numbering import Numbering, toll
from drivers.tones import stuttered

COUNTRY = Country(
    code="nz",
    name="New Zealand",
    station=StationSettings(impedance=5, ring_hz=25, ring_peak_volts=75),
    trunk=TrunkSettings(acim=4),
    ringing=RingingPlan(network_hz=25, network_vrms=75, cadence_ms=(400, 200, 400, 2000)),
    tones=Tones(
        dial=steady(400),
        stutter=stuttered(steady(400)),
        ringback=beats((400, 450), 400, 200, 400, 2000),
        busy=beats(400, 500, 500),
        reorder=beats(400, 250, 250),
        call_waiting=beats(400, 200, 3000),
    ),
    caller_id=BELLCORE,
    disconnect=BY_TONE,
    numbering=Numbering(
        emergency=("111",),
        classes=toll("00", national="0", free="0800 0508", premium="0900"),
    ),
    flash_ms=FLASH_600,
)
