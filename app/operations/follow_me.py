"""Follow-me, for every door: at which outside number somebody is called besides."""

from app.inbox.follow_me import AFTER_LEAST, AFTER_MOST, FollowMe
from app.operations.actor import Actor
from app.operations.box import Box, person_for
from app.operations.errors import OperationError, field_of_errors
from drivers.countries import country

__all__ = [
    "AFTER_LEAST",
    "AFTER_MOST",
    "AFTER_USUAL",
    "FollowMe",
    "set_follow_me",
    "show_follow_me",
]

AFTER_USUAL = 15
"""Seconds that a handset rings before, where nobody says otherwise: three rings."""

DIALLED_BESIDE = str.maketrans("", "", " -/().")
"""What people write in numbers for the eye."""


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
    digits = number.translate(DIALLED_BESIDE)
    numbering = country(box.settings.site.country).numbering
    if digits and numbering.emergency_for(digits):
        raise OperationError(
            "number", "%(digits)s is an emergency number; nobody is called there", digits=digits
        )
    wanted = FollowMe(digits, after_s) if digits else None
    with field_of_errors("number"):
        box.db.now(
            lambda tx: box.people.follow_mes.set(tx, person.id, wanted, actor.login, actor.door)
        )
    return wanted
