"""A new password for whoever has forgotten theirs and can prove to stand at the box."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from app.console.terminal import Terminal
from app.core.errors import SwitchhookError
from app.core.text import visible
from app.device.button import ASKED_S, HOLD_S, Asked
from drivers.errors import HardwareError

if TYPE_CHECKING:
    from app.operations.recovery import Recovered
    from app.panel.button import PanelButton

LOOK_S = 0.05


def recover(
    terminal: Terminal,
    button: "Callable[[], PanelButton]",
    renew: "Callable[[], Recovered]",
) -> None:
    """Ask for the button, and show a new password if it was held.

    Raises Ended, Idle and KeyboardInterrupt.
    """
    try:
        asked = button()
        terminal.write(
            f"Hold the panel's button `{asked.name}` for {HOLD_S:.0f} seconds, within"
            f" {ASKED_S:.0f} seconds from now. Ctrl-C gives up.\n"
        )
        if not held(terminal, asked.is_pressed):
            terminal.write("The button was not held: nothing has changed.\n")
            return
        fresh = renew()
    except (SwitchhookError, HardwareError) as problem:
        terminal.write(f"switchhook: {visible(str(problem))}\n")
        return
    terminal.write(
        f"\n  login     {fresh.login}\n  password  {fresh.password}    {fresh.meaning}\n\n"
        "It is shown this once. Log in with it now.\n"
    )


def held(terminal: Terminal, pressed: Callable[[], bool]) -> bool:
    """Whether the button is held in time."""
    asked = Asked(time.monotonic())
    was_down = False
    while (sure := asked.look(time.monotonic(), pressed())) is None:
        if asked.is_down and not was_down:
            terminal.write("It is pressed: go on holding it.\n")
        was_down = asked.is_down
        terminal.pause(LOOK_S)
    return sure
