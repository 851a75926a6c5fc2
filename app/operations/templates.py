"""Templates of limits: what many people's inboxes may hold, and for how long, set in one place."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.inbox.limits import Template
from app.operations.actor import Actor, require_admin
from app.operations.box import Box
from app.operations.errors import NotFound, field_of_errors


@dataclass(frozen=True)
class TemplateLine:
    """One template in the list of all."""

    template: Template
    members: tuple[str, ...]
    """Logins of who is assigned to it."""


def list_templates(box: Box, actor: Actor) -> list[TemplateLine]:
    """Every template, by name, with who is assigned to it. Raises NotAllowed."""
    require_admin(actor, "see templates")
    templates = box.people.templates
    return [TemplateLine(one, tuple(templates.members(one.id))) for one in templates.all()]


def set_template(
    box: Box, actor: Actor, name: str, limits: Mapping[str, int | None]
) -> TemplateLine:
    """Make a template, or change the named limits of one that is there; None: as the settings say.

    It holds at once for all who are assigned to it. Raises NotAllowed and OperationError.
    """
    require_admin(actor, "set templates")
    with field_of_errors("name"):
        made = box.db.now(
            lambda tx: box.people.templates.set(
                tx, name, dict(limits), by=actor.login, door=actor.door
            )
        )
    template = box.people.templates.get(made)
    assert template is not None
    return TemplateLine(template, tuple(box.people.templates.members(made)))


def remove_template(box: Box, actor: Actor, name: str) -> None:
    """Remove a template that nobody is assigned to. Raises NotFound, NotAllowed, OperationError."""
    require_admin(actor, "remove templates")
    template = box.people.templates.by_name(name)
    if template is None:
        raise NotFound("name", "there is no template %(name)s", name=name)
    with field_of_errors("name"):
        box.db.now(
            lambda tx: box.people.templates.remove(tx, template, by=actor.login, door=actor.door)
        )
