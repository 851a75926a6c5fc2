"""A terminal at the console of a box: what it shows is awaited, lines are typed."""

import os
import re
import sys
from pathlib import Path
from types import TracebackType

import pexpect

from app.appliance import open_inbox
from app.config.paths import PROJECT, Paths
from app.device.identity import write_shadow
from app.operations.people import NewPerson, add_person, set_password
from tests.kit.actors import ADMIN

WITHIN_S = 20.0
"""Seconds for one thing to happen; a busy machine is not what we test."""
PROMPT = "switchhook>"
PASSWORD = "anna is at the box"
CONSOLE_PASSWORD = "kept-with-the-box"

_ESCAPES = re.compile(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|[()][A-Z0-9]|[=>78DM])")


def make_box(var: Path) -> Paths:
    """A box with anna, who administers it, ben, who does not, and a password of its console."""
    paths = Paths(var)
    paths.make()
    box = open_inbox(paths, paths.settings())
    for login, mailbox in (("anna", "201"), ("ben", "202")):
        add_person(box, ADMIN, NewPerson(login, login.title(), mailbox, admin=login == "anna"))
        set_password(box, ADMIN, login, PASSWORD)
    box.db.close()
    paths.etc.mkdir()
    write_shadow(paths.etc / "shadow", CONSOLE_PASSWORD)
    return paths


class AtConsole:
    """`with AtConsole(paths) as screen:` shows the first question; the end ends it."""

    def __init__(self, paths: Paths, term: str = "dumb", *words: str) -> None:
        self.term = term
        self.terminal = pexpect.spawn(
            sys.executable,
            ["-m", "app", "console", *words],
            cwd=str(PROJECT),
            env={**os.environ, "SWITCHHOOK_VAR": str(paths.var), "TERM": term},
            encoding="utf-8",
            timeout=WITHIN_S,
            dimensions=(24, 80),
        )
        self.octets = ""
        """All that was shown, as it came."""

    def __enter__(self) -> "AtConsole":
        if self.term != "dumb":
            self.see("\x1b[6n")
            self.terminal.send("\x1b[24;80R")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.terminal.close(force=True)

    def see(self, *texts: str) -> str:
        """Wait until one of these is shown; what was shown before it, without cursor moves."""
        self.terminal.expect_exact([*texts])
        shown = str(self.terminal.before)
        self.octets += shown + str(self.terminal.after)
        return _ESCAPES.sub("", shown).replace("\r", "")

    def log_in(self, login: str = "anna", password: str = PASSWORD) -> str:
        """Up to the prompt of the shell; what is shown before it."""
        self.see("login: ")
        self.terminal.sendline(login)
        self.see("Password: ")
        self.terminal.sendline(password)
        return self.see(PROMPT)

    def run(self, line: str) -> str:
        """Type a line, and give what was shown until the next prompt."""
        self.terminal.send(f"{line}\r")
        if self.term == "dumb":
            self.see(f"{line}\r\n")
        return self.see(PROMPT)

    def ended(self) -> str:
        """Wait for the end; what was shown until then."""
        self.terminal.expect(pexpect.EOF)
        self.octets += str(self.terminal.before)
        return str(self.terminal.before).replace("\r", "")
