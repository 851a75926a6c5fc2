"""Who does something, through which door, and what they may do.

An administrator (Role.SYSTEM) may do everything. Two further roles each have a part of the box;
anybody else has rights over their own box and nothing more: of other people's boxes they learn not
even whether they are there.
"""

from dataclasses import dataclass
from enum import StrEnum

from app.core.sentences import sentence
from app.inbox.entries import Door
from app.inbox.people import Person
from app.operations.errors import NotAllowed


class Role(StrEnum):
    """What an actor may do."""

    SYSTEM = "system"
    """Everything, to everybody's box: an administrator."""
    PHONE = "phone"
    """What concerns lines, extensions, greetings and calls."""
    NETWORK = "network"
    """What concerns network, certificates, update and restart."""
    USER = "user"
    """What concerns their own box."""


_WHO = {
    Role.PHONE: sentence("who looks after the telephones"),
    Role.NETWORK: sentence("who looks after the network"),
}


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
        return Role.SYSTEM in self.roles

    def may(self, *roles: Role) -> bool:
        """Whether they have one of these roles; an administrator has all."""
        return self.is_admin or not self.roles.isdisjoint(roles)

    def owns(self, person: int) -> bool:
        """Whether this person's box is their own."""
        return Role.USER in self.roles and self.person == person


def roles_of(person: Person) -> frozenset[Role]:
    """What somebody with a box may do."""
    more = {Role(role) for role in person.roles} | ({Role.SYSTEM} if person.admin else set())
    return frozenset({Role.USER, *more})


def actor_of(person: Person, door: Door) -> Actor:
    """Somebody with a box, at a door that has made sure that it is they."""
    return Actor(person.login, door, roles_of(person), person.id)


def require_admin(actor: Actor, what: str) -> None:
    """Refuse everybody but an administrator; `what` completes "only an administrator may …".

    Raises NotAllowed.
    """
    if not actor.is_admin:
        raise NotAllowed("", "only an administrator may %(what)s", what=sentence(what))


def require_role(actor: Actor, role: Role, what: str) -> None:
    """Refuse who has neither this role nor all of them; `what` completes "only … may …".

    Raises NotAllowed.
    """
    if not actor.may(role):
        raise NotAllowed(
            "", "only an administrator, or %(who)s, may %(what)s", who=_WHO[role], what=what
        )


def may_use(actor: Actor, person: int) -> bool:
    """Whether the actor may see and change what is in this person's box."""
    return actor.is_admin or actor.owns(person)
