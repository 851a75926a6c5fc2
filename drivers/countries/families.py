"""What many countries have in common, to be named in their files."""

from drivers.countries.base import (
    CallerIdAlert,
    CallerIdLayout,
    CallerIdMoment,
    CallerIdService,
    Disconnect,
    Modem,
    StationSettings,
    TrunkSettings,
    information_tone,
)
from drivers.tones import Tone

STATION_600 = StationSettings(impedance=0, ring_hz=20, ring_peak_volts=65)
"""600 ohm, North America."""
STATION_ETSI = StationSettings(impedance=4, ring_hz=25, ring_peak_volts=85)
"""The harmonized European impedance [TBR 21]."""
STATION_220_820 = StationSettings(impedance=5, ring_hz=25, ring_peak_volts=85)

TRUNK_600 = TrunkSettings(acim=0)
TRUNK_ETSI = TrunkSettings(acim=2, ilim=1, ohs2=1)
TRUNK_TBR21 = TrunkSettings(acim=2, ilim=1)
"""60 mA current limit [TBR 21]."""
TRUNK_LOW_VOLTAGE = TrunkSettings(acim=0, dcv=0, mini=3)
"""For lines that give little current: 3.1 V and 16 mA at least."""

BELLCORE = CallerIdService(Modem.BELL_202, CallerIdLayout.MDMF, CallerIdMoment.AFTER_FIRST_RING)
"""[GR-30]."""
ETSI_AFTER_RING = CallerIdService(Modem.V23, CallerIdLayout.ETSI, CallerIdMoment.AFTER_FIRST_RING)
"""Data transmission during ringing [ETSI EN 300 659-1, 6.2]."""
DTMF_AFTER_REVERSAL = CallerIdService(
    Modem.DTMF,
    CallerIdLayout.DIGITS,
    CallerIdMoment.BEFORE_FIRST_RING,
    (CallerIdAlert.LINE_REVERSAL,),
)
"""[ETSI EN 300 659-1, annex B; codes as in Sweden, unverified elsewhere; any are understood]."""

VACANT_CODE = information_tone((985.2, 1370.6, 1776.7), (380, 274, 380), dbm0=-24.0)
"""North America's information tone for a number that is nobody's [GR-1162, vacant code]."""

FLASH_500 = 500
"""ms of a flash in North America [GR-506: 300 to 1000]."""
FLASH_250, FLASH_600 = 250, 600
"""Elsewhere than where a timed break asks for services: France 200 to 320 ms, New Zealand 500 to
700; Japan by what telephones there do [unverified]."""

BY_TONE = Disconnect(tone="busy")
"""Nothing but busy tone; no country that is given this was tried [unverified]."""


def steady(*hz: float, dbm0: float | tuple[float, ...] = -18.0) -> Tone:
    """A tone without a break, of so many dBm0 per frequency."""
    return Tone(hz, dbm0=dbm0)


def beats(hz: float | tuple[float, ...], *ms: int, dbm0: float = -18.0) -> Tone:
    """One or more frequencies on and off in turn, of so many dBm0 per frequency."""
    return Tone(hz if isinstance(hz, tuple) else (hz,), ms, dbm0=dbm0)
