"""A new password for whoever has forgotten theirs and can prove to stand at the box."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from app.console.terminal import Terminal
from app.core.errors import SwitchhookError
from app.core.sentences import sentence
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
        terminal.say(
            sentence(
                "Hold the panel's button `%(button)s` for %(hold)s seconds, within %(asked)s"
                " seconds from now. Ctrl-C gives up.",
                button=asked.name,
                hold=round(HOLD_S),
                asked=round(ASKED_S),
            )
        )
        if not held(terminal, asked.is_pressed):
            terminal.say(sentence("The button was not held: nothing has changed."))
            return
        fresh = renew()
    except (SwitchhookError, HardwareError) as problem:
        terminal.write("switchhook: ")
        terminal.say(problem.text)
        return
    login, password = terminal.words(sentence("login")), terminal.words(sentence("password"))
    wide = max(len(login), len(password)) + 2
    terminal.write(f"\n  {login:<{wide}}{fresh.login}\n  {password:<{wide}}{fresh.password}    ")
    terminal.say(fresh.meaning)
    terminal.write("\n")
    terminal.say(sentence("It is shown this once. Log in with it now."))


def held(terminal: Terminal, pressed: Callable[[], bool]) -> bool:
    """Whether the button is held in time."""
    asked = Asked(time.monotonic())
    was_down = False
    while (sure := asked.look(time.monotonic(), pressed())) is None:
        if asked.is_down and not was_down:
            terminal.say(sentence("It is pressed: go on holding it."))
        was_down = asked.is_down
        terminal.pause(LOOK_S)
    return sure
