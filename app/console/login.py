"""Who may log in: a person of the store who administers the box, or who knows its own password.

The password of the console is the box's own (etc/shadow): it works without a store. What guesses
cost is kept in a file, for each login is a process of its own; a guess is charged there before it
is judged, so that hanging up saves nothing.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from app.config.paths import Paths
from app.core.errors import SwitchhookError
from app.core.records import BadRecord, parse_json
from app.core.sentences import joined, sentence
from app.device.identity import CONSOLE_USER, console_password_fits
from app.inbox.people import Person
from app.net.logins import LoginThrottle
from app.operations.actor import Actor, Role, actor_of
from app.operations.recovery import administrator_is_here

PEER = "console"
"""Where guesses come from, as the throttle names it: all consoles are one place."""
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Refused:
    """A login that is none."""

    wait_s: float
    """How long the answer is held back."""
    why: str
    """What is said then."""


DOOR = "console"
ALL_ROLES = frozenset({Role.SYSTEM})
WRONG = sentence("Login incorrect.")
TOO_OFTEN = sentence("Too many wrong passwords: wait a minute, then try again.")
WITHOUT_STORE = sentence(
    "The console's own password still works; its login is %(login)s.", login=CONSOLE_USER
)
NO_ADMIN = sentence("This console is for administrators.")


def may_log_in(actor: Actor) -> bool:
    """Whether somebody with a box may use the console."""
    return actor.may(Role.PHONE, Role.NETWORK)


@dataclass(frozen=True)
class CodeWanted:
    """The password was right, and a code of an authenticator app is asked for, too."""

    person: Person


class Judge(Protocol):
    """What asks the store; both raise SwitchhookError if it cannot say."""

    def person(self, login: str, password: str) -> tuple[Person, bool] | None:
        """The person with this login and password, and whether a code is asked for, too."""

    def code_fits(self, person: Person, code: str) -> bool:
        """Whether this code, or recovery code, is theirs."""


class Logins:
    """Judges logins at the consoles of one box, one at a time."""

    def __init__(self, paths: Paths, judge: Judge, monotonic: Callable[[], float]) -> None:
        """`monotonic` gives seconds since the machine was started."""
        self._file = paths.run / "console-logins"
        self._shadow, self._paths = paths.etc / "shadow", paths
        self._judge, self._monotonic = judge, monotonic
        self.language = ""
        """Of whoever was let in, or has only to give a code yet; "" if there is no such person."""

    def log_in(self, name: str, password: str) -> Actor | CodeWanted | Refused:
        """Who this is, or how a login is refused. Raises OSError if guesses cannot be counted."""
        return self._judged(name, lambda: self._look(name, password))

    def code(self, wanted: CodeWanted, code: str) -> Actor | Refused:
        """The same for the code that was asked for after the password."""

        def look() -> Actor | str:
            fits = self._judge.code_fits(wanted.person, code)
            return actor_of(wanted.person, DOOR) if fits else WRONG

        found = self._judged(wanted.person.login, look)
        assert not isinstance(found, CodeWanted)
        return found

    def _judged(
        self, name: str, look: Callable[[], Actor | CodeWanted | str]
    ) -> Actor | CodeWanted | Refused:
        with self._counted() as throttle:
            if not throttle.begin(PEER, name, self._monotonic()):
                return Refused(throttle.failed(PEER), TOO_OFTEN)
            self._keep(throttle)  # charged, whatever becomes of this process
            try:
                found = look()
            except SwitchhookError as problem:
                why = sentence("The store cannot be asked: %(why)s", why=problem)
                found = joined("\n", (WRONG, why, WITHOUT_STORE))
            if isinstance(found, str):
                refused = Refused(throttle.failed(PEER), found)
                self._keep(throttle)
                return refused
            if isinstance(found, Actor):  # until the code was right, too, nothing is given back
                throttle.succeeded(PEER, name)
                self._keep(throttle)
            return found

    def _look(self, name: str, password: str) -> Actor | CodeWanted | str:
        """Who this is, or why it is nobody."""
        if name == CONSOLE_USER and console_password_fits(self._shadow, password):
            administrator_is_here(self._paths)
            return Actor(name, DOOR, ALL_ROLES)
        found = self._judge.person(name, password)
        if found is None:
            return WRONG
        person, wants_code = found
        actor = actor_of(person, DOOR)
        if not may_log_in(actor):
            return NO_ADMIN
        self.language = person.language
        return CodeWanted(person) if wants_code else actor

    @contextmanager
    def _counted(self) -> Iterator[LoginThrottle]:
        """The throttle as it was left; nobody else judges meanwhile."""
        fd = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(fd, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            throttle = LoginThrottle()
            throttle.take(_of_this_start(file.read()))
            yield throttle

    def _keep(self, throttle: LoginThrottle) -> None:
        kept = {"start": BOOT_ID.read_text(), "kept": throttle.kept()}
        self._file.write_text(json.dumps(kept))  # the same file, which the lock is on


def _of_this_start(octets: bytes) -> dict[str, Any]:
    """What was counted since the machine was started; before that its clock was another."""
    try:
        found = parse_json(octets or b"{}")
    except BadRecord:
        return {}
    if not isinstance(found, dict) or found.get("start") != BOOT_ID.read_text():
        return {}
    kept = found.get("kept")
    return kept if isinstance(kept, dict) else {}
