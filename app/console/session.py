"""From the first key to the logout: name, password, shell."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.console.terminal import Ended, Idle, Terminal
from app.core.sentences import sentence

if TYPE_CHECKING:
    from app.console.login import Logins
    from app.console.shell import Doings
    from app.operations.recovery import Recovered
    from app.panel.button import PanelButton

RECOVER = "recover"
"""What is typed for a login by whoever has forgotten the password."""
LOGIN_S = 60.0
"""Seconds that a name, and then a password, may take."""
LONGEST_NAME = 64
"""Characters."""


@dataclass
class Console:
    """One console and who comes to it."""

    terminal: Terminal
    logins: "Callable[[], Logins]"
    """Makes what judges logins; called while the password is typed, as the next one is."""
    doings: "Callable[[], Doings]"
    idle_s: Callable[[], float]
    """How long a session may be idle; asked at the login."""
    button: "Callable[[], PanelButton]"
    """Opens the panel's button. Raises SwitchhookError and HardwareError."""
    renew: "Callable[[], Recovered]"
    """Makes a new password, once somebody has pressed it."""
    language: Callable[[], str]
    """The box's, for whoever is not known yet."""

    def serve(self, name: str | None) -> None:
        """One login, and the session that follows from it. `name` was typed already, if not None.

        KeyboardInterrupt is for whoever calls.
        """
        self.terminal.begin()
        self.terminal.language = self.language()
        try:
            if name is None:
                name = self.terminal.line("login: ", LOGIN_S)
            name = name.strip()[:LONGEST_NAME]
            if name == RECOVER:
                from app.console.recovery import recover

                recover(self.terminal, self.button, self.renew)
                return
            if name:
                self._log_in(name)
        except (Ended, Idle):
            self.terminal.write("\n")

    def _log_in(self, name: str) -> None:
        with self.terminal.secret(self._asks(sentence("Password"))) as password:
            # What comes next needs much code, which is loaded while the password is typed.
            from app.console.login import CodeWanted, Refused
            from app.console.shell import Shell

            logins, doings, idle_s = self.logins(), self.doings(), self.idle_s()
            if self.terminal.edits:
                import prompt_toolkit  # noqa: F401
            typed = password(LOGIN_S)
        found = logins.log_in(name, typed)
        if isinstance(found, CodeWanted):
            found = logins.code(
                found, self.terminal.line(self._asks(sentence("Code")), LOGIN_S).strip()
            )
        if isinstance(found, Refused):
            self.terminal.pause(found.wait_s)
            self.terminal.say(found.why)
            return
        self.terminal.language = logins.language or self.terminal.language
        Shell(self.terminal, found, doings, idle_s).run()

    def _asks(self, what: str) -> str:
        return f"{self.terminal.words(what)}: "
