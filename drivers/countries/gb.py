"""United Kingdom [BT SIN 350: tones; SIN 227 and 242: caller ID]."""

from dataclasses import replace

from drivers.countries.base import (
    CallerIdAlert,
    CallerIdLayout,
    CallerIdMoment,
    CallerIdService,
    Country,
    Disconnect,
    Modem,
    RingingPlan,
    Tones,
    TrunkSettings,
)
from drivers.countries.families import STATION_ETSI, beats, steady
from drivers.countries.numbering import Numbering, toll
from drivers.tones import alternating

_DIAL = steady(350, 440, dbm0=(-22.0, -18.0))
_RING_MS = (400, 200, 400, 2000)

COUNTRY = Country(
    code="gb",
    name="United Kingdom",
    station=STATION_ETSI,  # the chip has no 320+(1050||230 nF); this is the nearest
    trunk=TrunkSettings(acim=5, ilim=1, ohs2=1),
    ringing=RingingPlan(network_hz=25, network_vrms=75, cadence_ms=_RING_MS),
    tones=Tones(
        dial=_DIAL,
        stutter=alternating(
            replace(_DIAL, cadence_ms=(750,)), beats(440, 750), times=5, then=_DIAL
        ),
        ringback=beats((400, 450), *_RING_MS),
        busy=beats(400, 375, 375),
        reorder=beats(400, 400, 350, 225, 525),
        call_waiting=beats(400, 100, 4000),
    ),
    caller_id=CallerIdService(
        Modem.V23,
        CallerIdLayout.ETSI,
        CallerIdMoment.BEFORE_FIRST_RING,
        (CallerIdAlert.LINE_REVERSAL, CallerIdAlert.DT_AS),
    ),
    # 0 to 1000 ms, 800 "as a general rule" [BT, disconnect clear times, 1987]
    disconnect=Disconnect(cpc_ms=800, tone="busy"),
    numbering=Numbering(
        emergency=("999", "112"),
        classes=toll("00", national="0", free="0800 0808 116", premium="09 087 118"),
    ),
)
