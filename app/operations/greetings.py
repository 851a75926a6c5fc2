"""What callers hear before the beep: people's own greetings, the company's, for each situation.

People manage their own; who looks after the telephones everybody's and the company's, and says when
it is night.
"""

import io
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from app.core.units import MB
from app.inbox.audit import AuditEvent
from app.inbox.greetings import COMPANY, LONGEST_S, OF_THE_COMPANY, GreetingKind, Greetings
from app.inbox.store import Store
from app.message import audio_formats
from app.message.audio_formats import UnknownSound
from app.operations.actor import Actor, Role, require_role
from app.operations.box import Box, find_person, person_for
from app.operations.errors import NotFound, OperationError
from app.operations.paging import has_words, paged
from app.store.database import Database
from drivers.sampling import SAMPLE_RATE

__all__ = [
    "FILE_MOST",
    "KINDS",
    "LONGEST_S",
    "OF_THE_COMPANY",
    "CallerGreetings",
    "GreetingKind",
    "Sound",
    "as_telephone_sound",
    "kind_named",
    "last_day",
    "list_greetings",
    "read_greeting",
    "remove_greeting",
    "set_greeting",
    "set_night",
]

KINDS = {"day": GreetingKind.DAY} | {
    kind.value: kind for kind in GreetingKind if kind is not GreetingKind.DAY
}
"""The kinds by the words that doors use."""
FILE_MOST = 12 * MB
"""Octets of a file: a minute at 48 kHz with two channels of 16 bits has a little less."""


@dataclass(frozen=True)
class Sound:
    """A sound that a telephone line can carry."""

    samples: bytes
    """S16LE, mono, 8 kHz."""

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / 2 / SAMPLE_RATE

    @property
    def wave(self) -> bytes:
        """A WAVE file of it."""
        return audio_formats.wave_head(len(self.samples) // 2) + self.samples


@dataclass(frozen=True)
class CallerGreetings:
    """Who has recorded which greetings, and whether it is night."""

    company: tuple[GreetingKind, ...]
    people: tuple[tuple[str, tuple[GreetingKind, ...]], ...]
    """By login, everybody whom the actor may see, or those of one page."""
    night: bool
    page: int = 1
    """Which page this is, from 1."""
    pages: int = 1
    temporary: tuple[tuple[str | None, date], ...] = ()
    """Last days of the temporary greetings of those listed that have one; None: the company's."""


def kind_named(word: str) -> GreetingKind:
    """The kind that a door calls so. Raises NotFound (field "kind")."""
    found = KINDS.get(word)
    if found is None:
        raise NotFound(
            "kind", "there is no such greeting; there are: %(kinds)s", kinds=", ".join(KINDS)
        )
    return found


def last_day(text: str) -> date | None:
    """A day as 2026-12-24; "" is none. Raises OperationError (field "until")."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as problem:
        raise OperationError(
            "until", "%(what)s is no day; write it as 2026-12-24", what=text
        ) from problem


def as_telephone_sound(octets: bytes) -> Sound:
    """A WAVE file as a line can carry it; takes some seconds for a long one at another rate.

    It needs no store: a door calls it where nobody waits. Raises OperationError (field "file").
    """
    if len(octets) > FILE_MOST:
        raise OperationError("file", "the file is larger than %(most)s MB", most=FILE_MOST // MB)
    most, sound = LONGEST_S * SAMPLE_RATE * 2, bytearray()
    try:
        for piece in audio_formats.samples(io.BytesIO(octets)):
            sound += piece
            if len(sound) > most:
                raise OperationError(
                    "file", "a greeting has at most %(most)s seconds", most=LONGEST_S
                )
    except UnknownSound as problem:
        raise OperationError(
            "file",
            "this is no WAVE file that can be played (%(why)s); 8 kHz, 16 bit, mono is best",
            why=problem,
        ) from problem
    if not any(sound):
        raise OperationError("file", "there is nothing to hear in this file")
    return Sound(bytes(sound))


def list_greetings(
    box: Box, actor: Actor, words: str = "", page: int = 1, size: int | None = None
) -> CallerGreetings:
    """All greetings there are; people see whether the company has some, and their own.

    `words` are looked for in logins and names; `size` is the number of people on a page, None: all
    are on one; `page` is a number from 1 on, the nearest one where there is no such.
    """
    found = [
        person
        for person in box.people.all()
        if (actor.may(Role.PHONE) or actor.owns(person.id))
        and has_words(f"{person.login} {person.name}", words)
    ]
    shown = paged(found, page, size or len(found) or 1)
    people = tuple((p.login, box.greetings.recorded(p.id)) for p in shown.lines)
    whose = [(None, COMPANY), *((p.login, p.id) for p in shown.lines)]
    ends = [(login, box.greetings.until(person)) for login, person in whose]
    temporary = tuple((login, until) for login, until in ends if until is not None)
    company, night = box.greetings.recorded(COMPANY), box.greetings.night
    return CallerGreetings(company, people, night, shown.page, shown.pages, temporary)


def read_greeting(box: Box, actor: Actor, login: str | None, kind: GreetingKind) -> bytes:
    """A person's greeting as a WAVE file; `login` None: the company's.

    Raises NotFound and NotAllowed.
    """
    found = box.greetings.read(who_has_greetings(box, actor, login), kind)
    if found is None:
        raise _no_such(login)
    return found


def set_greeting(
    box: Box,
    actor: Actor,
    login: str | None,
    kind: GreetingKind,
    sound: Sound,
    until: date | None = None,
) -> None:
    """Make or replace a greeting; the next caller hears it. `login` None: the company's.

    `until` is the last day of a temporary one. Raises NotFound, NotAllowed, and OperationError
    (field "kind" or "until") for what there is not, (field "file") if it cannot be kept.
    """
    person = who_has_greetings(box, actor, login)
    if person == COMPANY and kind not in OF_THE_COMPANY:
        raise OperationError(
            "kind", "the company has no greeting of the kind %(value)s", value=kind.value
        )
    if until is not None and kind is not GreetingKind.TEMPORARY:
        raise OperationError("until", "only a temporary greeting has a last day")
    try:
        box.greetings.write(person, kind, sound.wave, until)
    except OSError as problem:
        raise _not_kept(problem) from problem
    ends = f", until {until}" if until is not None else ""
    _note(box, actor, person, "greeting set", f"{kind.value}, {sound.seconds:.0f} s{ends}")


def remove_greeting(box: Box, actor: Actor, login: str | None, kind: GreetingKind) -> None:
    """Remove a greeting; callers hear the next best. `login` None: the company's.

    Raises NotFound, NotAllowed, and OperationError if it cannot be removed.
    """
    person = who_has_greetings(box, actor, login)
    try:
        removed = box.greetings.remove(person, kind)
    except OSError as problem:
        raise _not_kept(problem) from problem
    if not removed:
        raise _no_such(login)
    _note(box, actor, person, "greeting removed", kind.value)


class NightBox(Protocol):
    """What it takes to say that it is night."""

    @property
    def db(self) -> Database:
        """Transactions."""

    @property
    def store(self) -> Store:
        """The history."""

    @property
    def greetings(self) -> Greetings:
        """Where it is kept."""


def set_night(box: NightBox, actor: Actor, night: bool) -> bool:
    """Say that it is night, or that it is not; whether that changes anything.

    Callers hear the greetings for the night from now on, of whom and where there are any. Raises
    NotAllowed, and OperationError if it cannot be kept.
    """
    require_role(actor, Role.PHONE, "say when it is night")
    try:
        changed = box.greetings.set_night(night)
    except OSError as problem:
        raise _not_kept(problem) from problem
    if changed:
        _note(box, actor, COMPANY, "night", "begins" if night else "ends")
    return changed


def who_has_greetings(box: Box, actor: Actor, login: str | None) -> int:
    """The id of who may be given a greeting by this actor; `login` None: COMPANY.

    Raises NotFound and NotAllowed.
    """
    if login is None:
        require_role(actor, Role.PHONE, "use the company's greetings")
        return COMPANY
    if actor.may(Role.PHONE):
        return find_person(box, login).id
    return person_for(box, actor, login).id


def _no_such(login: str | None) -> NotFound:
    if login is None:
        return NotFound("kind", "the company has no such greeting")
    return NotFound("kind", "%(login)s has no such greeting", login=login)


def _not_kept(problem: OSError) -> OperationError:
    return OperationError(
        "file", "the greeting cannot be kept: %(strerror)s", strerror=problem.strerror
    )


def _note(box: NightBox, actor: Actor, person: int, verb: str, detail: str) -> None:
    whose = None if person == COMPANY else person
    event = AuditEvent(whose, None, detail)
    box.db.now(lambda tx: box.store.audit_log.write(tx, verb, actor.door, actor.login, [event]))
