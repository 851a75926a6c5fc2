"""What people may be given beside their own box, short of being administrators."""

from collections.abc import Iterable

from app.core.sentences import sentence
from app.inbox.errors import BadName

ROLES = ("network", "phone")
"""Certificates and network; lines and greetings."""


def as_text(roles: Iterable[str]) -> str:
    """Roles as the store keeps them. Raises BadName for one that there is not."""
    wanted = set(roles)
    unknown = sorted(wanted - set(ROLES))
    if unknown:
        raise BadName(
            sentence(
                "there is no role %(name)s; there are: %(roles)s",
                name=unknown[0],
                roles=", ".join(ROLES),
            ),
            "roles",
        )
    return ",".join(role for role in ROLES if role in wanted)


def from_text(text: str) -> tuple[str, ...]:
    """What as_text() made."""
    return tuple(role for role in ROLES if role in text.split(","))
