"""Whether people can be reached, and what that means to who calls them: for every door."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from app.core.clock import CLOCK_SET
from app.core.presence import Presence
from app.core.sentences import sentence
from app.core.zones import zone_of
from app.inbox.people import Person
from app.inbox.presence import (
    PresenceNow,
    PresenceRule,
    day_begins,
    day_of,
    presence_words,
)
from app.operations.actor import Actor
from app.operations.box import Box, person_for
from app.operations.errors import OperationError, field_of_errors


@dataclass(frozen=True)
class PresenceShown:
    """A person's presence, and what each one means to callers."""

    person: Person
    now: PresenceNow
    until: str
    """The day on which it ends, as YYYY-MM-DD; "" if it does not end by itself."""
    rules: Mapping[Presence, PresenceRule]

    @property
    def words(self) -> str:
        """What holds now, such as "away until 2026-12-12"."""
        return presence_words(
            self.now.presence, date.fromisoformat(self.until) if self.until else None
        )


def show_presence(box: Box, actor: Actor, login: str) -> PresenceShown:
    """Whether a person can be reached. Raises NotFound and NotAllowed."""
    person = person_for(box, actor, login)
    presences = box.people.presences
    now = presences.of(person.id)
    until = "" if now.until is None else _day(box, now.until).isoformat()
    return PresenceShown(person, now, until, presences.rules(person.id))


def set_presence(
    box: Box, actor: Actor, login: str, presence: str, until: str = ""
) -> PresenceShown:
    """Say whether a person can be reached, if given until a day begins: YYYY-MM-DD, or MM-DD.

    Raises NotFound, NotAllowed, and OperationError with the field that cannot be.
    """
    person = person_for(box, actor, login)
    wanted = _presence(presence)
    now = box.db.clock.now()
    today = _day(box, now)
    day = day_of(until.strip(), today) if until.strip() else None
    if until.strip() and day is None:
        raise OperationError("until", _why_no_day(until.strip(), today))
    if day is not None and day <= today:
        raise OperationError(
            "until", "%(day)s has come already; name a later day", day=day.isoformat()
        )
    ends = None if day is None else day_begins(day, _zone(box))
    words = presence_words(wanted, day)
    with field_of_errors("until"):
        box.db.now(
            lambda tx: box.people.presences.set(
                tx, person.id, wanted, ends, actor.login, actor.door, words
            )
        )
    return show_presence(box, actor, login)


def set_presence_rule(
    box: Box,
    actor: Actor,
    login: str,
    presence: str,
    rings: bool | None = None,
    messages: bool | None = None,
) -> PresenceShown:
    """Say whether the handset rings, and callers may leave a message, in a presence; None stays.

    Raises NotFound, NotAllowed, and OperationError with the field that cannot be.
    """
    person = person_for(box, actor, login)
    wanted = _presence(presence)
    had = box.people.presences.rules(person.id)[wanted]
    rule = PresenceRule(
        had.rings if rings is None else rings, had.messages if messages is None else messages
    )
    box.db.now(
        lambda tx: box.people.presences.set_rule(
            tx, person.id, wanted, rule, actor.login, actor.door
        )
    )
    return show_presence(box, actor, login)


def _presence(name: str) -> Presence:
    try:
        return Presence(name)
    except ValueError:
        known = ", ".join(Presence)
        raise OperationError(
            "presence", "there is no %(name)s; there are: %(known)s", name=name, known=known
        ) from None


def _why_no_day(text: str, today: date) -> str:
    if today.year < CLOCK_SET:
        return sentence(
            "the clock of this box is not set; give %(day)s with its year, as YYYY-MM-DD", day=text
        )
    return sentence(
        "%(day)s is no day; write it as YYYY-MM-DD, or MM-DD for the next one", day=text
    )


def _day(box: Box, at: float) -> date:
    return datetime.fromtimestamp(at, _zone(box)).date()


def _zone(box: Box) -> tzinfo | None:
    return zone_of(box.settings.site.time_zone)
