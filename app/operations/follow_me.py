"""Follow-me, for every door: at which outside number somebody is called besides."""

from app.inbox.follow_me import (
    AFTER_LEAST,
    AFTER_MOST,
    AFTER_USUAL,
    FollowMe,
    wanted_follow_me,
)
from app.operations.actor import Actor
from app.operations.box import Box, person_for
from app.operations.errors import field_of_errors
from drivers.countries import country

__all__ = [
    "AFTER_LEAST",
    "AFTER_MOST",
    "AFTER_USUAL",
    "FollowMe",
    "set_follow_me",
    "show_follow_me",
]


def show_follow_me(box: Box, actor: Actor, login: str) -> FollowMe | None:
    """Where a person is called besides; None: nowhere. Raises NotFound and NotAllowed."""
    return box.people.follow_mes.of(person_for(box, actor, login).id)


def set_follow_me(
    box: Box, actor: Actor, login: str, number: str, after_s: int = AFTER_USUAL
) -> FollowMe | None:
    """Call a person besides at this number, after their handset has rung so long; "": nowhere.

    The number is as it is dialled on an outside line, without access digits. Whether they may call
    it is looked at whenever it is called. Raises NotFound, NotAllowed, and OperationError with the
    field that cannot be.
    """
    person = person_for(box, actor, login)
    emergency_for = country(box.settings.site.country).numbering.emergency_for
    with field_of_errors("number"):
        wanted = wanted_follow_me(number, after_s, emergency_for)
        box.db.now(
            lambda tx: box.people.follow_mes.set(tx, person.id, wanted, actor.login, actor.door)
        )
    return wanted
