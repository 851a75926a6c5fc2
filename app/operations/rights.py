"""Who may use which alias, and which setting.

An administrator may use all. An alias that bears a login is its person's, too; settings of the
telephones and of the network are also for whoever looks after those.
"""

from app.operations.actor import Actor, Role, require_admin, require_role
from app.operations.box import Box
from app.operations.errors import NotAllowed

SECTION_ROLES = {
    "network": Role.NETWORK,
    "certificate": Role.NETWORK,
    "web": Role.NETWORK,
    "phone": Role.PHONE,
    "voicemail": Role.PHONE,
    "fax": Role.PHONE,
}
"""Sections of the settings that others than administrators may use, and with which role."""


def may_use_alias(box: Box, actor: Actor, name: str) -> bool:
    """Whether the actor may see and change the alias of this name, be it there or not."""
    person = box.people.by_login(name)
    return actor.is_admin or (person is not None and actor.owns(person.id))


def require_alias(box: Box, actor: Actor, name: str) -> None:
    """Refuse who may not use this alias. Raises NotAllowed."""
    if not may_use_alias(box, actor, name):
        if box.people.by_login(name) is None:
            require_admin(actor, "use aliases of groups")
        raise NotAllowed("name", "only an administrator may use other people's forwards")


def may_use_setting(actor: Actor, name: str) -> bool:
    """Whether the actor may see and change the setting of this name."""
    role = SECTION_ROLES.get(name.partition(".")[0])
    return actor.is_admin or (role is not None and actor.may(role))


def require_setting(actor: Actor, name: str, what: str) -> None:
    """Refuse who may not use this setting; `what` as for require_admin. Raises NotAllowed."""
    role = SECTION_ROLES.get(name.partition(".")[0])
    if role is None:
        require_admin(actor, what)
    else:
        require_role(actor, role, what)
