"""South Africa [ITU-T E.180 Supplement 2: tones]."""

from drivers.countries.base import Country, RingingPlan, Tones, TrunkSettings
from drivers.countries.families import BY_TONE, ETSI_AFTER_RING, STATION_220_820, beats
from drivers.countries.numbering import Numbering, toll
from drivers.tones import modulated, stuttered

COUNTRY = Country(
    code="za",
    name="South Africa",
    station=STATION_220_820,
    trunk=TrunkSettings(acim=3, ohs=1, rz=1),
    ringing=RingingPlan(network_hz=25, network_vrms=75, cadence_ms=(400, 200, 400, 2000)),
    tones=Tones(
        dial=modulated(400, 33),
        stutter=stuttered(modulated(400, 33)),
        ringback=modulated(400, 33, 400, 200, 400, 2000),
        busy=beats(400, 500, 500),
        reorder=beats(400, 250, 250),
        call_waiting=modulated(400, 33, 250, 250, 250, 250, 250, 250, 250, 250),
    ),
    caller_id=ETSI_AFTER_RING,
    disconnect=BY_TONE,
    numbering=Numbering(
        emergency=("10111", "10177"),
        classes=toll("00", free="080", premium="0862 0866 090"),
    ),
)
