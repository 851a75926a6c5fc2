"""What one country's telephone network asks of line chips, telephones and the exchange side.

Where a field names no other source, its values are those of: for outside lines the open
dahdi-linux table in the fields of the Si3050 data sheet; for tones ITU-T E.180 Supplement 2
(national tones) as Asterisk's indications table has them, levels as a national access
multiplexer's tables have them (North America: dial -13 dBm0 per frequency, ringback -19, busy and
reorder -24 [T1.401]; others about -18). Values marked [unverified] are common knowledge of the
field that was found in no standard we could open.
"""

import math
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Literal

from drivers.countries.numbering import Numbering
from drivers.tones import Tone

_TRIP_FILTERS = {
    16.0: (0x0200, 0x0F),
    20.0: (0x0320, 0x0B),
    30.0: (0x0380, 0x09),
    40.0: (0x0400, 0x07),
    50.0: (0x06A8, 0x05),
}
"""NRTP and RTDI by ringing frequency in Hz [Si3215 DS, ring trip table]."""


@dataclass(frozen=True, slots=True)
class StationSettings:
    """How a handset is fed and rung."""

    impedance: int
    """TISS code that Si3210 and Si3215 share [DS, two-wire impedance]: 0 is 600 ohm, 1 is 900,
    4 is 270+(750||150 nF), 5 is 220+(820||120 nF)."""
    ring_hz: float
    ring_peak_volts: int
    """Peak of the ringing voltage at the chip, in V; a bell needs 40 V RMS."""

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
        """NRTP and RTDI (in 1.25 ms) for the frequency at or below ours [DS, ring trip table]."""
        best = max(hertz for hertz in _TRIP_FILTERS if hertz <= self.ring_hz)
        return _TRIP_FILTERS[best]


@dataclass(frozen=True, slots=True)
class TrunkSettings:
    """How we look to the exchange; the names are those of the Si3050's fields [DS]."""

    acim: int
    """AC impedance, a code from 0 to 15 [Si3050 DS, register 30]: 0 is 600 ohm, 2 is
    270+(750||150 nF), 3 is 220+(820||120 nF), 5 is 320+(1050||230 nF), 15 the global one."""
    dcv: int = 3
    """Voltage of the DC termination, a code [register 26]: 0 is 3.1 V, 3 is 3.5 V."""
    mini: int = 0
    """Least loop current, a code [register 26]: 0 is 10 mA, 3 is 16 mA."""
    ilim: int = 0
    """1: the loop current is limited to 60 mA [register 26; TBR 21]."""
    ohs: int = 0
    """1: slow hook edges [register 16]; see ohs2 and spark_quench for how slow."""
    ohs2: int = 0
    """1: a hook edge of 3 ms instead of 0.5 ms [register 31; ETSI]."""
    rz: int = 0
    """1: a ringer impedance is synthesized [register 16]."""
    rt: int = 0
    """1: ringing counts from 21.5 V RMS instead of 15 V [register 16]."""
    spark_quench: int = 0
    """SQ1 and SQ0 as a number [register 59]; 3 with ohs: the 26 ms hook edge of Australia."""


@dataclass(frozen=True, slots=True)
class LineSettings:
    """What the line chips need to know of a country, by its ISO 3166 code in small letters."""

    code: str
    name: str
    station: StationSettings
    trunk: TrunkSettings


@dataclass(frozen=True, slots=True)
class RingingPlan:
    """How the network rings a line; handsets are rung in the same cadence."""

    network_hz: float
    """Frequency on the outside line. Handsets get StationSettings.ring_hz."""
    network_vrms: float
    """Voltage on the outside line, at the exchange."""
    cadence_ms: tuple[int, ...]
    """Milliseconds of ringing and of silence in turn, an even number of them, for ever."""


HOWLER = Tone((1400.0, 2060.0, 2450.0, 2600.0), (100, 100), dbm0=-9.0)
"""Receiver-off-hook tone [GR-506]: -3 dBm0 together, the loudest that four sines can be without
clipping; national tables have +3 dBm."""


def information_tone(
    hz: tuple[float, float, float] = (950.0, 1400.0, 1800.0),
    ms: tuple[int, int, int] = (330, 330, 330),
    dbm0: float = -18.0,
) -> Tone:
    """Special information tone: three rising tones, and a second of silence [ITU-T E.180, 3.10].

    E.180 allows 50 Hz and 70 ms to either side, and 250 ms of the silence. It sounds twice, 2 s
    each.
    """
    chain: Tone | None = None
    for _ in range(2):
        for place in (2, 1, 0):
            pause = (2000 - sum(ms),) if place == 2 else ()
            chain = Tone((hz[place],), (ms[place], *pause), repeat=1, dbm0=dbm0, then=chain)
    assert chain is not None
    return chain


def _followed(tone: Tone, then: Tone) -> Tone:
    """A tone that ends, and another behind it."""
    return replace(tone, then=then if tone.then is None else _followed(tone.then, then))


INFORMATION = information_tone()


@dataclass(frozen=True, slots=True)
class Tones:
    """What the lines of a country sound like [ITU-T E.180 Supplement 2]."""

    dial: Tone
    stutter: Tone
    """Dial tone while messages wait."""
    ringback: Tone
    busy: Tone
    reorder: Tone
    """Congestion; also: the number was dialled too slowly."""
    call_waiting: Tone
    information: Tone = INFORMATION
    """Special information tone: the number does not exist."""
    howler: Tone = HOWLER
    """Receiver left off hook."""

    @property
    def no_number(self) -> Tone:
        """What who dialled nobody's number hears: the information tone, then reorder."""
        return _followed(self.information, self.reorder)


class Modem(Enum):
    """How caller ID is sent."""

    BELL_202 = auto()
    """1200 bit/s, mark 1200 Hz, space 2200 Hz [GR-30]."""
    V23 = auto()
    """1200 bit/s, mark 1300 Hz, space 2100 Hz [ITU-T V.23; ETSI EN 300 659-1]."""
    V23_NTT = auto()
    """As V23, in octets of even parity and a frame of its own [NTT, number display]."""
    DTMF = auto()
    """Digits between a start and an end code [ETSI EN 300 659-1, annex B]."""


class CallerIdLayout(Enum):
    """How a caller ID message is made up."""

    SDMF = auto()
    """Date and number, without types of their own [GR-30]."""
    MDMF = auto()
    """Parameters with type and length [GR-30]."""
    ETSI = auto()
    """As MDMF, with further parameters such as the call type [ETSI EN 300 659-3]."""
    NTT = auto()
    """Japan's own frame round MDMF-like parameters."""
    DIGITS = auto()
    """DTMF digits."""


class CallerIdMoment(Enum):
    """When caller ID is sent."""

    BEFORE_FIRST_RING = auto()
    AFTER_FIRST_RING = auto()
    """In the first long silence, at least 500 ms after the burst [GR-30]."""


class CallerIdAlert(Enum):
    """What announces caller ID on the line, in this order."""

    LINE_REVERSAL = auto()
    DT_AS = auto()
    """2130 and 2750 Hz together for 100 ms [ETSI EN 300 659-1]."""
    RING_PULSE = auto()
    """A short burst of ringing, 200 to 500 ms [ETSI EN 300 659-1]."""


@dataclass(frozen=True, slots=True)
class DigitCodes:
    """What stands round the number in caller ID by DTMF [ETSI EN 300 659-1, annex B]."""

    start: str = "A"
    end: str = "C"
    private: str = "B10"
    """In place of start and number, where the caller does not want to be shown."""
    unknown: str = "B00"
    """The same where the network does not know."""


@dataclass(frozen=True, slots=True)
class CallerIdService:
    """How the network shows who calls."""

    modem: Modem
    layout: CallerIdLayout
    moment: CallerIdMoment
    alerts: tuple[CallerIdAlert, ...] = ()
    digits: DigitCodes = DigitCodes()
    """Of the modem DTMF."""

    @property
    def early(self) -> bool:
        """Whether it comes before the first ring."""
        return self.moment is CallerIdMoment.BEFORE_FIRST_RING


@dataclass(frozen=True, slots=True)
class Disconnect:
    """How the network shows that the far end has hung up."""

    cpc_ms: int = 0
    """The battery is taken away for so long (CPC, disconnect clear); 0: it is not."""
    reversal: bool = False
    """The polarity turns round."""
    tone: Literal["busy", "reorder"] = "busy"
    """What is heard from then on."""


TIMED_BREAK_MS = 100
"""The R key of most of Europe's networks: 50 to 130 ms [unverified]."""


@dataclass(frozen=True, slots=True)
class Country(LineSettings):
    """All that is known of a country's network: what a box needs to work there."""

    ringing: RingingPlan
    tones: Tones
    caller_id: CallerIdService | None
    """None: not known to us, so none is expected and none is sent."""
    disconnect: Disconnect
    numbering: Numbering
    flash_ms: int = TIMED_BREAK_MS
    """For how long a telephone opens its loop to ask the exchange for a service (flash, R key)."""

    @property
    def modem(self) -> Modem:
        """The FSK modem of the country's telephones, which message waiting needs as well.

        Bell 202 where caller ID is not known or comes by DTMF.
        """
        service = self.caller_id
        by_v23 = service is not None and service.modem in (Modem.V23, Modem.V23_NTT)
        return Modem.V23 if by_v23 else Modem.BELL_202
