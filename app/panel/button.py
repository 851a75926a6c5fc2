"""The button that proves that somebody stands at the box, wherever it is wired to."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from app.config.paths import Paths
from app.core.errors import DeviceError
from app.panel.held import held_after, held_as_served
from drivers.board_spec import BoardSpec
from drivers.panel import Panel

PREFERRED = ("acknowledge", "reset")
"""Buttons that may be held for three seconds without harm, the better one first."""


class NoButton(DeviceError):
    """There is no button that could be pressed here; the text says what else to do."""


@dataclass(frozen=True)
class PanelButton:
    """One button."""

    name: str
    """What it is called on the panel."""
    is_pressed: Callable[[], bool]
    """Whether it is pressed at this moment."""


def open_button(paths: Paths, spec: BoardSpec, open_panel: Callable[[], Panel]) -> PanelButton:
    """The board's reset button, which is there also while no panel is plugged in, else the panel's.

    While the panel is served its service is asked; else `open_panel` opens it. Raises NoButton and
    HardwareError.
    """
    if spec.reset_button is not None:
        from drivers.linux import LinuxHardware

        pin = LinuxHardware(spec).input_pin(spec.reset_button)
        return PanelButton("reset", lambda: not pin.read())
    there = [] if spec.panel is None else [button.name for button in spec.panel.buttons]
    name = next((name for name in PREFERRED if name in there), None)
    if name is not None:
        held = held_as_served(paths.panel_held) or _held_at(open_panel())
        return PanelButton(name, lambda: name in held())
    raise NoButton(
        "this board has no panel, so nobody can prove here to stand at it. Another administrator"
        " can give a new password; without one, write the card anew and restore a backup"
    )


def _held_at(panel: Panel) -> Callable[[], frozenset[str]]:
    """What looks at a panel that nobody else serves."""
    held: frozenset[str] = frozenset()

    def look() -> frozenset[str]:
        nonlocal held
        held = held_after(held, panel.look(time.monotonic()))
        return held

    return look
