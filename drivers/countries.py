"""What a country's network asks of the line chips: impedance, ringing, DAA settings.

Outside lines: the settings of the open dahdi-linux table (facts) in the fields of the Si3050 data
sheet. Handsets: impedance codes that Si3210 and Si3215 have in common [DS, two-wire impedance],
ringing frequency of the country and a voltage that five meters of house wiring do not matter to.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from drivers.errors import HardwareError


class UnknownCountry(HardwareError, ValueError):
    """No line settings for this country; the text lists those we have."""


@dataclass(frozen=True, slots=True)
class StationSettings:
    """How a handset is fed."""

    impedance: int
    """TISS code: 0 600 ohm, 1 900, 4 270+(750||150 nF), 5 220+(820||120 nF)."""
    ring_hz: float
    ring_peak_volts: int

    @property
    def ring_frequency(self) -> int:
        """RCO = cos(2 pi f/1000) 2^15 [DS, ringing]. 20 Hz: 0.99211 x 32768 = 0x7EFD."""
        return int(self._cosine * 32768)

    @property
    def ring_amplitude(self) -> int:
        """RNGX = sqrt((1-c)/(1+c))/4 2^15 V/96. 20 Hz, 70 V: 0.01573 x 23893 = 375 = 0x177."""
        cosine = self._cosine
        return int(math.sqrt((1 - cosine) / (1 + cosine)) / 4 * 32768 * self.ring_peak_volts / 96)

    @property
    def _cosine(self) -> float:
        return math.cos(2 * math.pi * self.ring_hz / 1000)

    @property
    def battery(self) -> int:
        """VBATH in 1.5 V: 7.5 V above the ringing peak, 75 V (0x32) at least. 64 V: 0x32."""
        return max(0x32, math.ceil((self.ring_peak_volts + 7.5) / 1.5))

    @property
    def trip_filter(self) -> tuple[int, int]:
        """NRTP and RTDI (1.25 ms) for the frequency at or below ours [DS, ring trip table]."""
        best = max(hertz for hertz in _TRIP_FILTERS if hertz <= self.ring_hz)
        return _TRIP_FILTERS[best]


_TRIP_FILTERS = {
    16.0: (0x0200, 0x0F),
    20.0: (0x0320, 0x0B),
    30.0: (0x0380, 0x09),
    40.0: (0x0400, 0x07),
    50.0: (0x06A8, 0x05),
}


@dataclass(frozen=True, slots=True)
class TrunkSettings:
    """How we look to the exchange; the names are those of the Si3050's fields."""

    acim: int
    dcv: int = 3
    mini: int = 0
    ilim: int = 0
    ohs: int = 0
    ohs2: int = 0
    rz: int = 0
    rt: int = 0
    spark_quench: int = 0
    """3 with ohs: the 26 ms hook edge of Australia."""


@dataclass(frozen=True, slots=True)
class Country:
    """Line settings of one country, by its ISO 3166 code in small letters."""

    code: str
    station: StationSettings
    trunk: TrunkSettings


_US_PHONE = StationSettings(impedance=0, ring_hz=20, ring_peak_volts=65)
_EU_PHONE = StationSettings(impedance=4, ring_hz=25, ring_peak_volts=85)
_DE_PHONE = StationSettings(impedance=5, ring_hz=25, ring_peak_volts=85)
_JP_PHONE = StationSettings(impedance=0, ring_hz=16, ring_peak_volts=85)
_AU_PHONE = StationSettings(impedance=5, ring_hz=25, ring_peak_volts=75)

_US_LINE = TrunkSettings(acim=0)
_ETSI_LINE = TrunkSettings(acim=2, ilim=1, ohs2=1)
_TBR21_LINE = TrunkSettings(acim=2, ilim=1)
_LOW_VOLTAGE_LINE = TrunkSettings(acim=0, dcv=0, mini=3)

_ROWS: tuple[tuple[str, StationSettings, TrunkSettings], ...] = (
    ("us ca mx ar cl co pe", _US_PHONE, _US_LINE),
    ("gb", _EU_PHONE, TrunkSettings(acim=5, ilim=1, ohs2=1)),
    ("de at", _DE_PHONE, TrunkSettings(acim=3, ilim=1, ohs2=1)),
    ("fr it es nl be ch se no dk fi ie pt gr lu is", _EU_PHONE, _ETSI_LINE),
    ("cz il hr lv lb mt ma ng cy bh", _EU_PHONE, _TBR21_LINE),
    (
        "au",
        _AU_PHONE,
        TrunkSettings(acim=3, dcv=0, mini=3, ohs=1, spark_quench=3),
    ),
    ("jp", _JP_PHONE, _LOW_VOLTAGE_LINE),
    ("br ru tw th ph my eg jo om pk sy", _US_PHONE, _LOW_VOLTAGE_LINE),
    ("nz", _AU_PHONE, TrunkSettings(acim=4)),
    ("in", _US_PHONE, TrunkSettings(acim=4)),
    ("cn", _US_PHONE, TrunkSettings(acim=15, dcv=0, mini=3)),
    ("pl", _EU_PHONE, TrunkSettings(acim=0, rz=1, rt=1)),
    ("za", _DE_PHONE, TrunkSettings(acim=3, ohs=1, rz=1)),
    ("sk", _DE_PHONE, TrunkSettings(acim=3)),
    ("si", _DE_PHONE, TrunkSettings(acim=2)),
)

COUNTRIES: Mapping[str, Country] = MappingProxyType(
    {code: Country(code, phone, line) for codes, phone, line in _ROWS for code in codes.split()}
)
"""All countries we have settings for."""


def country(code: str) -> Country:
    """The settings of a country. Raises UnknownCountry with the list of those we have."""
    found = COUNTRIES.get(code)
    if found is None:
        raise UnknownCountry(f"country {code!r}; allowed: {', '.join(sorted(COUNTRIES))}")
    return found
