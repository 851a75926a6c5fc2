"""Who uses My Switchhook: a person, with rights over their own box and no others.

Whoever is an administrator reads nobody else's mail here: to them, too, another's message is not
there.
"""

from dataclasses import replace

from app.operations.actor import Actor, Role
from app.web.web import Visit


def own_actor(visit: Visit) -> Actor:
    """The visitor with the rights of an owner alone."""
    return replace(visit.actor, roles=frozenset({Role.USER}))
