"""The outgoing queue: mail on its way to the world outside. An administrator's alone."""

from dataclasses import dataclass

from app.inbox.queue import QueueRow
from app.operations.actor import Actor, require_admin
from app.operations.box import Box
from app.operations.errors import NotFound, OperationError


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


def list_queue(box: Box, actor: Actor) -> list[QueueRow]:
    """Everything that waits, oldest first. Raises NotAllowed."""
    require_admin(actor, "see the queue")
    return box.queue.all()


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
        raise OperationError("number", f"{number} has been taken or refused; nothing to try")


def drop_queued(box: Box, actor: Actor, number: int) -> DroppedMail:
    """Give one up: who answers for it gets it back, as if it had been refused.

    Raises NotFound or NotAllowed.
    """
    require_admin(actor, "change the queue")
    _row(box, number)
    outcome = box.db.now(lambda tx: box.queue.remove(tx, number, by=actor.login))
    return DroppedMail(number, outcome.returned)


def _row(box: Box, number: int) -> QueueRow:
    row = box.queue.get(number)
    if row is None:
        raise NotFound("number", f"nothing in the queue has the number {number}")
    return row
