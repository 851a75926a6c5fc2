"""What the administrator's commands share: the box, who acts, and values as people read them."""

import getpass
import sys
from datetime import UTC, datetime

from app.appliance import Inbox, open_existing
from app.config.paths import Paths, here
from app.config.settings import Settings
from app.operations.actor import Actor, Role

DOOR = "admin"
"""The door these commands go through, as the history names it."""


_logged_in: Actor | None = None


def act_as(somebody: Actor) -> None:
    """From now on it is somebody who has logged in who types."""
    global _logged_in
    _logged_in = somebody


def me() -> str:
    """Who types, for the history."""
    return getpass.getuser() if _logged_in is None else _logged_in.login


def actor() -> Actor:
    """Who types: if nobody has logged in, whoever may open the store, so an administrator."""
    return _logged_in or Actor(me(), DOOR, frozenset({Role.SYSTEM}))


def inbox() -> Inbox:
    """The box in the folder that SWITCHHOOK_VAR names. Raises PathsError, SettingsError or
    StoreError.
    """
    paths = here()
    if paths.var.exists():  # else it is not made just to say that there is no store
        paths.make()
    return existing(paths, paths.settings())


def existing(paths: Paths, settings: Settings) -> Inbox:
    """The box in this folder, which must have a store. Raises StoreError."""
    return open_existing(paths, settings)


def is_terminal() -> bool:
    """Whether somebody can be asked a question."""
    return sys.stdin.isatty()


def when(at: float) -> str:
    """A moment (seconds since 1970) as local time with its zone's offset."""
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S%z")


def size(octets: int) -> str:
    """A number of octets for people: 999 B, 1.5 kB, 23 MB (powers of ten)."""
    amount, unit = float(octets), "B"
    for larger in ("kB", "MB", "GB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.1f} {unit}" if amount < 10 and unit != "B" else f"{amount:.0f} {unit}"
