"""Whether and when the inboxes may be moved to a mail system or back."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.core.sentences import N_
from app.operations.actor import Actor, require_admin
from app.operations.box import Box
from app.operations.errors import OperationError
from app.store.locks import FileLock

_MAY = N_("move the inboxes to a mail system or back")


@contextmanager
def migrating(box: Box, actor: Actor) -> Iterator[None]:
    """Within it nobody else moves them. Raises NotAllowed, OperationError.

    The mirror must be off: it would do the same at the same time, and it gives up old mail here.
    """
    require_admin(actor, _MAY)
    store = box.settings.store
    if not store.server or not store.user:
        raise OperationError(
            "store.server", "no mail system is named: set store.server, store.user, store.password"
        )
    if store.kind != "local":
        raise OperationError(
            "store.kind", "the inboxes live on the mail system now: set store.kind to local first"
        )
    lock = FileLock(box.db.path.with_name(box.db.path.name + ".migration"))
    try:
        if not lock.try_acquire():
            raise OperationError("", "the inboxes are being moved already")
        yield
    finally:
        lock.close()
