"""The outgoing queue: mail on its way to the world outside. An administrator's alone."""

from dataclasses import dataclass

from app.inbox.destinations import person_of
from app.inbox.queue import QueueOutcome, QueueRow
from app.operations.actor import Actor, require_admin
from app.operations.box import Box
from app.operations.errors import NotFound, OperationError


@dataclass(frozen=True)
class DownDestination:
    """Where mail cannot be sent now."""

    name: str
    """A domain; "" is the smarthost."""
    waiting: int
    """How many recipients wait for it."""
    reply: str
    """Why it could not be reached."""
    next_at: float
    """When it is tried again; seconds since 1970 UTC."""
    owner: str = ""
    """Login of whose own account it is; "" if it is none."""


@dataclass(frozen=True)
class QueuePage:
    """A part of the queue, and what holds up the most of it."""

    rows: tuple[QueueRow, ...]
    """Oldest first."""
    more: bool
    """Whether there are rows after these."""
    waiting: int
    """How many recipients wait, on all pages."""
    held: int
    """How many are held since a restore."""
    down: tuple[DownDestination, ...]
    """Those that could not be reached, DOWN_SHOWN at most, the next to be tried first."""


DOWN_SHOWN = 10
"""Number of destinations that are shown of those that are down."""


@dataclass(frozen=True)
class QueuedMail:
    """One queued mail, and who gets it back if it is refused."""

    row: QueueRow
    returns_to: str
    """A login, an address, or "nobody"."""


@dataclass(frozen=True)
class DroppedMail:
    """What followed from giving a queued mail up."""

    number: int
    returned: int | None
    """Entry that came back into an inbox."""


def list_queue(box: Box, actor: Actor, after: int = 0, limit: int = 100) -> QueuePage:
    """What waits, oldest first: `limit` rows with numbers above `after`. Raises NotAllowed."""
    require_admin(actor, "see the queue")
    rows = box.queue.page(after, limit + 1)
    return QueuePage(
        tuple(rows[:limit]),
        len(rows) > limit,
        box.queue.waiting(),
        box.queue.held.count(),
        down_destinations(box),
    )


def down_destinations(box: Box) -> tuple[DownDestination, ...]:
    """The destinations that could not be reached, DOWN_SHOWN at most."""
    found = []
    for one in box.queue.destinations.down(DOWN_SHOWN):
        person = person_of(one.name)
        owner = None if person is None else box.people.by_id(person)
        at = box.queue.wall_time(one.next_box_s)
        login = owner.login if owner is not None else ""
        found.append(DownDestination(one.name, one.waiting, one.reply, at, login))
    return tuple(found)


def show_queued(box: Box, actor: Actor, number: int) -> QueuedMail:
    """One queued mail. Raises NotFound or NotAllowed."""
    require_admin(actor, "see the queue")
    row = _row(box, number)
    owner = box.people.by_id(row.owner) if row.owner is not None else None
    return QueuedMail(row, owner.login if owner else row.sender or "nobody")


def retry_queued(box: Box, actor: Actor, number: int) -> None:
    """Make one due now. Raises NotFound, NotAllowed, and OperationError if it waits no more."""
    require_admin(actor, "change the queue")
    _row(box, number)
    if not box.db.now(lambda tx: box.queue.retry(tx, number)):
        raise OperationError(
            "number",
            "%(number)s is held, or has been taken or refused; nothing to try",
            number=number,
        )


def drop_queued(box: Box, actor: Actor, number: int) -> DroppedMail:
    """Give one up: who answers for it gets it back, as if it had been refused.

    Raises NotFound or NotAllowed.
    """
    require_admin(actor, "change the queue")
    _row(box, number)
    return DroppedMail(number, _give_up(box, actor, number).returned)


def _give_up(box: Box, actor: Actor, number: int) -> QueueOutcome:
    return box.db.now(lambda tx: box.queue.remove(tx, number, actor.login, actor.door))


def release_held(box: Box, actor: Actor, number: int | None = None) -> int:
    """Let mail that a restore has held be sent now: one, or all (None); how many recipients.

    Raises NotFound, NotAllowed, and OperationError if that one is not held.
    """
    require_admin(actor, "change the queue")
    wanted = box.queue.held.ids() if number is None else [_row(box, number).id]
    released = box.db.now(lambda tx: box.queue.held.release(tx, wanted, actor.login, actor.door))
    if number is not None and not released:
        raise OperationError(
            "number", "%(number)s is not held; it waits, or has an outcome", number=number
        )
    return released


def drop_held(box: Box, actor: Actor) -> int:
    """Give up all that a restore has held: who answers for it gets it back; how many recipients.

    Raises NotAllowed.
    """
    require_admin(actor, "change the queue")
    held = box.queue.held.ids()
    for number in held:
        _give_up(box, actor, number)
    return len(held)


def _row(box: Box, number: int) -> QueueRow:
    row = box.queue.get(number)
    if row is None:
        raise NotFound("number", "nothing in the queue has the number %(number)s", number=number)
    return row
