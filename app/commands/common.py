"""What the administrator's commands share: the store, who acts, and values for people."""

import getpass
import sys
from datetime import UTC, datetime

import click
from rich.console import Console

from app.appliance import Inbox, open_inbox
from app.config.paths import here
from app.inbox.people import Person

DOOR = "admin"
"""The door these commands go through, as the history names it."""

WIDE = 200
"""Columns of a table that is not read on a terminal: a program's lines must not be folded."""

console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)


def me() -> str:
    """Who types, for the history."""
    return getpass.getuser()


def inbox() -> Inbox:
    """The store of the place we are at."""
    paths = here()
    paths.make()
    return open_inbox(paths, paths.settings())


def person_of(box: Inbox, login: str) -> Person:
    """The person with this login; a click error with the logins there are otherwise."""
    person = box.people.by_login(login)
    if person is None:
        known = ", ".join(p.login for p in box.people.all()) or "nobody yet"
        raise click.ClickException(f"there is no {login} here; there are: {known}")
    return person


def when(at: float) -> str:
    """A moment as local time with its zone's offset."""
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S%z")


def size(octets: int) -> str:
    """A number of octets for people: 999 B, 1.5 kB, 23 MB (powers of ten)."""
    amount, unit = float(octets), "B"
    for larger in ("kB", "MB", "GB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.1f} {unit}" if amount < 10 and unit != "B" else f"{amount:.0f} {unit}"
