"""Who does something, through which door, and what they may do.

An administrator may do everything. Anybody else has rights over their own box and nothing more; of
other people's boxes they learn not even whether they are there.
"""

from dataclasses import dataclass
from enum import StrEnum

from app.inbox.entries import Door
from app.operations.errors import NotAllowed


class Role(StrEnum):
    """What an actor may do."""

    ADMIN = "admin"
    """Everything, to everybody's box."""
    OWNER = "owner"
    """What concerns their own box."""


@dataclass(frozen=True)
class Actor:
    """Somebody at a door."""

    login: str
    """Who, for the history: a person's login, or an account of the machine."""
    door: Door
    """Through which door: "admin" (commands), "web", "console", …"""
    roles: frozenset[Role]
    person: int | None = None
    """Id of the person; None for an account of the machine, which has no box."""

    @property
    def is_admin(self) -> bool:
        """Whether they may do everything."""
        return Role.ADMIN in self.roles

    def owns(self, person: int) -> bool:
        """Whether this person's box is their own."""
        return Role.OWNER in self.roles and self.person == person


def require_admin(actor: Actor, what: str) -> None:
    """Refuse everybody but an administrator; `what` completes "only an administrator may …".

    Raises NotAllowed.
    """
    if not actor.is_admin:
        raise NotAllowed("", f"only an administrator may {what}")


def may_use(actor: Actor, person: int) -> bool:
    """Whether the actor may see and change what is in this person's box."""
    return actor.is_admin or actor.owns(person)
