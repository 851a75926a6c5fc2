"""Trying a forward out: a marked mail to an alias's outside members, and what became of it."""

from app.inbox import probes
from app.inbox.delivery_plan import Share
from app.inbox.probes import Probe, ProbePart
from app.inbox.queue import Purpose, QueueItem, RowState
from app.operations.actor import Actor
from app.operations.box import Box
from app.operations.errors import NotFound, OperationError, field_of_errors
from app.operations.rights import require_alias
from app.store.database import Tx

__all__ = ["Probe", "ProbePart", "RowState", "last_probe", "send_probe"]


def send_probe(box: Box, actor: Actor, name: str) -> Probe:
    """Send a probe to the outside members that a name leads to; `last_probe` tells the outcome.

    It leaves as a mail through the alias would, and nobody here gets it. Raises NotAllowed, and
    OperationError if nobody has the name or nothing of its mail goes outside.
    """
    require_alias(box, actor, name)
    with field_of_errors("name"):
        route = box.delivery.route(name)
    if not route.outside:
        raise OperationError(
            "name", "%(name)s leads to nobody outside: there is nothing to try", name=name
        )
    config, now, token = box.delivery.config, box.db.clock.now(), probes.new_token()
    own = box.aliases.get(config.local_part(name) or name)
    alias = own.name if own is not None else name.lower()
    mail = probes.mail(config, name if "@" in name else config.canonical(alias), token, now)
    shares: dict[int | None, Share] = {}
    for one in route.outside:
        owner = None if one.owner is None else one.owner.id
        shares.setdefault(owner, Share(one.owner, one.sent_by)).outside.append(one)

    def work(tx: Tx) -> None:
        probe = probes.begin(tx, alias, token, now)
        content = box.store.contents.write(tx, (mail,))
        for share in shares.values():
            probes.note_rows(tx, probe, _queue(box, tx, share, content))

    box.db.now(work)
    return last_probe(box, actor, alias)


def _queue(box: Box, tx: Tx, share: Share, content: int) -> list[int]:
    owner, addresses = share.owner, [one.address for one in share.outside]
    sender = "" if owner is None else box.delivery.sender_of(owner)
    person = None if owner is None else owner.id
    prefix = box.delivery.sent_on_by(share)
    item = QueueItem(Purpose.PROBE, content, prefix, sender, person)
    return box.queue.add(tx, item, addresses)


def last_probe(box: Box, actor: Actor, name: str) -> Probe:
    """The last probe of a name and what is known of it. Raises NotAllowed and NotFound."""
    require_alias(box, actor, name)
    found = probes.last(box.db, box.queue, box.delivery.config.local_part(name) or name.lower())
    if found is None:
        raise NotFound(
            "name", "%(name)s was never tried: `alias probe %(name)s` does it", name=name
        )
    return found
