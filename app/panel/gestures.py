"""From buttons that go down and up to what is meant: a press, a hold, a reset in two steps.

Time is handed in, in monotonic seconds. A factory reset must be meant twice: the button is held for
ten seconds, as it is at a start (app/device/reset.py), then all LEDs flash, and within ten more
seconds it is pressed once again. Any other button, or nothing, calls it off.
"""

from dataclasses import dataclass
from enum import StrEnum

from app.core.fsm import Actions, Machine, Row, Table
from app.device.reset import HOLD_S
from drivers.panel import ButtonChange

SHUTDOWN_HOLD_S = 3.0
"""How long the shutdown button is held."""
CONFIRM_S = 10.0
"""Within which the second press of a reset must come."""


class Meaning(StrEnum):
    """What somebody at the panel wants."""

    PLAY = "play"
    NEXT = "next"
    DELETE = "delete"
    NIGHT = "night"
    ACKNOWLEDGE = "acknowledge"
    SHUT_DOWN = "shut down"
    ERASE = "erase"


@dataclass(frozen=True, slots=True)
class TurnPresence:
    """The person whose handset is at this jack goes out, or comes in again."""

    line: str

    def __str__(self) -> str:
        return f"presence {self.line}"


Wanted = Meaning | TurnPresence

PRESSES: dict[str, Wanted] = {
    "play": Meaning.PLAY,
    "next": Meaning.NEXT,
    "delete": Meaning.DELETE,
    "night": Meaning.NIGHT,
    "acknowledge": Meaning.ACKNOWLEDGE,
}
"""Buttons whose press is enough; it counts when the button goes down."""


class ResetState(StrEnum):
    """States of a factory reset."""

    REST = "rest"
    HELD = "held"
    ARMED = "armed"
    SURE = "sure"


class ResetEvent(StrEnum):
    """Events of a factory reset."""

    DOWN = "down"
    UP = "up"
    HELD_LONG = "held long"
    LATE = "late"
    OTHER = "other button"


RESET: Table[ResetState, ResetEvent] = Table(
    "panel reset",
    {
        ResetState.REST: Row(
            {ResetEvent.DOWN: ResetState.HELD},
            stay=frozenset({ResetEvent.UP, ResetEvent.OTHER}),
            meaning="Nobody wants a reset.",
        ),
        ResetState.HELD: Row(
            {
                ResetEvent.UP: ResetState.REST,
                ResetEvent.OTHER: ResetState.REST,
                ResetEvent.HELD_LONG: ResetState.ARMED,
            },
            meaning="The button is held; after ten seconds without a break it is armed.",
        ),
        ResetState.ARMED: Row(
            {
                ResetEvent.DOWN: ResetState.SURE,
                ResetEvent.LATE: ResetState.REST,
                ResetEvent.OTHER: ResetState.REST,
            },
            stay=frozenset({ResetEvent.UP}),
            meaning="All LEDs flash; one more press within ten seconds erases the box.",
        ),
        ResetState.SURE: Row(
            stay=frozenset(ResetEvent), meaning="The box is erased at its next start, which is now."
        ),
    },
)


class Gestures:
    """What the buttons of one panel mean."""

    def __init__(self) -> None:
        self._since = 0.0
        self._down: float | None = None
        """Since when the shutdown button has been held."""
        self._machine = Machine(RESET_ACTIONS, self, "panel")
        self._now = 0.0

    @property
    def armed(self) -> bool:
        """Whether one more press erases the box."""
        return self._machine.state is ResetState.ARMED

    def look(self, changes: list[ButtonChange], now_s: float) -> list[Wanted]:
        """What was meant by these changes, and by what has been held until now."""
        found: list[Wanted] = []
        for change in changes:
            found += self._due(change.at)
            found += self._changed(change)
        return found + self._due(now_s)

    def wait_s(self, now_s: float) -> float | None:
        """Seconds until a hold is long enough, or an armed reset is called off; None: nothing."""
        ends = []
        if self._machine.state is ResetState.HELD:
            ends.append(self._since + HOLD_S)
        elif self.armed:
            ends.append(self._since + CONFIRM_S)
        if self._down is not None:
            ends.append(self._down + SHUTDOWN_HOLD_S)
        return max(0.0, min(ends) - now_s) if ends else None

    def _changed(self, change: ButtonChange) -> list[Wanted]:
        self._now = change.at
        if change.name == "reset":
            was_armed = self.armed
            self._machine.event(ResetEvent.DOWN if change.pressed else ResetEvent.UP)
            return [Meaning.ERASE] if change.pressed and was_armed else []
        if change.pressed:
            self._machine.event(ResetEvent.OTHER)
        if change.name == "shutdown":
            self._down = change.at if change.pressed else None
            return []
        if not change.pressed:
            return []
        role, _, line = change.name.partition(" ")
        return [TurnPresence(line) if role == "presence" else PRESSES[role]]

    def _due(self, now_s: float) -> list[Wanted]:
        self._now = now_s
        state = self._machine.state
        if state is ResetState.HELD and now_s - self._since >= HOLD_S:
            self._machine.event(ResetEvent.HELD_LONG)
        elif state is ResetState.ARMED and now_s - self._since >= CONFIRM_S:
            self._machine.event(ResetEvent.LATE)
        if self._down is not None and now_s - self._down >= SHUTDOWN_HOLD_S:
            self._down = None
            return [Meaning.SHUT_DOWN]
        return []

    def forget(self) -> None:
        """The box could not be erased: from the start again."""
        self._machine = Machine(RESET_ACTIONS, self, "panel")

    def _begin(self) -> None:
        self._since = self._now


RESET_ACTIONS = Actions[Gestures, ResetState, ResetEvent](
    RESET,
    {
        (ResetState.REST, ResetEvent.DOWN): Gestures._begin,
        ResetEvent.HELD_LONG: Gestures._begin,
    },
)
