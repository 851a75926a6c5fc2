"""Australia [AS/CA S002:2010, 5.3.4: tones; line].

Dial and ring tone are one carrier of 425 Hz that 25 Hz modulate by 90 to 99 %; S002 allows 400 and
450 Hz together for ring tone as well.
"""

from drivers.countries.base import Country, RingingPlan, StationSettings, Tones, TrunkSettings
from drivers.countries.families import BELLCORE, BY_TONE, beats
from drivers.countries.numbering import Numbering, toll
from drivers.tones import alternating, modulated

_RING_MS = (400, 200, 400, 2000)

COUNTRY = Country(
    code="au",
    name="Australia",
    station=StationSettings(impedance=5, ring_hz=25, ring_peak_volts=75),
    trunk=TrunkSettings(acim=3, dcv=0, mini=3, ohs=1, spark_quench=3),
    ringing=RingingPlan(network_hz=25, network_vrms=75, cadence_ms=_RING_MS),
    tones=Tones(
        dial=modulated(425, 25),
        stutter=modulated(425, 25, 100, 40),
        ringback=modulated(425, 25, *_RING_MS),
        busy=beats(425, 375, 375),
        reorder=alternating(beats(425, 375, 375), beats(420, 375, 375), times=41),
        call_waiting=beats(425, 200, 200, 200, 4400),
    ),
    caller_id=BELLCORE,
    disconnect=BY_TONE,
    numbering=Numbering(
        emergency=("000", "106"),
        classes=toll("0011", national="0", free="1800", premium="190"),
    ),
)
