"""What has changed in the box since somebody looked, for pages that are open."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.core.notices import Listener
from app.inbox.entries import Change
from app.operations.actor import Actor
from app.operations.box import Box

MOST = 500
"""Changes that are told one by one; after more of them at once, pages look at everything."""


@dataclass(frozen=True)
class News:
    """What has changed up to one moment."""

    last: int
    """Number of the last change, to ask for what comes after it."""
    changes: tuple[Change, ...]


def listen(box: Box) -> Listener:
    """A descriptor that becomes readable when anything has changed."""
    return box.db.listener("pages")


def news(box: Box, after: int | None) -> News:
    """What has changed after the change of this number; None: nothing, but from now on."""
    if after is None:
        return News(box.store.audit_log.last_change(), ())
    found = box.store.audit_log.changes(after, MOST)
    return News(found[-1].seq if found else after, tuple(found))


def topics_for(actor: Actor, changes: Iterable[Change]) -> list[str]:
    """Which parts of pages are out of date for somebody: "inbox" is their own, "box" all else.

    Of other people's boxes only an administrator learns that something has changed.
    """
    found = set()
    for change in changes:
        if change.person is not None and actor.owns(change.person):
            found.add("inbox")
        elif actor.is_admin:
            found.add("box")
    return sorted(found)
