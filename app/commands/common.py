"""What the administrator's commands share: the box, who acts, and values as people read them."""

import getpass
import sys
from datetime import UTC, datetime

from rich.console import Console

from app.appliance import Inbox, open_inbox
from app.config.paths import here
from app.operations.actor import Actor, Role

DOOR = "admin"
"""The door these commands go through, as the history names it."""

WIDE = 200
"""Columns of a table that is not read on a terminal: a program's lines must not be folded."""

console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)


def me() -> str:
    """Who types, for the history."""
    return getpass.getuser()


def actor() -> Actor:
    """Who types: whoever may run these commands may open the store, so an administrator."""
    return Actor(me(), DOOR, frozenset({Role.ADMIN}))


def inbox() -> Inbox:
    """The box in the folder that SWITCHHOOK_VAR names. Raises PathsError, SettingsError or
    StoreError.
    """
    paths = here()
    paths.make()
    return open_inbox(paths, paths.settings())


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
