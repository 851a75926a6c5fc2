"""What the telephone side sees of a line chip: a port. Drivers implement it, phone/ uses it.

A *station port* (FXS) feeds a handset; a *trunk port* (FXO) is a telephone towards an exchange.
"""

from collections.abc import Generator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from drivers.findings import Report, TestOrder

if TYPE_CHECKING:  # it loads numpy
    from drivers.line_sound import LineSound

Steps = Generator[int, None, None]
"""A sequence that takes time: yields how many periods (10 ms) to let pass before it goes on.

The caller keeps the PCM clock running meanwhile and drives many such sequences side by side.
No step between two yields holds the bus for longer than about 2 ms.
"""


class Feed(Enum):
    """What a station port puts on the line."""

    OPEN = "open"
    """No battery: the handset sees that the far end has gone (CPC, open switching interval)
    [GR-506]."""
    ACTIVE = "active"
    """Battery forward; audio passes when the handset is lifted."""
    ON_HOOK_AUDIO = "on-hook audio"
    """Battery forward and audio passes to a handset that lies on its hook (OHT): caller ID."""
    RINGING = "ringing"
    """Ringing voltage, continuously; cadence is made by the caller of feed()."""
    REVERSED = "reversed"
    """Battery reversed, audio as in ACTIVE."""
    REVERSED_ON_HOOK_AUDIO = "reversed on-hook audio"
    """Battery reversed, audio as in ON_HOOK_AUDIO: caller ID before the first ring, and data to a
    handset whose lamp the polarity lights."""
    TIP_OPEN = "tip open"
    """Ground start at rest: RING carries battery, nothing is on TIP; a telephone system that joins
    RING to ground counts as a lifted handset, and wants ACTIVE then."""
    RING_OPEN = "ring open"
    """TIP is fed, nothing is on RING: for tests of a line."""
    NEON = "neon"
    """The neon lamp of a telephone on its hook flashes four times a second; no bell rings: about
    90 V, trapezoid, of 4 Hz."""


@dataclass(frozen=True, slots=True)
class HookChanged:
    """A station's loop closed (handset lifted, also ring trip) or opened; debounced 12.5 ms."""

    off_hook: bool


@dataclass(frozen=True, slots=True)
class RingBurst:
    """A trunk sees ringing voltage begin (on) or end (off)."""

    on: bool


@dataclass(frozen=True, slots=True)
class BatteryChanged:
    """A trunk's line voltage went (while seized: the far end's CPC) or came back."""

    present: bool


@dataclass(frozen=True, slots=True)
class PolarityReversed:
    """A trunk's line polarity turned round."""


@dataclass(frozen=True, slots=True)
class PortFault:
    """The port cannot do its work; `what` says what was seen and what to check."""

    what: str


@dataclass(frozen=True, slots=True)
class PortRecovered:
    """The port works: it has been set up for the first time, or a fault is over."""


@dataclass(frozen=True, slots=True)
class LineReading:
    """What a line's chip says of itself and of its two wires at one moment."""

    chip: str
    """Which it is, e.g. "Si3215"."""
    revision: str
    """Of the chip, as its register says: a letter, or "?"."""
    doing: str
    """What it does with the line: "forward active", "ringing", "on hook" …"""
    volts: float | None
    """Between the wires; positive: TIP above RING. None: the chip does not measure it."""
    ma: float | None
    """In the loop, in either direction. None: the chip does not measure it."""
    battery_volts: float | None
    """Of the feeding battery; None: the exchange feeds this line, or it is not measured."""
    off_hook: bool
    """Station: the handset is lifted. Trunk: the line is seized."""


PortEvent = HookChanged | RingBurst | BatteryChanged | PolarityReversed | PortFault | PortRecovered


class Port(Protocol):
    """What station and trunk ports have in common."""

    name: str
    """The jack's label, e.g. "101" or "line1"."""
    slot: int
    """Its place in the PCM frame."""

    def reading(self) -> LineReading:
        """What the chip measures now, in one transfer; nothing is changed by it.

        Raises ChipMissing if no such chip answers, and BusClosed.
        """
        ...

    def line_test(self, sound: "LineSound", order: TestOrder, report: Report) -> Steps:
        """The tests of the line that this port can make; it has the line for itself meanwhile.

        Each yield lets so many periods (10 ms) of `sound` pass. Raises ChipMissing and BusClosed.
        """
        ...


class StationPort(Port, Protocol):
    """A port that feeds a handset (FXS)."""

    off_hook: bool
    """As of the last poll."""

    def feed(self, feed: Feed) -> None:
        """Put this on the line; takes effect within a period."""
        ...


class TrunkPort(Port, Protocol):
    """A port towards an exchange (FXO)."""

    seized: bool

    def seize(self) -> None:
        """Go off hook: answer a ringing line or take an idle one."""
        ...

    def release(self) -> None:
        """Go on hook."""
        ...

    def pulse(self, broken: bool) -> None:
        """Open the loop of a seized line for a dial pulse, or close it again; the call goes on."""
        ...

    def flash(self, periods: int) -> None:
        """Open the loop of a seized line for so many periods (10 ms): the exchange is asked."""
        ...

    @property
    def taken(self) -> bool:
        """Whether another telephone on the same wires is off hook: the line is not to be seized."""
        ...

    def line_voltage(self) -> int:
        """Signed volts on the line as of the last poll; about 48 on hook, 6 seized."""
        ...
