"""The guest for whom a version on trial tries a mail and a call, and what a power cut leaves of it.

Who is added and which number calls is written down first. A power cut in the middle would else
leave a person whom nobody knows and a message of a caller who does not exist; the next start takes
both away (sweep).
"""

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from app.core import files
from app.core.clock import Clock
from app.core.records import parse_json
from app.inbox.people import People, new_password
from app.inbox.store import Entry, Kind, Store
from app.store.database import Database, Tx

BY, DOOR = "update check", "admin"
"""How the history names what is done here."""
ROOM = 50_000_000
"""Octets of the guest's inbox: one short mail and one short voicemail."""


@dataclass(frozen=True)
class Inside:
    """The box's store, and the doors of its mail service."""

    db: Database
    store: Store
    people: People
    clock: Clock
    host: str
    ports: Mapping[str, int]
    domain: str


@dataclass(frozen=True)
class Marks:
    """By what everything is known that the checks bring into the box."""

    login: str
    number: str
    """Of the caller."""


@dataclass(frozen=True)
class Guest:
    """The person who exists for the length of the checks."""

    id: int
    login: str
    password: str
    number: str
    """From which they are called."""


@contextmanager
def guest(inside: Inside, note: Path) -> Iterator[Guest]:
    """Add a guest; in the end the guest is gone, with all that came for them.

    `note` is the file in which it is written down. It stays if the checks fail: the message of a
    call that went wrong may still be on its way.
    """
    sweep(inside, note)
    marks = Marks(f"check-{secrets.token_hex(4)}", f"555{secrets.randbelow(10_000_000):07d}")
    files.write(note, json.dumps(asdict(marks)))
    mailbox, password = str(9_000_000_000 + secrets.randbelow(999_999_999)), new_password()

    def add(tx: Tx) -> int:
        person = inside.people.add(tx, marks.login, "Update check", mailbox, quota=ROOM, by=BY)
        inside.people.set_password(tx, person, password, by=BY)
        return person

    person = inside.db.now(add)
    try:
        yield Guest(person, marks.login, password, marks.number)
    finally:
        inside.db.now(lambda tx: inside.people.remove(tx, person, BY, DOOR))
    note.unlink()


def sweep(inside: Inside, note: Path) -> int:
    """Take away what checks have left that had no end; how many messages that were.

    The phone service must be up: it makes a message of a recording that was cut off.
    """
    if not note.exists():
        return 0
    marks = Marks(**parse_json(note.read_text()))
    swept = inside.db.now(lambda tx: _sweep(tx, inside, marks))
    note.unlink()
    return swept


def _sweep(tx: Tx, inside: Inside, marks: Marks) -> int:
    person = inside.people.by_login(marks.login)
    if person is not None:
        inside.people.remove(tx, person.id, BY, DOOR)
    left = [entry.id for entry in voicemails(inside) if entry.caller_number == marks.number]
    return inside.store.remove(tx, left, DOOR, BY)


def voicemails(inside: Inside) -> Iterator[Entry]:
    """Everybody's."""
    for person in inside.people.all():
        yield from inside.store.entries(person.id, kinds=(Kind.VOICEMAIL,))
