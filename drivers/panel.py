"""A front panel as the rest sees it, of whatever kind: LEDs by name, buttons that are pressed.

Times are monotonic seconds and are handed in. A panel that is not there, or goes, is no error:
`present` says so, and it is looked for again for ever. What its LEDs must show is kept meanwhile.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol


class Light(IntEnum):
    """What an LED does; numbers as on the panel's line (board/panel/leds.py)."""

    OFF = 0
    ON = 1
    SLOW = 2
    """Half a second lit, half a second dark."""
    FAST = 3
    """Five times a second."""
    DOUBLE = 4
    """Two short flashes every two seconds."""


ROUNDS_MS: Mapping[Light, tuple[int, tuple[tuple[int, int], ...]]] = {
    Light.OFF: (1000, ()),
    Light.ON: (1000, ((0, 1000),)),
    Light.SLOW: (1000, ((0, 500),)),
    Light.FAST: (200, ((0, 100),)),
    Light.DOUBLE: (2000, ((0, 100), (300, 400))),
}
"""The length of a round in ms, and from when to when in it the LED is lit."""


def lit(light: Light, now_s: float) -> bool:
    """Whether an LED that does this is lit at `now_s` (monotonic seconds)."""
    length, spans = ROUNDS_MS[light]
    place = int(now_s * 1000) % length
    return any(start <= place < end for start, end in spans)


@dataclass(frozen=True, slots=True)
class ButtonChange:
    """A button was pressed or let go."""

    name: str
    """As in the board file (drivers.panel_spec)."""
    pressed: bool
    at: float
    """When, in monotonic seconds."""


class Panel(Protocol):
    """A panel of either kind."""

    @property
    def present(self) -> bool:
        """Whether it answers."""
        ...

    @property
    def problem(self) -> str:
        """Why it does not, in words; "" while it does."""
        ...

    def show(self, lights: Mapping[str, Light]) -> None:
        """What the LEDs do from now on, by their names; those not named are dark."""
        ...

    def look(self, now_s: float) -> list[ButtonChange]:
        """Do what is due, and give what happened to the buttons. Never blocks for long."""
        ...

    def fileno(self) -> int:
        """Readable when `look` has something to do before `wait_s` is over; -1: nothing tells."""
        ...

    def wait_s(self, now_s: float) -> float:
        """Seconds until `look` must be called at the latest."""
        ...

    def close(self) -> None:
        """Let the devices go; calling it twice is harmless."""
        ...
