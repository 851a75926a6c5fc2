"""What lines report to calls: events already interpreted (a flash, not two edges of a hook).

hook.py and app/phone/timers.py say which on-hook time means what [GR-506].
"""

from dataclasses import dataclass, field

from app.phone.calls.line import Caller


@dataclass(frozen=True, slots=True)
class OffHook:
    """A handset was lifted, while idle or while it rang."""


@dataclass(frozen=True, slots=True)
class HungUp:
    """A handset lies on its hook again (or its port failed)."""


@dataclass(frozen=True, slots=True)
class RingingFailed:
    """The port of a handset that rang has failed."""


@dataclass(frozen=True, slots=True)
class AtRest:
    """A handset lies on its hook and may be rung."""


@dataclass(frozen=True, slots=True)
class Flash:
    """A handset's hook was pressed briefly."""


@dataclass(frozen=True, slots=True)
class Digit:
    """A digit was dialled, by DTMF or by pulses."""

    digit: str
    pulses: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Ringing:
    """A trunk began to ring."""


@dataclass(frozen=True, slots=True)
class RingsOn:
    """A trunk that rings began a further burst: the caller is still there."""


@dataclass(frozen=True, slots=True)
class CallerKnown:
    """A ringing trunk's caller ID has come in."""

    caller: Caller


@dataclass(frozen=True, slots=True)
class CallerGone:
    """The far end of a trunk gave up ringing or hung up (or the port failed)."""


@dataclass(frozen=True, slots=True)
class FarAnswered:
    """The far end that was called on a trunk has answered, as the line's polarity says."""


LineEvent = (
    OffHook
    | HungUp
    | RingingFailed
    | AtRest
    | Flash
    | Digit
    | Ringing
    | RingsOn
    | CallerKnown
    | CallerGone
    | FarAnswered
)
