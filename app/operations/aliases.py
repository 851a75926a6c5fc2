"""Aliases: names that stand for people, groups and outside addresses.

An administrator sets any of them; a person sets the one that bears their login, their forward.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.inbox.aliases import Alias
from app.operations.actor import Actor, require_admin
from app.operations.box import Box
from app.operations.errors import NotAllowed, NotFound, field_of_errors


@dataclass(frozen=True)
class Trace:
    """Where mail to a name would go, step by step in words."""

    name: str
    steps: tuple[str, ...]


def set_alias(
    box: Box, actor: Actor, name: str, members: Sequence[str], responsible: str | None = None
) -> Alias:
    """Make or replace an alias; `responsible` is the login of who gets back what cannot go outside.

    Raises NotAllowed, and OperationError: field "name", "members" or "responsible".
    """
    _require_right(box, actor, name)
    with field_of_errors("members"):
        return box.db.now(
            lambda tx: box.aliases.set(tx, name, members, responsible, by=actor.login)
        )


def remove_alias(box: Box, actor: Actor, name: str) -> None:
    """Remove an alias. Raises NotFound, NotAllowed, and OperationError if others need it."""
    _require_right(box, actor, name)
    if box.aliases.get(name) is None:
        raise NotFound("name", f"there is no alias {name.lower()}")
    with field_of_errors("name"):
        box.db.now(lambda tx: box.aliases.remove(tx, name, by=actor.login))


def list_aliases(box: Box, actor: Actor) -> list[Alias]:
    """Every alias, by name; who is no administrator sees their own forward."""
    return [alias for alias in box.aliases.all() if _has_right(box, actor, alias.name)]


def trace_alias(box: Box, actor: Actor, name: str) -> Trace:
    """Where mail to `name` would go; nothing is sent.

    Raises NotFound if nobody has the name, NotAllowed.
    """
    _require_right(box, actor, name.partition("@")[0])
    with field_of_errors("name"):
        return Trace(name, box.delivery.route(name).trace)


def _has_right(box: Box, actor: Actor, name: str) -> bool:
    person = box.people.by_login(name)
    return actor.is_admin or (person is not None and actor.owns(person.id))


def _require_right(box: Box, actor: Actor, name: str) -> None:
    if not _has_right(box, actor, name):
        if box.people.by_login(name) is None:
            require_admin(actor, "use aliases of groups")
        raise NotAllowed("name", "only an administrator may use other people's forwards")
