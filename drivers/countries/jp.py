"""Japan [ITU-T E.180 Supplement 2: tones; NTT technical reference: caller ID]."""

from drivers.countries.base import (
    CallerIdAlert,
    CallerIdLayout,
    CallerIdMoment,
    CallerIdService,
    Country,
    Modem,
    RingingPlan,
    StationSettings,
    Tones,
)
from drivers.countries.families import BY_TONE, FLASH_600, TRUNK_LOW_VOLTAGE, beats, steady
from drivers.countries.numbering import Numbering, toll
from drivers.tones import modulated, stuttered

COUNTRY = Country(
    code="jp",
    name="Japan",
    station=StationSettings(impedance=0, ring_hz=16, ring_peak_volts=85),
    trunk=TRUNK_LOW_VOLTAGE,
    ringing=RingingPlan(network_hz=16, network_vrms=75, cadence_ms=(1000, 2000)),
    tones=Tones(
        dial=steady(400),
        stutter=stuttered(steady(400)),
        ringback=modulated(400, 15, 1000, 2000),
        busy=beats(400, 500, 500),
        reorder=beats(400, 500, 500),
        call_waiting=modulated(400, 16, 500, 8000),
    ),
    # the line is reversed and rung in short pulses; the data come after we have gone off hook
    caller_id=CallerIdService(
        Modem.V23_NTT,
        CallerIdLayout.NTT,
        CallerIdMoment.BEFORE_FIRST_RING,
        (CallerIdAlert.LINE_REVERSAL, CallerIdAlert.RING_PULSE),
    ),
    disconnect=BY_TONE,
    numbering=Numbering(
        emergency=("110", "118", "119"),
        classes=toll("010", national="0", free="0120 0800", premium="0570 0990"),
    ),
    flash_ms=FLASH_600,
)
