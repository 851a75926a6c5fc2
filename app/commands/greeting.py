"""`python -m app greeting …`: what callers hear before the beep, for each situation."""

from pathlib import Path
from typing import BinaryIO

import click

from app.commands.common import actor, inbox
from app.commands.errors import reports_errors
from app.commands.output import Listing, say
from app.core import files
from app.operations import greetings as operations
from app.operations.greetings import KINDS

COMPANY = "company"
"""In place of a login."""
_WORDS = {kind: word for word, kind in KINDS.items()}
KIND = click.Choice(list(KINDS))


@click.group()
def greeting() -> None:
    """Greetings of people and of the company, and whether it is night.

    WHOSE is a login, or "company": callers from outside hear the company's where a mailbox has none
    of its own. Of the KINDs that are recorded callers hear the first that fits: temporary, one for
    the presence (out, meeting, away, dnd), night, busy, day. "name" is no greeting but the owner's
    name, said in the greeting that is put together where none is recorded.
    """


@greeting.command("list")
@reports_errors
def list_() -> None:
    """Who has recorded which greetings."""
    found = operations.list_greetings(inbox(), actor())
    table, until = Listing("whose", "greetings"), dict(found.temporary)
    for whose, kinds in ((COMPANY, found.company), *found.people):
        ends = until.get(None if whose == COMPANY else whose)
        words = [
            f"temporary until {ends}" if word == "temporary" and ends else word
            for word in map(_WORDS.__getitem__, kinds)
        ]
        table.row(whose, ", ".join(words) or "-")
    table.show()
    say("It is night: greetings for the night are played." if found.night else "It is day.")


@greeting.command("set")
@click.argument("whose")
@click.argument("kind", type=KIND)
@click.argument("file", type=click.File("rb"))
@click.option("--until", default="", help="Last day of a temporary greeting, as 2026-12-24.")
@reports_errors
def set_(whose: str, kind: str, file: BinaryIO, until: str) -> None:
    """Take the greeting of WHOSE from FILE, a WAVE file ("-": what comes in)."""
    ends = operations.last_day(until)
    sound = operations.as_telephone_sound(file.read(operations.FILE_MOST + 1))
    operations.set_greeting(inbox(), actor(), _login(whose), KINDS[kind], sound, ends)
    say(f"The next caller hears it ({sound.seconds:.0f} s).")


@greeting.command("get")
@click.argument("whose")
@click.argument("kind", type=KIND)
@click.argument("file", type=click.Path(path_type=Path))
@reports_errors
def get(whose: str, kind: str, file: Path) -> None:
    """Write the greeting of WHOSE to FILE."""
    files.write(file, operations.read_greeting(inbox(), actor(), _login(whose), KINDS[kind]))
    say(f"written to {file}")


@greeting.command("rm")
@click.argument("whose")
@click.argument("kind", type=KIND)
@reports_errors
def rm(whose: str, kind: str) -> None:
    """Remove the greeting of WHOSE; callers hear the next best."""
    operations.remove_greeting(inbox(), actor(), _login(whose), KINDS[kind])
    say("The greeting is removed.")


@greeting.command("night")
@click.argument("state", type=click.Choice(["on", "off"]))
@reports_errors
def night(state: str) -> None:
    """Say that it is night, or that it is not; it stays so until somebody says otherwise."""
    changed = operations.set_night(inbox(), actor(), state == "on")
    said = "It is night" if state == "on" else "It is day"
    say(f"{said}." if changed else f"{said} already.")


def _login(whose: str) -> str | None:
    return None if whose == COMPANY else whose
