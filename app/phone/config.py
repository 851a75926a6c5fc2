"""The phone side's settings as plain data; where they come from (file, store) is unknown here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from app.core.timers import Timer
from app.phone.fax.config import FaxConfig
from app.phone.groups import Groups
from app.phone.numbers import NumberPlan
from app.phone.timers import LOOP_OPEN, NO_ANSWER, PARK_RETURN

Habit = Literal["join", "keys"]
"""What a flash does with two calls: joins or changes them, or asks for a key that says it."""


@dataclass(frozen=True, slots=True)
class IncomingRoute:
    """What happens to calls that come in on one trunk."""

    handsets: tuple[str, ...] = ()
    """Which stations ring; empty means all."""
    mailbox: str = ""
    """Whose voicemail answers when nobody lifts; empty means the clerk directory's default."""
    to: str = ""
    """Number of ours that the line leads to, or ATTENDANT; empty: its handsets ring."""
    night_to: str = ""
    """The same while it is night; empty: as by day."""
    callers_language: str = ""
    """ISO 639 code of what its callers are spoken to in; empty: as whom they reach."""


ALL = "all"
"""In place of jacks: every handset."""


@dataclass(frozen=True, slots=True)
class Lamps:
    """How handsets show that messages wait: the jacks of those that do it so, or ALL."""

    stutter: tuple[str, ...] = (ALL,)
    """By their dial tone."""
    fsk: tuple[str, ...] = (ALL,)
    """By a message of data [GR-30; ETSI EN 300 659-1]."""
    sdmf: tuple[str, ...] = ()
    """Not another way, but the form of all data they are sent: single messages [GR-30]."""
    number_display: tuple[str, ...] = ()
    """Nor this: in Japan, those that are rung for their display first [NTT]."""
    polarity: tuple[str, ...] = ()
    """By the line's polarity."""
    neon: tuple[str, ...] = ()
    """By voltage for a neon lamp."""


@dataclass(frozen=True, slots=True)
class PhoneConfig:
    """Settings of the phone side; times are line time.

    Raises ValueError, naming the field, for a time outside the range of its timer.
    """

    country: str = "us"
    """Code of the country whose tones, ringing and caller ID the lines have (drivers.countries)."""
    ring_seconds: float = NO_ANSWER.ms / 1000
    """How long handsets ring for an outside call before voicemail answers (4 to 120 s)."""
    no_answer_seconds: float = NO_ANSWER.ms / 1000
    """How long a handset rings for another handset before voicemail answers (4 to 120 s)."""
    flash_habit: Habit = "join"
    """What a flash does where there are two calls."""
    call_waiting: bool = True
    """Whether a handset that talks is told of a second caller."""
    without_call_waiting: tuple[str, ...] = ()
    """Handsets that are not told, though others are."""
    distinctive_rings: bool = False
    """Whether handsets ring differently for calls from inside, of a group, and that come back."""
    outside_to_outside: bool = False
    """Whether two outside lines may be left to talk without a handset."""
    transfer_return_seconds: float = NO_ANSWER.ms / 1000
    """How long a party that was transferred rings before it comes back (4 to 120 s)."""
    park_return_seconds: float = PARK_RETURN.ms / 1000
    """How long a party is parked before the handset that parked it is rung (10 to 1800 s)."""
    music: bool = False
    """Whether the clerk has music for parties on hold."""
    loop_break_ms: int = 0
    """How long the loop of a handset is opened when its far end has gone (100 to 1500); 0: not."""
    fax: FaxConfig = field(default_factory=FaxConfig)
    """Which lines take faxes."""
    incoming: Mapping[str, IncomingRoute] = field(default_factory=dict)
    """By trunk name; a trunk that is not named is treated as IncomingRoute()."""
    numbers: NumberPlan = field(default_factory=NumberPlan)
    """What handsets dial to reach outside lines and the box's features."""
    groups: Groups = field(default_factory=dict)
    """Ring groups by their numbers."""

    lamps: Lamps = Lamps()
    """How handsets show that messages wait."""

    def __post_init__(self) -> None:
        for name, timer in _TIMES.items():
            try:
                timer.lasting(1000 * getattr(self, name))
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error
        if self.loop_break_ms:
            LOOP_OPEN.lasting(self.loop_break_ms)


_TIMES: Mapping[str, Timer] = {
    "ring_seconds": NO_ANSWER,
    "no_answer_seconds": NO_ANSWER,
    "transfer_return_seconds": NO_ANSWER,
    "park_return_seconds": PARK_RETURN,
}

NORTH_AMERICA = frozenset({"us", "ca"})


def habit_of(wanted: Literal["country", "join", "keys"], country: str) -> Habit:
    """What a flash does, by the setting and the country's code."""
    if wanted != "country":
        return wanted
    return "join" if country in NORTH_AMERICA else "keys"
