"""The calls that have ended, for whoever looks after the telephones."""

from dataclasses import dataclass

from app.inbox.call_log import KEPT
from app.inbox.entries import CallLine
from app.operations.actor import Actor, Role, require_role
from app.operations.box import Box


@dataclass(frozen=True)
class CallPage:
    """A part of the list of calls."""

    calls: tuple[CallLine, ...]
    """Newest first."""
    more: bool
    """Whether there are older ones."""
    most: int = KEPT
    """Number of calls that the box remembers."""


def list_calls(box: Box, actor: Actor, before: int | None = None, limit: int = 50) -> CallPage:
    """The newest `limit` calls; `before`: of those with smaller numbers. Raises NotAllowed."""
    require_role(actor, Role.PHONE, "see everybody's calls")
    found = box.store.calls.newest(limit + 1, before)
    return CallPage(tuple(found[:limit]), len(found) > limit)
